// Addresses of both families in one 16-byte form, so that a table needs one key layout.

#if canImport(Glibc)
    internal import Glibc
#endif

/// An IPv4 or IPv6 address, without a zone.
///
/// Held as 16 bytes in network order; IPv4 as `::ffff:a.b.c.d` (RFC 4291, section 2.5.5.2), which is also how
/// the kernel's maps hold it.
public struct IPAddress: Sendable, Hashable {
    /// Bytes 0...7 and 8...15, each read as a big-endian number.
    private let high: UInt64
    private let low: UInt64

    public enum Family: Sendable, Hashable { case ipv4, ipv6 }

    /// The address whose first byte on the wire is the highest of `high`.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// The IPv4 address `a.b.c.d`, given as the number `a << 24 | b << 16 | c << 8 | d`.
    public init(ipv4 number: UInt32) {
        self.init(high: 0, low: 0xffff_0000_0000 | UInt64(number))
    }

    /// Reads dotted decimal or RFC 4291 text; `nil` for anything else, a zone or a prefix length included.
    public init?(_ text: String) {
        var ipv4 = in_addr()
        if inet_pton(AF_INET, text, &ipv4) == 1 {
            self.init(ipv4: UInt32(bigEndian: ipv4.s_addr))
            return
        }
        var ipv6 = in6_addr()
        guard inet_pton(AF_INET6, text, &ipv6) == 1 else { return nil }
        self.init(bytes: Swift.withUnsafeBytes(of: ipv6) { Array($0) })
    }

    /// - Parameter bytes: 16 bytes in network order.
    public init(bytes: [UInt8]) {
        precondition(bytes.count == 16, "an address has 16 bytes, not \(bytes.count)")
        func number(_ part: ArraySlice<UInt8>) -> UInt64 { part.reduce(0) { $0 << 8 | UInt64($1) } }
        self.init(high: number(bytes[0..<8]), low: number(bytes[8..<16]))
    }

    public var family: Family { high == 0 && low >> 32 == 0xffff ? .ipv4 : .ipv6 }

    /// The 16 bytes in network order, IPv4 with its `::ffff:` prefix.
    public var bytes: [UInt8] {
        [high, low].flatMap { part in (0..<8).map { UInt8(truncatingIfNeeded: part >> UInt64(56 - 8 * $0)) } }
    }

    /// The bytes as they stand in a packet: 4 or 16 of them.
    public var wireBytes: [UInt8] { family == .ipv4 ? Array(bytes[12...]) : bytes }

    /// 32 or 128.
    public var bitWidth: Int { family == .ipv4 ? 32 : 128 }

    public var isLoopback: Bool {
        family == .ipv4 ? low >> 24 & 0xff == 127 : high == 0 && low == 1
    }

    /// 169.254.0.0/16 (RFC 3927) or fe80::/10 (RFC 4291, section 2.5.6).
    public var isLinkLocal: Bool {
        family == .ipv4 ? low >> 16 & 0xffff == 0xa9fe : high >> 54 == 0x3fa
    }

    /// 224.0.0.0/4 or ff00::/8.
    public var isMulticast: Bool {
        family == .ipv4 ? low >> 28 & 0xf == 0xe : high >> 56 == 0xff
    }

    /// 0.0.0.0 or ::.
    public var isUnspecified: Bool {
        family == .ipv4 ? low & 0xffff_ffff == 0 : high == 0 && low == 0
    }

    /// The address one higher; of the highest of all the lowest.
    public var successor: IPAddress { IPAddress(high: low == .max ? high &+ 1 : high, low: low &+ 1) }

    /// 255.255.255.255.
    public var isBroadcast: Bool { family == .ipv4 && low & 0xffff_ffff == 0xffff_ffff }
}

extension IPAddress: CustomStringConvertible {
    /// Dotted decimal, or the shortest form of RFC 5952.
    public var description: String {
        let wire = wireBytes
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        _ = inet_ntop(family == .ipv4 ? AF_INET : AF_INET6, wire, &text, socklen_t(text.count))
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

extension IPAddress: Comparable {
    public static func < (left: Self, right: Self) -> Bool { (left.high, left.low) < (right.high, right.low) }
}
