import NetworkTypes

/// An Ethernet frame with one TCP segment, built from its fields; checksums are computed in full.
struct Packet: Sendable, Hashable {
    var destinationMAC: [UInt8] = Bench.balancerMAC
    var sourceMAC: [UInt8] = Bench.clientMAC
    var source: Endpoint
    var destination: Endpoint
    var ttl: UInt8 = 64
    /// DSCP and ECN.
    var trafficClass: UInt8 = 0
    var flags: Flags = .ack
    var sequence: UInt32 = 0x1122_3344
    var payload: [UInt8] = Array("hello".utf8)
    /// IPv4 options, a multiple of 4 bytes.
    var options: [UInt8] = []
    /// IPv4 flags and fragment offset as one word.
    var fragmentWord: UInt16 = 0x4000
    /// In place of TCP's, when the header should name another protocol.
    var protocolNumber: UInt8 = 6

    struct Flags: OptionSet, Hashable {
        let rawValue: UInt8
        static let fin = Flags(rawValue: 1)
        static let syn = Flags(rawValue: 2)
        static let rst = Flags(rawValue: 4)
        static let ack = Flags(rawValue: 16)
    }

    /// `198.51.100.7:40000` or `[2001:db8::7]:40000` each.
    static func tcp(_ source: String, to destination: String, _ flags: Flags = .ack) -> Packet {
        Packet(source: endpoint(source), destination: endpoint(destination), flags: flags)
    }

    /// The same packet after a balancer has sent it on.
    func forwarded(
        from source: Endpoint? = nil, to destination: Endpoint? = nil, sourceMAC: [UInt8], destinationMAC: [UInt8]
    ) -> Packet {
        var packet = translated(from: source, to: destination)
        packet.sourceMAC = sourceMAC
        packet.destinationMAC = destinationMAC
        return packet
    }

    /// The same packet with its addresses translated and one hop less to live, for the kernel to route.
    func translated(from source: Endpoint? = nil, to destination: Endpoint? = nil) -> Packet {
        var packet = self
        packet.source = source ?? self.source
        packet.destination = destination ?? self.destination
        packet.ttl -= 1
        return packet
    }

    var bytes: [UInt8] {
        let isIPv6 = source.address.family == .ipv6
        return destinationMAC + sourceMAC + (isIPv6 ? [0x86, 0xdd] + ipv6 : [0x08, 0x00] + ipv4)
    }

    private var ipv4: [UInt8] {
        let segment = tcp
        let length = 20 + options.count + segment.count
        var header: [UInt8] = [0x40 | UInt8((20 + options.count) / 4), trafficClass] + big(UInt16(length))
        header += [0xab, 0xcd] + big(fragmentWord) + [ttl, protocolNumber, 0, 0]
        header += source.address.wireBytes + destination.address.wireBytes + options
        let checksum = ~onesComplementSum(header)
        header.replaceSubrange(10..<12, with: big(checksum))
        return header + segment
    }

    private var ipv6: [UInt8] {
        let segment = tcp
        let first = UInt32(6) << 28 | UInt32(trafficClass) << 20 | 0xbeef
        return big(UInt16(first >> 16)) + big(UInt16(first & 0xffff)) + big(UInt16(segment.count))
            + [protocolNumber, ttl] + source.address.bytes + destination.address.bytes + segment
    }

    private var tcp: [UInt8] {
        var segment = big(source.port) + big(destination.port)
        segment += big(UInt16(sequence >> 16)) + big(UInt16(sequence & 0xffff)) + [0, 0, 0, 1]
        segment += [5 << 4, flags.rawValue, 0x20, 0, 0, 0, 0, 0] + payload
        let pseudo = source.address.wireBytes + destination.address.wireBytes + [0, 6] + big(UInt16(segment.count))
        let checksum = ~onesComplementSum(pseudo + segment)
        segment.replaceSubrange(16..<18, with: big(checksum))
        return segment
    }
}

func endpoint(_ text: String) -> Endpoint {
    let colon = text.lastIndex(of: ":")!
    let address = text[..<colon].filter { $0 != "[" && $0 != "]" }
    return Endpoint(
        address: IPAddress(String(address))!, port: UInt16(text[text.index(after: colon)...])!, transport: .tcp)
}

private func big(_ number: UInt16) -> [UInt8] { [UInt8(number >> 8), UInt8(number & 0xff)] }

/// RFC 1071, over big-endian words, an odd last byte padded with zero.
private func onesComplementSum(_ bytes: [UInt8]) -> UInt16 {
    var sum: UInt32 = 0
    for index in stride(from: 0, to: bytes.count, by: 2) {
        sum += UInt32(bytes[index]) << 8 | (index + 1 < bytes.count ? UInt32(bytes[index + 1]) : 0)
        sum = sum & 0xffff + sum >> 16
    }
    return UInt16(sum)
}
