/// A table whose owners have names, which can be compared with one of another time, node or order of targets.
///
/// Two of them are equal when they have as many slots and each slot has the same owner.
public struct NamedTable: Sendable, Hashable {
    /// The identities of all targets that own a slot, in the order of their bytes.
    public let identities: [[UInt8]]

    /// For each slot the index of its owner in `identities`.
    public let slots: [UInt16]

    /// - Parameters:
    ///   - identities: Names of owners in any order, also of some that own no slot.
    ///   - slots: For each slot an index into `identities`.
    /// - Precondition: No two identities are equal, there are at most 65,535, and each slot has one.
    public init(identities: [[UInt8]], slots: [UInt16]) {
        precondition(identities.count <= 65_535, "A table has at most 65,535 targets, not \(identities.count).")
        var owns = [Bool](repeating: false, count: identities.count)
        for slot in slots { owns[Int(slot)] = true }
        let ranking = identities.indices.filter { owns[$0] }
            .sorted { identities[$0].lexicographicallyPrecedes(identities[$1]) }
        for (index, next) in zip(ranking, ranking.dropFirst()) {
            precondition(identities[index] != identities[next], "Owners \(index) and \(next) have the same identity.")
        }
        var ranks = [UInt16](repeating: 0, count: identities.count)
        for (rank, index) in ranking.enumerated() { ranks[index] = UInt16(rank) }
        self.identities = ranking.map { identities[$0] }
        self.slots = slots.map { ranks[Int($0)] }
    }

    /// What nodes compare to know that they forward alike: equal for equal tables, and in practice for no others.
    ///
    /// FNV-1a with 64 bits (Fowler, Noll, Vo; RFC 9923) over the number of identities (two bytes), each identity's length
    /// (four bytes) and bytes, and two bytes for each slot, all numbers with their low byte first. It finds mistakes, not
    /// forgeries: whoever could forge a table could forge its digest. Tables that differ in a single slot always differ
    /// in their digest, since each step is a bijection of the digest so far.
    ///
    /// - Complexity: One step for each byte.
    public var digest: UInt64 {
        var digest = FNV1a()
        digest.add(UInt16(identities.count))
        for identity in identities {
            digest.add(UInt32(identity.count))
            for byte in identity { digest.add(byte) }
        }
        for slot in slots { digest.add(slot) }
        return digest.value
    }
}

extension CanonicalTable {
    /// The table with the names of its owners.
    public var named: NamedTable { named(slots) }

    /// What nodes compare to know that they have the same canonical table: the digest of `named`, which goes on over
    /// `draws`, so that nodes that agree also lend alike.
    public var digest: UInt64 {
        var digest = FNV1a(value: named.digest)
        for draw in draws { digest.add(draw) }
        return digest.value
    }

    /// A table of indices into `targets` with the names of its owners.
    ///
    /// - Parameter table: `slots`, or what `overlaid(takers:)` makes of it.
    public func named(_ table: [UInt16]) -> NamedTable {
        NamedTable(identities: targets.map(\.identity), slots: table)
    }
}

private struct FNV1a {
    fileprivate(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

    mutating func add(_ byte: UInt8) { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }

    mutating func add(_ number: some FixedWidthInteger) {
        for shift in stride(from: 0, to: number.bitWidth, by: 8) { add(UInt8(truncatingIfNeeded: number >> shift)) }
    }
}
