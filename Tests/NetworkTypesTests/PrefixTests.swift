import NetworkTypes
import Testing

@Suite("Prefixes")
struct PrefixTests {
    @Test(
        "a block is written as it is read",
        arguments: [
            "203.0.113.0/24", "0.0.0.0/0", "10.1.2.3/32", "10.128.0.0/9", "2001:db8::/32", "::/0", "fd00::1/128",
        ])
    func roundTrip(text: String) { #expect(Prefix(text)?.description == text) }

    @Test(
        "anything else is no block",
        arguments: [
            "", "/", "203.0.113.0", "203.0.113.0/", "203.0.113.0/33", "203.0.113.0/-1", "203.0.113.0/24/24",
            "203.0.113.1/24", "10.64.0.0/9", "2001:db8::/129", "2001:db8::1/32", "203.0.113.0/ 24", "203.0.113.0/024",
            "203.0.113.0/+24", "203.0.113.0/x",
        ])
    func malformed(text: String) { #expect(Prefix(text) == nil) }

    @Test(
        "a block holds its first and its last address and not their neighbours",
        arguments: [
            ("203.0.113.0/24", "203.0.113.0", "203.0.113.255", "203.0.112.255", "203.0.114.0"),
            ("10.128.0.0/9", "10.128.0.0", "10.255.255.255", "10.127.255.255", "11.0.0.0"),
            ("192.0.2.7/32", "192.0.2.7", "192.0.2.7", "192.0.2.6", "192.0.2.8"),
            ("2001:db8::/33", "2001:db8::", "2001:db8:7fff:ffff:ffff:ffff:ffff:ffff", "2001:db7::1", "2001:db8:8000::"),
        ])
    func contains(block: String, first: String, last: String, before: String, after: String) throws {
        let block = try #require(Prefix(block))
        let inside = try [first, last].map { try #require(IPAddress($0)) }
        let outside = try [before, after].map { try #require(IPAddress($0)) }
        #expect(inside.allSatisfy { block.contains($0) })
        #expect(!outside.contains { block.contains($0) })
    }

    @Test("a block of one family holds no address of the other")
    func families() throws {
        let ipv4 = try #require(Prefix("0.0.0.0/0"))
        let ipv6 = try #require(Prefix("::/0"))
        let address = try #require(IPAddress("203.0.113.1"))
        #expect(ipv4.contains(address))
        #expect(!ipv6.contains(address))
    }
}

@Suite("Free addresses")
struct FreeAddressTests {
    @Test(
        "the lowest address for a host that is not in use",
        arguments: [
            ("192.0.2.0/29", 0, "192.0.2.1"), ("192.0.2.0/29", 5, "192.0.2.6"), ("192.0.2.0/29", 6, nil),
            ("192.0.2.0/31", 1, "192.0.2.0"), ("192.0.2.7/32", 0, "192.0.2.7"), ("2001:db8::/126", 2, "2001:db8::3"),
            ("2001:db8::/126", 3, nil), ("255.255.255.252/30", 2, nil),
            ("2001:db8:0:1:ffff:ffff:ffff:fffe/127", 0, "2001:db8:0:1:ffff:ffff:ffff:fffe"),
        ])
    func firstFree(block: String, inUse count: Int, expected: String?) throws {
        let prefix = try #require(Prefix(block))
        var used: Set<IPAddress> = []
        var next = prefix.address
        for _ in 0..<count {
            next = next.successor
            used.insert(next)
        }
        #expect(prefix.firstFreeAddress(besides: used)?.description == expected)
    }
}
