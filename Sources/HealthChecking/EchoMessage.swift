package import NetworkTypes

#if canImport(Glibc)
    internal import Glibc
#endif

/// One echo request of ICMP (RFC 792) or ICMPv6 (RFC 4443, section 4), and what is said of it.
package struct EchoMessage: Sendable, Hashable {
    package let target: IPAddress
    /// Together they tell this request from all others of this host, within the life of a probe.
    package let identifier: UInt16
    package let sequence: UInt16

    package init(to target: IPAddress, identifier: UInt16, sequence: UInt16) {
        self.target = target
        self.identifier = identifier
        self.sequence = sequence
    }

    /// What comes back.
    package enum Answer: Sendable, Hashable {
        case reply
        /// Somebody on the way could not deliver the request, or the target did not want it.
        ///
        /// - Parameter errno: What Linux makes of the type and the code of such an error.
        case undelivered(errno: CInt)
    }

    package var isIPv6: Bool { target.family == .ipv6 }

    /// What is sent: for ICMPv6 without its checksum, which the kernel adds (RFC 3542, section 3.1).
    package var request: [UInt8] {
        var message = [isIPv6 ? 128 : 8, 0, 0, 0] + name
        message += Array("Shoal health check".utf8)
        if !isIPv6 { message.replaceSubrange(2..<4, with: Self.big(Self.checksum(message))) }
        return message
    }

    /// What a packet says of this request; `nil` when it is about something else.
    ///
    /// - Parameters:
    ///   - packet: As a raw socket delivers it: with the IPv4 header, without that of IPv6.
    ///   - sender: Who sent it. Replies count from the target only, errors from anybody who quotes the request.
    package func answer(in packet: some Collection<UInt8>, from sender: IPAddress) -> Answer? {
        guard let message = isIPv6 ? packet[...] : Self.payload(ofIPv4: packet), let type = message.first,
            let code = message.dropFirst().first
        else { return nil }
        if type == (isIPv6 ? 129 : 0) {
            return code == 0 && sender == target && hasName(message) ? .reply : nil
        }
        guard let errno = isIPv6 ? Self.errnoOfICMPv6(type, code) : Self.errnoOfICMP(type, code),
            quotesRequest(message.dropFirst(8))
        else { return nil }
        return .undelivered(errno: errno)
    }

    /// Whether the packet in an error, which begins with its IP header, is this request.
    private func quotesRequest(_ packet: some Collection<UInt8>) -> Bool {
        let quoted: (destination: Range<Int>, protocolOffset: Int, type: UInt8) =
            isIPv6 ? (24..<40, 6, 128) : (16..<20, 9, 8)
        let header = packet.prefix(isIPv6 ? 40 : 20)
        guard header.count == quoted.destination.upperBound,
            header.dropFirst(quoted.protocolOffset).first == (isIPv6 ? 58 : 1),
            header.dropFirst(quoted.destination.lowerBound).elementsEqual(target.wireBytes),
            // Requests are sent without options and extension headers.
            let message = isIPv6 ? packet.dropFirst(40) : Self.payload(ofIPv4: packet)
        else { return false }
        return message.first == quoted.type && hasName(message)
    }

    /// Whether an echo request or reply is this one, by the four bytes that name it.
    private func hasName(_ message: some Collection<UInt8>) -> Bool {
        message.dropFirst(4).prefix(4).elementsEqual(name)
    }

    private var name: [UInt8] { Self.big(identifier) + Self.big(sequence) }

    private static func payload<Packet: Collection<UInt8>>(ofIPv4 packet: Packet) -> Packet.SubSequence? {
        guard let first = packet.first, first >> 4 == 4 else { return nil }
        return packet.dropFirst(Int(first & 15) * 4)
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

    /// As Linux tells a program; `nil` of what does not end a request: a path that is narrow, advice.
    private static func errnoOfICMP(_ type: UInt8, _ code: UInt8) -> CInt? {
        switch (type, code) {
        case (3, 0), (3, 6), (3, 9), (3, 11): ENETUNREACH
        case (3, 2): ENOPROTOOPT
        case (3, 3): ECONNREFUSED
        case (3, 4): nil
        case (3, 5): EOPNOTSUPP
        case (3, 7): EHOSTDOWN
        case (3, 8): ENONET
        // Time exceeded, on the way or for want of fragments, is a host that is not reached.
        case (3, _), (11, _): EHOSTUNREACH
        default: nil
        }
    }

    private static func errnoOfICMPv6(_ type: UInt8, _ code: UInt8) -> CInt? {
        switch (type, code) {
        case (1, 0): ENETUNREACH
        case (1, 1), (1, 5), (1, 6): EACCES
        case (1, 4): ECONNREFUSED
        case (1, _), (3, _): EHOSTUNREACH
        default: nil
        }
    }
}
