import NetworkTypes

/// An Ethernet frame with one TCP segment or UDP datagram, as its source says, built from its fields; checksums are computed in full.
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
    /// When the IP header should name another protocol.
    var otherProtocol: UInt8?
    /// Whether UDP's checksum is left out; TCP always has one.
    var hasNoChecksum = false

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

    /// `198.51.100.7:40000/udp` or `[2001:db8::7]:40000/udp` each.
    static func udp(_ source: String, to destination: String) -> Packet { .tcp(source, to: destination) }

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
        let segment = segment
        let length = 20 + options.count + segment.count
        var header: [UInt8] = [0x40 | UInt8((20 + options.count) / 4), trafficClass] + big(UInt16(length))
        header += [0xab, 0xcd] + big(fragmentWord) + [ttl, otherProtocol ?? protocolNumber, 0, 0]
        header += source.address.wireBytes + destination.address.wireBytes + options
        let checksum = ~onesComplementSum(header)
        header.replaceSubrange(10..<12, with: big(checksum))
        return header + segment
    }

    private var ipv6: [UInt8] {
        let segment = segment
        let first = UInt32(6) << 28 | UInt32(trafficClass) << 20 | 0xbeef
        return big(UInt16(first >> 16)) + big(UInt16(first & 0xffff)) + big(UInt16(segment.count))
            + [otherProtocol ?? protocolNumber, ttl] + source.address.bytes + destination.address.bytes + segment
    }

    private var protocolNumber: UInt8 { source.transport.rawValue }

    private var segment: [UInt8] {
        switch source.transport {
        case .tcp: withChecksum(tcp, at: 16)
        // 0 would say that there is none.
        case .udp: hasNoChecksum ? udp : withChecksum(udp, at: 6, zero: 0xffff)
        }
    }

    private var tcp: [UInt8] {
        var segment = big(source.port) + big(destination.port)
        segment += big(UInt16(sequence >> 16)) + big(UInt16(sequence & 0xffff)) + [0, 0, 0, 1]
        return segment + [5 << 4, flags.rawValue, 0x20, 0, 0, 0, 0, 0] + payload
    }

    private var udp: [UInt8] {
        big(source.port) + big(destination.port) + big(UInt16(8 + payload.count)) + [0, 0] + payload
    }

    private func withChecksum(_ segment: [UInt8], at offset: Int, zero: UInt16 = 0) -> [UInt8] {
        let pseudo =
            source.address.wireBytes + destination.address.wireBytes + [0, protocolNumber] + big(UInt16(segment.count))
        let checksum = ~onesComplementSum(pseudo + segment)
        var segment = segment
        segment.replaceSubrange(offset..<offset + 2, with: big(checksum == 0 ? zero : checksum))
        return segment
    }
}

/// - Parameter text: Of TCP unless it ends with `/udp`.
func endpoint(_ text: String) -> Endpoint {
    let isUDP = text.hasSuffix("/udp")
    let text = isUDP ? String(text.dropLast(4)) : text
    let colon = text.lastIndex(of: ":")!
    let address = text[..<colon].filter { $0 != "[" && $0 != "]" }
    return Endpoint(
        address: IPAddress(String(address))!, port: UInt16(text[text.index(after: colon)...])!,
        transport: isUDP ? .udp : .tcp)
}

func big(_ number: UInt16) -> [UInt8] { [UInt8(number >> 8), UInt8(number & 0xff)] }

/// RFC 1071, over big-endian words, an odd last byte padded with zero.
func onesComplementSum(_ bytes: [UInt8]) -> UInt16 {
    var sum: UInt32 = 0
    for index in stride(from: 0, to: bytes.count, by: 2) {
        sum += UInt32(bytes[index]) << 8 | (index + 1 < bytes.count ? UInt32(bytes[index + 1]) : 0)
        sum = sum & 0xffff + sum >> 16
    }
    return UInt16(sum)
}
