import NetworkTypes

/// An Ethernet frame with one ICMP or ICMPv6 error, built from its fields; checksums are computed in full.
struct ICMPError: Sendable {
    var destinationMAC: [UInt8] = Bench.balancerMAC
    var sourceMAC: [UInt8] = Bench.clientMAC
    var source: IPAddress
    var destination: IPAddress
    var ttl: UInt8 = 64
    /// Port unreachable by default.
    var type: UInt8
    var code: UInt8
    /// The last four bytes of ICMP's header, such as the MTU of a path.
    var rest: [UInt8] = [0, 0, 5, 0x14]
    var quoted: Packet
    /// How much of the quoted packet's segment is there; all when `nil`.
    var quotedBytes: Int?

    /// Of the family of the quoted packet, to whoever sent it.
    init(from source: String, about quoted: Packet, quotedBytes: Int? = nil) {
        self.source = IPAddress(source)!
        destination = quoted.source.address
        let isIPv6 = quoted.source.address.family == .ipv6
        (type, code) = isIPv6 ? (1, 4) : (3, 3)
        self.quoted = quoted
        self.quotedBytes = quotedBytes
    }

    /// The error after a balancer has sent it on.
    func forwarded(
        from source: String? = nil, to destination: String? = nil, quoting change: (inout Packet) -> Void,
        sourceMAC: [UInt8], destinationMAC: [UInt8]
    ) -> ICMPError {
        var error = self
        error.source = source.map { IPAddress($0)! } ?? self.source
        error.destination = destination.map { IPAddress($0)! } ?? self.destination
        error.ttl -= 1
        error.sourceMAC = sourceMAC
        error.destinationMAC = destinationMAC
        change(&error.quoted)
        return error
    }

    private var isIPv6: Bool { source.family == .ipv6 }

    var bytes: [UInt8] {
        destinationMAC + sourceMAC + (isIPv6 ? [0x86, 0xdd] + ipv6 : [0x08, 0x00] + ipv4)
    }

    private var quotation: [UInt8] {
        let packet = Array(quoted.bytes.dropFirst(14))
        let header = isIPv6 ? 40 : 20 + quoted.options.count
        return Array(packet.prefix(quotedBytes.map { header + $0 } ?? packet.count))
    }

    private func message(pseudoHeader: [UInt8]) -> [UInt8] {
        var message = [type, code, 0, 0] + rest + quotation
        message.replaceSubrange(2..<4, with: big(~onesComplementSum(pseudoHeader + message)))
        return message
    }

    private var ipv4: [UInt8] {
        let message = message(pseudoHeader: [])
        var header: [UInt8] = [0x45, 0xc0] + big(UInt16(20 + message.count)) + [0x12, 0x34, 0, 0, ttl, 1, 0, 0]
        header += source.wireBytes + destination.wireBytes
        header.replaceSubrange(10..<12, with: big(~onesComplementSum(header)))
        return header + message
    }

    private var ipv6: [UInt8] {
        let count = 8 + quotation.count
        let message = message(
            pseudoHeader: source.bytes + destination.bytes + [0, 0] + big(UInt16(count)) + [0, 0, 0, 58])
        return [0x60, 0, 0, 0] + big(UInt16(count)) + [58, ttl] + source.bytes + destination.bytes + message
    }
}
