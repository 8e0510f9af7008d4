import NetworkTypes
import Testing

@Suite("Endpoints")
struct EndpointTests {
    @Test("IPv6 stands in brackets, so that the port can be told")
    func description() throws {
        let ipv4 = Endpoint(address: try #require(IPAddress("203.0.113.10")), port: 80, transport: .tcp)
        #expect(ipv4.description == "203.0.113.10:80/tcp")
        #expect(ipv4.socketDescription == "203.0.113.10:80")
        let ipv6 = Endpoint(address: try #require(IPAddress("2001:db8::1")), port: 53, transport: .udp)
        #expect(ipv6.description == "[2001:db8::1]:53/udp")
        #expect(ipv6.socketDescription == "[2001:db8::1]:53")
    }

    @Test("endpoints sort by address, then port, then protocol")
    func order() throws {
        let first = try #require(IPAddress("10.0.0.1"))
        let second = try #require(IPAddress("10.0.0.2"))
        let sorted = [
            Endpoint(address: first, port: 80, transport: .tcp), Endpoint(address: first, port: 80, transport: .udp),
            Endpoint(address: first, port: 443, transport: .tcp), Endpoint(address: second, port: 1, transport: .tcp),
        ]
        #expect(sorted.reversed().sorted() == sorted)
    }

    @Test(
        "address and port are read as they are written",
        arguments: ["127.0.0.1:9440", "0.0.0.0:0", "[::1]:9440", "[::]:65535", "[2001:db8::1]:80"])
    func socketDescription(text: String) throws {
        let endpoint = try #require(Endpoint(socketDescription: text, transport: .tcp))
        #expect(endpoint.socketDescription == text)
        #expect(endpoint.transport == .tcp)
    }

    @Test(
        "what is no address with a port is not read",
        arguments: [
            "", "127.0.0.1", "127.0.0.1:", ":9440", "9440", "::1:9440", "::1", "[::1]", "[::1]9440", "[127.0.0.1]:80",
            "localhost:9440", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:+1", "127.0.0.1:080", "127.0.0.1:80 ",
            "[fe80::1%eth0]:80", "[]:80", "1.2.3.4:5:6",
        ])
    func malformedSocketDescription(text: String) {
        #expect(Endpoint(socketDescription: text, transport: .tcp) == nil)
    }
}
