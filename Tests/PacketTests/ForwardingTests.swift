import Dataplane
import NetworkNamespace
import NetworkTypes
import SeededGenerator
import TableCompiler
import Testing

@Suite("forwarding in mode nat", .needsRoot)
struct ForwardingTests {
    /// A VIP, a client and a target of one family, with room to change them.
    struct Family: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let vip: String
        let client: String
        let target: String

        static let both = [
            Family(
                testDescription: "IPv4", vip: "203.0.113.10:80", client: "198.51.100.7:40000", target: "10.1.0.11:8081"),
            Family(
                testDescription: "IPv6", vip: "[2001:db8:a::10]:80", client: "[2001:db8:c::7]:40000",
                target: "[fd00:1::11]:8081"),
        ]

        static let all =
            both
            + both.map { family in
                Family(
                    testDescription: "\(family.testDescription), UDP", vip: family.vip + "/udp",
                    client: family.client + "/udp", target: family.target + "/udp")
            }

        var transport: TransportProtocol { endpoint(vip).transport }
    }

    @Test("a client's packet goes to the target, address, port, TTL, MACs and checksums right", arguments: Family.all)
    func toTarget(_ family: Family) async throws {
        try await Bench.run { bench in
            try bench.serve(family.vip, targets: [family.target])
            for flags in [Packet.Flags.syn, .ack, [.fin, .ack]] {
                let packet = Packet.tcp(family.client, to: family.vip, flags)
                let outcome = try bench.send(packet)
                let expected = packet.forwarded(
                    to: endpoint(family.target), sourceMAC: Bench.backMAC, destinationMAC: Bench.backPeerMAC)
                #expect(outcome == .init(action: .redirect, reason: "to_target", bytes: expected.bytes))
            }
        }
    }

    @Test("a target's reply goes to the client in the VIP's name", arguments: Family.all)
    func toClient(_ family: Family) async throws {
        try await Bench.run { bench in
            try bench.serve(family.vip, targets: [family.target])
            let packet = Packet.tcp(family.target, to: family.client, [.syn, .ack])
            let outcome = try bench.send(packet)
            let expected = packet.forwarded(
                from: endpoint(family.vip), sourceMAC: Bench.frontMAC, destinationMAC: Bench.frontPeerMAC)
            #expect(outcome == .init(action: .redirect, reason: "to_client", bytes: expected.bytes))
        }
    }

    @Test("DSCP, ECN and IPv4 options stay as they are")
    func headersStay() async throws {
        try await Bench.run { bench in
            let family = Family.both[0]
            try bench.serve(family.vip, targets: [family.target])
            var packet = Packet.tcp(family.client, to: family.vip)
            packet.trafficClass = 0xb9
            packet.options = [1, 1, 1, 1, 0x94, 4, 0, 0]
            let expected = packet.forwarded(
                to: endpoint(family.target), sourceMAC: Bench.backMAC, destinationMAC: Bench.backPeerMAC)
            #expect(try bench.send(packet).bytes == expected.bytes)
        }
    }

    @Test("a packet that leaves where it came in is sent back from there")
    func oneArmed() async throws {
        try await Bench.run { bench in
            try shell(
                "ip route add 10.9.0.0/24 dev lo; ip neigh add 10.9.0.5 lladdr 02:00:00:00:09:05 nud permanent dev lo")
            try bench.serve("203.0.113.10:80", targets: ["10.9.0.5:8080"])
            let packet = Packet.tcp("198.51.100.7:40000", to: "203.0.113.10:80")
            let outcome = try bench.send(packet)
            let expected = packet.forwarded(
                to: endpoint("10.9.0.5:8080"), sourceMAC: [0, 0, 0, 0, 0, 0], destinationMAC: [2, 0, 0, 0, 9, 5])
            #expect(outcome == .init(action: .tx, reason: "to_target", bytes: expected.bytes))
        }
    }

    /// One's complement arithmetic has two zeros and carries that wrap: random packets find what examples don't.
    @Test("checksums are right for any address, port, TTL and payload", arguments: Family.all)
    func checksums(_ family: Family) async throws {
        try await Bench.run { bench in
            try bench.serve(family.vip, targets: [family.target])
            var random = SeededGenerator(seed: 7)
            for _ in 0..<2000 {
                var packet = Packet.tcp(family.client, to: family.vip)
                packet.source = Endpoint(
                    address: packet.source.address, port: .random(in: 0...65535, using: &random),
                    transport: family.transport)
                packet.ttl = .random(in: 2...255, using: &random)
                packet.sequence = .random(in: 0 ... .max, using: &random)
                packet.payload = (0..<Int.random(in: 0...9, using: &random)).map { _ in
                    .random(in: 0...255, using: &random)
                }
                let forward = packet.forwarded(
                    to: endpoint(family.target), sourceMAC: Bench.backMAC, destinationMAC: Bench.backPeerMAC)
                try #require(try bench.send(packet).bytes == forward.bytes)

                swap(&packet.source, &packet.destination)
                packet.source = endpoint(family.target)
                let back = packet.forwarded(
                    from: endpoint(family.vip), sourceMAC: Bench.frontMAC, destinationMAC: Bench.frontPeerMAC)
                try #require(try bench.send(packet).bytes == back.bytes)
            }
        }
    }

    @Test("a datagram without a checksum gets none")
    func noChecksum() async throws {
        try await Bench.run { bench in
            let family = Family.all[2]
            try bench.serve(family.vip, targets: [family.target])
            for (source, destination) in [(family.client, family.vip), (family.target, family.client)] {
                var packet = Packet.udp(source, to: destination)
                packet.hasNoChecksum = true
                let isRequest = destination == family.vip
                let expected =
                    isRequest
                    ? packet.forwarded(
                        to: endpoint(family.target), sourceMAC: Bench.backMAC, destinationMAC: Bench.backPeerMAC)
                    : packet.forwarded(
                        from: endpoint(family.vip), sourceMAC: Bench.frontMAC, destinationMAC: Bench.frontPeerMAC)
                #expect(try bench.send(packet).bytes == expected.bytes)
            }
        }
    }

    @Test("TCP and UDP of one VIP and port are different listeners")
    func bothTransports() async throws {
        try await Bench.run { bench in
            let (tcp, udp) = (Family.all[0], Family.all[2])
            try bench.serve(tcp.vip, targets: [tcp.target])
            #expect(try bench.send(Packet.udp(udp.client, to: udp.vip)).reason == "no_listener")
            try bench.serve(udp.vip, targets: ["10.1.0.12:5353/udp"])
            let packet = Packet.udp(udp.client, to: udp.vip)
            let expected = packet.forwarded(
                to: endpoint("10.1.0.12:5353"), sourceMAC: Bench.backMAC, destinationMAC: Bench.backPeerMAC)
            #expect(try bench.send(packet).bytes == expected.bytes)
            #expect(try bench.send(Packet.tcp(tcp.client, to: tcp.vip)).reason == "to_target")
        }
    }

    @Test("traffic is counted by listener and target, in both directions, with its bytes of layer 3")
    func counters() async throws {
        try await Bench.run { bench in
            let family = Family.both[0]
            try bench.serve(family.vip, targets: [family.target])
            let request = Packet.tcp(family.client, to: family.vip)
            let reply = Packet.tcp(family.target, to: family.client)
            for _ in 0..<3 { _ = try bench.send(request) }
            _ = try bench.send(reply)
            let size = UInt64(request.bytes.count - 14)
            let maps = bench.program.maps
            let listener = try #require(try maps.tables().listeners.values.first)
            for traffic in [
                try maps.traffic(of: listener.id), try maps.traffic(of: TargetID(rawValue: 1)),
            ] {
                #expect(traffic.toTarget.packets == 3 && traffic.toTarget.bytes == 3 * size)
                #expect(traffic.toClient.packets == 1 && traffic.toClient.bytes == size)
            }
        }
    }
}
