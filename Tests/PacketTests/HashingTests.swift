import Dataplane
import Foundation
import NetworkTypes
import SeededGenerator
import Testing

@Suite("flow hash")
struct HashingTests {
    private static let vip = endpoint("203.0.113.10:80")

    @Test("the program sends each flow to the target that the hash and the table name", .needsRoot)
    func programAgrees() async throws {
        try await Bench.run { bench in
            let targets = ["10.1.0.11:8081", "10.1.0.12:8082", "10.1.0.13:8083"]
            let owners = (0..<251).map { $0 * 7 % 3 }
            try bench.serve("203.0.113.10:80", targets: targets, owners: owners)
            for port in stride(from: 1024, to: 60000, by: 113) {
                let packet = Packet.tcp("198.51.100.7:\(port)", to: "203.0.113.10:80", .syn)
                let hash = flowHash(from: packet.source, to: packet.destination, sourceOnly: false, key: Bench.key)
                let target = endpoint(targets[owners[Int(slotIndex(hash: hash, size: 251))]])
                let expected = packet.forwarded(
                    to: target, sourceMAC: Bench.backMAC, destinationMAC: Bench.backPeerMAC)
                try #require(try bench.send(packet).bytes == expected.bytes)
            }
        }
    }

    @Test("weighted source IP looks at nothing but the source address", .needsRoot)
    func sourceOnly() async throws {
        try await Bench.run { bench in
            let targets = ["10.1.0.11:8081", "10.1.0.12:8082"]
            try bench.serve("203.0.113.10:80", targets: targets, owners: (0..<251).map { $0 % 2 }, algorithm: .sourceIP)
            let ports = (0..<200).map { port in
                let packet = Packet.tcp("198.51.100.7:\(2000 + port)", to: "203.0.113.10:80", .syn)
                return try? bench.send(packet).bytes[36..<38]
            }
            #expect(Set(ports).count == 1)
        }
    }

    /// Pearson's statistic of hash buckets over flows as they come in practice; 99 % of good hashes stay below the bound.
    @Test(
        "hashes are spread evenly over slots", arguments: ["sequential ports", "one /24", "NATed clients"],
        [1, 2, 3] as [UInt64])
    func isEven(_ kind: String, seed: UInt64) {
        let key = HashKey(seed: seed)
        let buckets = 1021
        let flows = 1_000_000
        var counts = [Int](repeating: 0, count: buckets)
        for number in 0..<flows {
            let (address, port): (UInt32, Int) =
                switch kind {
                case "sequential ports": (0xc633_6407 + UInt32(number / 60000), 1024 + number % 60000)
                case "one /24": (0xc633_6400 + UInt32(number % 256), 1024 + number / 256)
                default: (0x6440_0000 + UInt32(number % 16) * 0x10000, 32768 + number / 16 % 28000 + number / 448_000)
                }
            let source = Endpoint(
                address: IPAddress(ipv4: address), port: UInt16(truncatingIfNeeded: port), transport: .tcp)
            let destination =
                kind == "NATed clients"
                ? Endpoint(address: Self.vip.address, port: UInt16(80 + number / 448_000), transport: .tcp) : Self.vip
            let hash = flowHash(from: source, to: destination, sourceOnly: false, key: key)
            counts[Int(slotIndex(hash: hash, size: UInt32(buckets)))] += 1
        }
        let expected = Double(flows) / Double(buckets)
        let statistic = counts.reduce(0) { $0 + pow(Double($1) - expected, 2) / expected }
        // Wilson and Hilferty's approximation of the 99 % quantile of chi-square with 1,020 degrees of freedom.
        let freedom = Double(buckets - 1)
        let bound = freedom * pow(1 - 2 / (9 * freedom) + 2.3263 * (2 / (9 * freedom)).squareRoot(), 3)
        #expect(statistic < bound)
    }

    @Test("each bit of a flow flips each bit of the hash half of the time, within 2 points")
    func avalanche() {
        var random = SeededGenerator(seed: 11)
        let samples = 20_000
        // 32 bits of an IPv4 source, 16 of its port, 16 of the destination's.
        var flips = [[Int]](repeating: [Int](repeating: 0, count: 32), count: 64)
        for _ in 0..<samples {
            let key = HashKey(seed: random.next())
            let bits = random.next()
            let hash = Self.hash(bits, key)
            for bit in 0..<64 {
                let difference = hash ^ Self.hash(bits ^ 1 << UInt64(bit), key)
                for output in 0..<32 where difference >> UInt32(output) & 1 == 1 { flips[bit][output] += 1 }
            }
        }
        let rates = flips.joined().map { Double($0) / Double(samples) }
        #expect(rates.min()! > 0.48 && rates.max()! < 0.52)
    }

    private static func hash(_ bits: UInt64, _ key: HashKey) -> UInt32 {
        let source = Endpoint(
            address: IPAddress(ipv4: UInt32(truncatingIfNeeded: bits)), port: UInt16(truncatingIfNeeded: bits >> 32),
            transport: .tcp)
        let destination = Endpoint(address: vip.address, port: UInt16(truncatingIfNeeded: bits >> 48), transport: .tcp)
        return flowHash(from: source, to: destination, sourceOnly: false, key: key)
    }
}
