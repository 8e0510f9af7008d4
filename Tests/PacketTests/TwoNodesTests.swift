import ConsistentHashing
import Dataplane
import TableCompiler
import Testing

@Suite("two nodes", .needsRoot)
struct TwoNodesTests {
    @Test(
        "flows of settled slots go on at another node with the same tables and secret, without being told of them",
        arguments: ServiceEntry.Algorithm.allCases)
    func takeover(_ algorithm: ServiceEntry.Algorithm) async throws {
        try await Bench.run { (first) throws in
            let second = try Bench(inSameNamespace: PinPolicy())
            let targets = ["10.1.0.11:8081", "10.1.0.12:8082", "10.1.0.13:8083"]
            let table = CanonicalTable(
                targets: targets.indices.map { WeightedTarget(identity: [UInt8($0)], weight: $0 + 1) })
            for node in [first, second] {
                try node.serve(
                    "203.0.113.10:80", targets: targets, owners: table.slots.map(Int.init), algorithm: algorithm)
            }
            var met: Set<[UInt8]> = []
            for flow in 0..<3000 {
                let client = "198.51.100.\(flow % 250 + 2):\(1024 + flow)"
                let began = try first.send(Packet.tcp(client, to: "203.0.113.10:80", .syn))
                let goesOn = try second.send(Packet.tcp(client, to: "203.0.113.10:80", .ack))
                #expect(began.reason == goesOn.reason)
                #expect(Self.target(of: began.bytes) == Self.target(of: goesOn.bytes))
                met.insert(Self.target(of: began.bytes))
            }
            #expect(met.count == targets.count, "or any table would do")
            #expect(first.program.maps.pins.all().isEmpty && second.program.maps.pins.all().isEmpty)
        }
    }

    /// Destination address and port of an IPv4 frame without options.
    private static func target(of frame: [UInt8]) -> [UInt8] { Array(frame[30..<34] + frame[36..<38]) }
}
