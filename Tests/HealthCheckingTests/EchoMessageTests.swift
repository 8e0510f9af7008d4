import Glibc
import HealthChecking
import NetworkTypes
import Testing

@Suite struct EchoMessageTests {
    private let ipv4 = EchoMessage(to: address4, identifier: 0x1234, sequence: 0x5678)
    private let ipv6 = EchoMessage(to: address6, identifier: 0x1234, sequence: 0x5678)
    private static let address4 = IPAddress("192.0.2.1")!
    private static let address6 = IPAddress("2001:db8::1")!

    /// An IPv4 header of so many words.
    private func header(words: Int = 5) -> [UInt8] {
        [0x40 | UInt8(words)] + [UInt8](repeating: 0, count: words * 4 - 1)
    }

    @Test("a request names itself, and that of IPv4 has its checksum")
    func request() {
        #expect(Array(ipv6.request.prefix(8)) == [128, 0, 0, 0, 0x12, 0x34, 0x56, 0x78])
        let request = ipv4.request
        #expect(Array(request.prefix(2)) == [8, 0] && Array(request[4..<8]) == [0x12, 0x34, 0x56, 0x78])
        var sum = 0
        for index in stride(from: 0, to: request.count, by: 2) {
            sum += Int(request[index]) << 8 + Int(request[index + 1])
        }
        while sum > 0xffff { sum = sum & 0xffff + sum >> 16 }
        #expect(sum == 0xffff)
    }

    @Test("its own reply answers it, behind a header of any length")
    func reply() {
        let reply: [UInt8] = [0, 0, 7, 7, 0x12, 0x34, 0x56, 0x78, 1, 2, 3]
        #expect(ipv4.answer(in: header() + reply, from: ipv4.target) == .reply)
        #expect(ipv4.answer(in: header(words: 15) + reply, from: ipv4.target) == .reply)
        #expect(ipv6.answer(in: [129, 0, 7, 7, 0x12, 0x34, 0x56, 0x78], from: ipv6.target) == .reply)
    }

    @Test("a reply of somebody else does not")
    func stranger() {
        let reply: [UInt8] = [0, 0, 7, 7, 0x12, 0x34, 0x56, 0x78]
        #expect(ipv4.answer(in: header() + reply, from: IPAddress("192.0.2.2")!) == nil)
        #expect(ipv6.answer(in: [129] + reply.dropFirst(), from: IPAddress("2001:db8::2")!) == nil)
    }

    @Test(
        "nothing else does",
        arguments: [
            [8, 0, 0, 0, 0x12, 0x34, 0x56, 0x78], [0, 1, 0, 0, 0x12, 0x34, 0x56, 0x78],
            [0, 0, 0, 0, 0x12, 0x35, 0x56, 0x78], [0, 0, 0, 0, 0x12, 0x34, 0x56, 0x79], [0, 0, 0, 0, 0x12, 0x34, 0x56],
            [3, 1, 0, 0, 0x12, 0x34, 0x56, 0x78], [0], [],
        ] as [[UInt8]])
    func others(_ message: [UInt8]) {
        #expect(ipv4.answer(in: header() + message, from: ipv4.target) == nil)
        #expect(ipv4.answer(in: message, from: ipv4.target) == nil, "without its header")
        let type: UInt8? = message.first.map { $0 == 0 ? 129 : $0 == 3 ? 1 : 128 }
        #expect(ipv6.answer(in: Array([type].compactMap(\.self) + message.dropFirst()), from: ipv6.target) == nil)
    }

    @Test(
        "an error that quotes the request says what Linux makes of it, whoever sends it",
        arguments: [
            (3, 0, ENETUNREACH), (3, 1, EHOSTUNREACH), (3, 2, ENOPROTOOPT), (3, 3, ECONNREFUSED), (3, 4, nil),
            (3, 7, EHOSTDOWN), (3, 13, EHOSTUNREACH), (11, 0, EHOSTUNREACH), (4, 0, nil), (5, 1, nil), (12, 0, nil),
        ] as [(UInt8, UInt8, CInt?)])
    func errorOfIPv4(type: UInt8, code: UInt8, errno: CInt?) {
        let packet = header() + [type, code] + zeros(6) + quoted(ipv4)
        #expect(ipv4.answer(in: packet, from: IPAddress("198.51.100.1")!) == errno.map { .undelivered(errno: $0) })
    }

    @Test(
        "so does one of ICMPv6",
        arguments: [
            (1, 0, ENETUNREACH), (1, 1, EACCES), (1, 3, EHOSTUNREACH), (1, 4, ECONNREFUSED), (1, 6, EACCES),
            (3, 0, EHOSTUNREACH), (2, 0, nil), (4, 0, nil), (135, 0, nil),
        ] as [(UInt8, UInt8, CInt?)])
    func errorOfIPv6(type: UInt8, code: UInt8, errno: CInt?) {
        let packet = [type, code] + zeros(6) + quoted(ipv6)
        #expect(ipv6.answer(in: packet, from: IPAddress("2001:db8:5::1")!) == errno.map { .undelivered(errno: $0) })
    }

    @Test("an error about another request, or one cut short, says nothing", arguments: [false, true])
    func otherErrors(isIPv6: Bool) {
        let message = isIPv6 ? ipv6 : ipv4
        let prefix: [UInt8] = isIPv6 ? [1, 0] + zeros(6) : header() + [3, 1] + zeros(6)
        let whole = quoted(message)
        let headerSize = isIPv6 ? 40 : 20
        func says(_ quote: [UInt8]) -> EchoMessage.Answer? { message.answer(in: prefix + quote, from: message.target) }
        #expect(says(whole) != nil)
        for length in 0..<headerSize + 8 { #expect(says(Array(whole.prefix(length))) == nil) }
        // Version, protocol, address of the target; type, identifier, sequence.
        let version = isIPv6 ? [] : [0]
        let told = version + [isIPv6 ? 6 : 9, headerSize - 1, headerSize, headerSize + 5, headerSize + 7]
        for index in told {
            var quote = whole
            quote[index] ^= 0x10
            #expect(says(quote) == nil, "byte \(index)")
        }
    }

    /// The request as a router sees it, as far as it must be quoted.
    private func quoted(_ message: EchoMessage) -> [UInt8] {
        var header = message.isIPv6 ? [0x60] + zeros(39) : self.header()
        header[message.isIPv6 ? 6 : 9] = message.isIPv6 ? 58 : 1
        header.replaceSubrange((message.isIPv6 ? 24 : 16)..., with: message.target.wireBytes)
        return header + message.request.prefix(8)
    }

    private func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }
}
