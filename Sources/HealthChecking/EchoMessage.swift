internal import NetworkTypes

/// One echo request of ICMP (RFC 792) or ICMPv6 (RFC 4443, section 4), and the reply that belongs to it.
package struct EchoMessage: Sendable, Hashable {
    package let isIPv6: Bool
    /// Together they tell this request from all others of this host, within the life of a probe.
    package let identifier: UInt16
    package let sequence: UInt16

    package init(isIPv6: Bool, identifier: UInt16, sequence: UInt16) {
        self.isIPv6 = isIPv6
        self.identifier = identifier
        self.sequence = sequence
    }

    /// What is sent: for ICMPv6 without its checksum, which the kernel adds (RFC 3542, section 3.1).
    package var request: [UInt8] {
        var message: [UInt8] = [isIPv6 ? 128 : 8, 0, 0, 0] + Self.big(identifier) + Self.big(sequence)
        message += Array("Shoal health check".utf8)
        if !isIPv6 { message.replaceSubrange(2..<4, with: Self.big(Self.checksum(message))) }
        return message
    }

    /// Whether this is the reply, as a raw socket delivers it: with the IPv4 header, without that of IPv6.
    ///
    /// Such a socket hears all that comes for ICMP from its peer: replies to others, errors, requests.
    package func isAnswered(by packet: some Collection<UInt8>) -> Bool {
        let packet = Array(packet)
        var header = 0
        if !isIPv6 {
            guard let first = packet.first, first >> 4 == 4 else { return false }
            header = Int(first & 15) * 4
        }
        let message = packet.dropFirst(header)
        return Array(message.prefix(2)) == [isIPv6 ? 129 : 0, 0]
            && Array(message.dropFirst(4).prefix(4)) == Self.big(identifier) + Self.big(sequence)
    }

    private static func big(_ number: UInt16) -> [UInt8] { [UInt8(number >> 8), UInt8(number & 0xff)] }

    /// RFC 1071, of an even number of bytes.
    private static func checksum(_ message: [UInt8]) -> UInt16 {
        var sum: UInt32 = 0
        for index in stride(from: 0, to: message.count, by: 2) {
            sum += UInt32(message[index]) << 8 | UInt32(message[index + 1])
        }
        while sum > 0xffff { sum = sum & 0xffff + sum >> 16 }
        return ~UInt16(sum)
    }
}
