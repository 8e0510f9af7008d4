import HealthChecking
import Testing

@Suite struct EchoMessageTests {
    private let ipv4 = EchoMessage(isIPv6: false, identifier: 0x1234, sequence: 0x5678)
    private let ipv6 = EchoMessage(isIPv6: true, identifier: 0x1234, sequence: 0x5678)

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
        #expect(ipv4.isAnswered(by: header() + reply))
        #expect(ipv4.isAnswered(by: header(words: 15) + reply))
        #expect(ipv6.isAnswered(by: [129, 0, 7, 7, 0x12, 0x34, 0x56, 0x78]))
    }

    @Test(
        "nothing else does",
        arguments: [
            [8, 0, 0, 0, 0x12, 0x34, 0x56, 0x78], [0, 1, 0, 0, 0x12, 0x34, 0x56, 0x78],
            [0, 0, 0, 0, 0x12, 0x35, 0x56, 0x78], [0, 0, 0, 0, 0x12, 0x34, 0x56, 0x79], [0, 0, 0, 0, 0x12, 0x34, 0x56],
            [3, 1, 0, 0, 0x12, 0x34, 0x56, 0x78], [],
        ] as [[UInt8]])
    func others(_ message: [UInt8]) {
        #expect(!ipv4.isAnswered(by: header() + message))
        #expect(!ipv4.isAnswered(by: message), "without its header")
        #expect(!ipv6.isAnswered(by: message))
    }
}
