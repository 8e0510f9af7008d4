import NetworkTypes
import Testing

@Suite("Addresses")
struct IPAddressTests {
    @Test(
        "text becomes an address and comes back in its shortest form",
        arguments: [
            ("203.0.113.10", "203.0.113.10"),
            ("0.0.0.0", "0.0.0.0"),
            ("255.255.255.255", "255.255.255.255"),
            ("2001:db8::1", "2001:db8::1"),
            ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"),
            ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
            ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"),
            ("fd00::", "fd00::"),
            ("::", "::"),
            ("::1", "::1"),
        ])
    func roundTrip(text: String, shortest: String) throws {
        let address = try #require(IPAddress(text))
        #expect(address.description == shortest)
        #expect(IPAddress(address.description) == address)
    }

    @Test(
        "an IPv4 address written as IPv6 is the IPv4 address", arguments: ["::ffff:203.0.113.10", "::ffff:cb00:710a"])
    func mapped(text: String) throws {
        let address = try #require(IPAddress(text))
        #expect(address == IPAddress("203.0.113.10"))
        #expect(address.family == .ipv4)
        #expect(address.description == "203.0.113.10")
    }

    @Test("an embedded IPv4 address without ::ffff: stays IPv6")
    func compatible() throws {
        let address = try #require(IPAddress("64:ff9b::203.0.113.10"))
        #expect(address.family == .ipv6)
        #expect(address.description == "64:ff9b::cb00:710a")
    }

    @Test(
        "anything else is no address",
        arguments: [
            "", " ", "203.0.113", "203.0.113.256", "203.0.113.010", "203.0.113.10 ", " 203.0.113.10", "203.0.113.10/32",
            "2001:db8:::1", "2001:db8::1%eth0", "[2001:db8::1]", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "example.org",
            "0x7f000001", "2130706433",
        ])
    func malformed(text: String) { #expect(IPAddress(text) == nil) }

    @Test("bytes are in network order, and as long as in a packet")
    func bytes() throws {
        let ipv4 = try #require(IPAddress("203.0.113.10"))
        #expect(ipv4.wireBytes == [203, 0, 113, 10])
        #expect(ipv4.bytes == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 203, 0, 113, 10])
        #expect(ipv4 == IPAddress(ipv4: 0xcb00_710a))
        #expect(ipv4.bitWidth == 32)
        let ipv6 = try #require(IPAddress("2001:db8::1"))
        #expect(ipv6.wireBytes == [0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])
        #expect(IPAddress(bytes: ipv6.bytes) == ipv6)
        #expect(ipv6.bitWidth == 128)
    }

    @Test("special uses are told by the whole block and nothing beside it")
    func specialUse() {
        func all(_ texts: [String], _ property: (IPAddress) -> Bool) -> [String] {
            texts.filter { IPAddress($0).map(property) ?? false }
        }
        let loopback = ["127.0.0.1", "127.255.255.255", "::1"]
        #expect(all(loopback + ["126.255.255.255", "128.0.0.0", "::2", "1::1"]) { $0.isLoopback } == loopback)
        let linkLocal = ["169.254.0.0", "169.254.255.255", "fe80::1", "febf::1"]
        #expect(
            all(linkLocal + ["169.253.255.255", "169.255.0.0", "fec0::1", "fe7f::1"]) { $0.isLinkLocal } == linkLocal)
        let multicast = ["224.0.0.1", "239.255.255.255", "ff00::", "ff02::1"]
        #expect(all(multicast + ["223.255.255.255", "240.0.0.0", "fe00::1"]) { $0.isMulticast } == multicast)
        let unspecified = ["0.0.0.0", "::"]
        #expect(all(unspecified + ["0.0.0.1", "::1"]) { $0.isUnspecified } == unspecified)
        #expect(all(["255.255.255.255", "255.255.255.254", "::"]) { $0.isBroadcast } == ["255.255.255.255"])
    }

    @Test("IPv4 sorts by number, before the global addresses of IPv6")
    func order() {
        let sorted = ["9.0.0.1", "10.0.0.1", "10.0.0.2", "2001:db8::1", "fd00::1"].compactMap { IPAddress($0) }
        #expect(sorted.shuffled().sorted() == sorted)
    }
}
