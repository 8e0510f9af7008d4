import Dataplane
import NetworkNamespace
import NetworkTypes
import SeededGenerator
import TableCompiler
import Testing

@Suite("forwarding in mode dsr", .needsRoot)
struct DSRTests {
    typealias Family = ForwardingTests.Family

    /// On the listener's port.
    private static func target(_ family: Family) -> String {
        family.target.replacing("8081", with: "80")
    }

    @Test("a client's packet is the target's as it is, but for MAC addresses and TTL", arguments: Family.all)
    func toTarget(_ family: Family) async throws {
        try await Bench.run { bench in
            try bench.serve(family.vip, targets: [Self.target(family)], mode: .dsr)
            for flags in [Packet.Flags.syn, .ack, [.fin, .ack], .rst] {
                var packet = Packet.tcp(family.client, to: family.vip, flags)
                packet.trafficClass = 0xb9
                let outcome = try bench.send(packet)
                let expected = packet.forwarded(sourceMAC: Bench.backMAC, destinationMAC: Bench.backPeerMAC)
                #expect(outcome == .init(action: .redirect, reason: "to_target", bytes: expected.bytes))
            }
        }
    }

    @Test("a known next hop is taken", arguments: Family.all)
    func knownHop(_ family: Family) async throws {
        try await Bench.run { bench in
            let target = Self.target(family)
            try bench.serve(family.vip, targets: [target], mode: .dsr)
            try bench.program.maps.setNextHops([endpoint(target).address: NextHopTests.hop()])
            let packet = Packet.tcp(family.client, to: family.vip)
            let expected = packet.forwarded(sourceMAC: Bench.backMAC, destinationMAC: NextHopTests.neighbour)
            #expect(try bench.send(packet).bytes == expected.bytes)
        }
    }

    @Test("checksums are right for any port, TTL, option and payload", arguments: Family.all)
    func checksums(_ family: Family) async throws {
        try await Bench.run { bench in
            try bench.serve(family.vip, targets: [Self.target(family)], mode: .dsr)
            var random = SeededGenerator(seed: 11)
            for _ in 0..<1000 {
                var packet = Packet.tcp(family.client, to: family.vip)
                packet.source = Endpoint(
                    address: packet.source.address, port: .random(in: 0...65535, using: &random),
                    transport: family.transport)
                packet.ttl = .random(in: 2...255, using: &random)
                packet.trafficClass = .random(in: 0...255, using: &random)
                packet.payload = (0..<Int.random(in: 0...9, using: &random)).map { _ in
                    .random(in: 0...255, using: &random)
                }
                let expected = packet.forwarded(sourceMAC: Bench.backMAC, destinationMAC: Bench.backPeerMAC)
                try #require(try bench.send(packet).bytes == expected.bytes)
            }
        }
    }

    /// The kernel would take a packet to the VIP for its own.
    @Test(
        "what cannot be sent is dropped unchanged: no neighbour, no route, no interface",
        arguments: [
            "10.1.0.99:80", "10.66.0.5:80", "192.0.2.7:80",
        ])
    func unreachable(target: String) async throws {
        try await Bench.run { bench in
            try bench.serve("203.0.113.10:80", targets: [target], mode: .dsr)
            let packet = Packet.tcp("198.51.100.7:40000", to: "203.0.113.10:80")
            #expect(try bench.send(packet) == .init(action: .drop, reason: "unreachable", bytes: packet.bytes))
            let counted = try bench.program.maps.traffic(of: TargetID(rawValue: 1))
            #expect(counted.toTarget.packets == 0, "it got none")
        }
    }

    @Test("a packet that has no hop left is dropped")
    func tooOld() async throws {
        try await Bench.run { bench in
            try bench.serve("203.0.113.10:80", targets: ["10.1.0.11:80"], mode: .dsr)
            var packet = Packet.tcp("198.51.100.7:40000", to: "203.0.113.10:80")
            packet.ttl = 1
            #expect(try bench.send(packet) == .init(action: .drop, reason: "ttl_expired", bytes: packet.bytes))
        }
    }

    @Test("what comes from a target is no reply of ours", arguments: Family.all)
    func noReturnPath(_ family: Family) async throws {
        try await Bench.run { bench in
            try bench.serve(family.vip, targets: [Self.target(family)], mode: .dsr)
            let packet = Packet.tcp(Self.target(family), to: family.client)
            #expect(try bench.send(packet) == .init(action: .pass, reason: "no_listener", bytes: packet.bytes))
        }
    }

    @Test("an error about a target's reply is the target's as it is", arguments: Family.all)
    func error(_ family: Family) async throws {
        try await Bench.run { bench in
            try bench.serve(family.vip, targets: [Self.target(family)], mode: .dsr)
            let error = ICMPError(
                from: endpoint(family.client).address.description, about: .tcp(family.vip, to: family.client))
            let expected = error.forwarded(
                to: endpoint(family.vip).address.description, quoting: { _ in }, sourceMAC: Bench.backMAC,
                destinationMAC: Bench.backPeerMAC)
            #expect(
                try bench.send(error.bytes)
                    == .init(action: .redirect, reason: "error_to_target", bytes: expected.bytes))
        }
    }

    @Test("requests are counted by listener and target")
    func counters() async throws {
        try await Bench.run { bench in
            try bench.serve("203.0.113.10:80", targets: ["10.1.0.11:80"], mode: .dsr)
            let packet = Packet.tcp("198.51.100.7:40000", to: "203.0.113.10:80")
            for _ in 0..<3 { _ = try bench.send(packet) }
            let maps = bench.program.maps
            let listener = try #require(try maps.tables().listeners.values.first)
            let size = UInt64(packet.bytes.count - 14)
            for traffic in [try maps.traffic(of: listener.id), try maps.traffic(of: TargetID(rawValue: 1))] {
                #expect(traffic.toTarget.packets == 3 && traffic.toTarget.bytes == 3 * size)
                #expect(traffic.toClient.packets == 0)
            }
        }
    }
}
