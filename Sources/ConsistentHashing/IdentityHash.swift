// Hashes of the control plane. Swift's own `Hasher` is seeded anew in each process and would give every node another
// table. These need to scatter well and to be the same everywhere; they need not resist attackers, since identities come
// from the operator's configuration and colliding hashes would only make two targets like the same slots.
// The packet path hashes the addresses of strangers and has its own, keyed function.

/// A 64-bit hash of a target's identity, the same on every machine.
///
/// The length, then each eight bytes (little-endian, the last ones padded with zeros) are mixed in.
package func identityHash(_ identity: [UInt8]) -> UInt64 {
    var hash = mixed(UInt64(identity.count))
    var word: UInt64 = 0
    for (position, byte) in identity.enumerated() {
        word |= UInt64(byte) << (position % 8 * 8)
        if position % 8 == 7 {
            hash = mixed(hash ^ word)
            word = 0
        }
    }
    return mixed(hash ^ word)
}

/// A bijection of 64-bit values in which each bit of the result depends on all bits of `value`.
///
/// One step of SplitMix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014), whose
/// finaliser is Stafford's variant 13 of MurmurHash3's.
@inline(__always)
package func mixed(_ value: UInt64) -> UInt64 {
    var bits = value &+ 0x9E37_79B9_7F4A_7C15
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    return bits ^ (bits >> 31)
}
