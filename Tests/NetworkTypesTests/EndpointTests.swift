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
}
