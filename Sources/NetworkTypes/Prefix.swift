/// An address block in CIDR form, such as `203.0.113.0/24` (RFC 4632).
public struct Prefix: Sendable, Hashable {
    /// The first address of the block.
    public let address: IPAddress
    /// 0...32 or 0...128, by the family of the address.
    public let length: Int

    /// Reads `address/length`; `nil` when that is malformed or has bits set behind the length.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = IPAddress(String(parts[0])), let length = Int(parts[1]),
            (0...address.bitWidth).contains(length), parts[1] == "\(length)"
        else { return nil }
        self.address = address
        self.length = length
        guard Self.masked(address.wireBytes, to: length) == address.wireBytes else { return nil }
    }

    public func contains(_ other: IPAddress) -> Bool {
        other.family == address.family && Self.masked(other.wireBytes, to: length) == address.wireBytes
    }

    /// The lowest address for a host that is not in use; `nil` when all are.
    ///
    /// The first address is left out, and of an IPv4 block the last as well, unless the block has no more than two.
    ///
    /// - Complexity: Linear in the number of addresses in use.
    public func firstFreeAddress(besides used: Set<IPAddress>) -> IPAddress? {
        let isTiny = address.bitWidth - length <= 1
        var candidate = isTiny ? address : address.successor
        while contains(candidate) {
            let isBroadcast = !isTiny && address.family == .ipv4 && !contains(candidate.successor)
            if !used.contains(candidate), !isBroadcast { return candidate }
            candidate = candidate.successor
        }
        return nil
    }

    private static func masked(_ bytes: [UInt8], to length: Int) -> [UInt8] {
        bytes.enumerated().map { index, byte in
            let kept = min(max(length - 8 * index, 0), 8)
            return byte & UInt8(truncatingIfNeeded: 0xff00 >> kept)
        }
    }
}

extension Prefix: CustomStringConvertible {
    public var description: String { "\(address)/\(length)" }
}
