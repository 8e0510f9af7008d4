import Dataplane
import NetworkNamespace
import NetworkTypes
import SeededGenerator
import TableCompiler
import Testing

@Suite("ICMP errors", .needsRoot)
struct ICMPTests {
    typealias Family = ForwardingTests.Family

    /// How much of a TCP segment or UDP datagram errors quote: the least, up to TCP's checksum, and all of it.
    static let lengths: [Int?] = [8, 18, 20, nil]

    @Test("an error about a target's reply goes to that target", arguments: Family.all, lengths)
    func toTarget(_ family: Family, _ length: Int?) async throws {
        try await Bench.run { bench in
            try bench.serve(family.vip, targets: [family.target])
            let client = endpoint(family.client).address.description
            let error = ICMPError(
                from: client, about: .tcp(family.vip, to: family.client), quotedBytes: length)
            let target = endpoint(family.target)
            let expected = error.forwarded(
                to: target.address.description, quoting: { $0.source = target }, sourceMAC: Bench.backMAC,
                destinationMAC: Bench.backPeerMAC)
            #expect(
                try bench.send(error.bytes)
                    == .init(action: .redirect, reason: "error_to_target", bytes: expected.bytes))
        }
    }

    @Test(
        "an error about a client's request goes to the client, by the target's name as the VIP's",
        arguments: Family.all, lengths)
    func toClient(_ family: Family, _ length: Int?) async throws {
        try await Bench.run { bench in
            try bench.serve(family.vip, targets: [family.target])
            let (vip, target) = (endpoint(family.vip), endpoint(family.target).address.description)
            let router = endpoint(family.target).address.family == .ipv6 ? "fd00:1::12" : "10.1.0.12"
            for (source, shown) in [(target, vip.address.description), (router, router)] {
                let error = ICMPError(
                    from: source, about: .tcp(family.client, to: family.target), quotedBytes: length)
                let expected = error.forwarded(
                    from: shown, quoting: { $0.destination = vip }, sourceMAC: Bench.frontMAC,
                    destinationMAC: Bench.frontPeerMAC)
                #expect(
                    try bench.send(error.bytes)
                        == .init(action: .redirect, reason: "error_to_client", bytes: expected.bytes))
            }
        }
    }

    @Test("checksums are right whatever is quoted", arguments: Family.all)
    func checksums(_ family: Family) async throws {
        try await Bench.run { bench in
            try bench.serve(family.vip, targets: [family.target])
            var random = SeededGenerator(seed: 11)
            let (vip, target) = (endpoint(family.vip), endpoint(family.target))
            for _ in 0..<500 {
                var quoted = Packet.tcp(family.vip, to: family.client)
                quoted.destination = Endpoint(
                    address: quoted.destination.address, port: .random(in: 1...65535, using: &random),
                    transport: family.transport)
                quoted.sequence = .random(in: 0 ... .max, using: &random)
                quoted.ttl = .random(in: 0...255, using: &random)
                quoted.payload = (0..<Int.random(in: 0...9, using: &random)).map { _ in
                    .random(in: 0...255, using: &random)
                }
                // Not 17: of half a checksum nothing can be said.
                let length = (Array(8...16) + [18, 19, 20, nil]).randomElement(using: &random)!
                let about = ICMPError(
                    from: quoted.destination.address.description, about: quoted, quotedBytes: length)
                let forward = about.forwarded(
                    to: target.address.description, quoting: { $0.source = target }, sourceMAC: Bench.backMAC,
                    destinationMAC: Bench.backPeerMAC)
                try #require(try bench.send(about.bytes).bytes == forward.bytes)

                swap(&quoted.source, &quoted.destination)
                quoted.destination = target
                let back = ICMPError(from: target.address.description, about: quoted, quotedBytes: length)
                let expected = back.forwarded(
                    from: vip.address.description, quoting: { $0.destination = vip }, sourceMAC: Bench.frontMAC,
                    destinationMAC: Bench.frontPeerMAC)
                try #require(try bench.send(back.bytes).bytes == expected.bytes)
            }
        }
    }

    @Test("IPv4 options of the quoted packet and a checksum that UDP leaves out stay as they are")
    func quotedOddities() async throws {
        try await Bench.run { bench in
            let family = Family.all[2]
            try bench.serve(family.vip, targets: [family.target])
            var quoted = Packet.udp(family.vip, to: family.client)
            quoted.options = [1, 1, 1, 1, 0x94, 4, 0, 0]
            quoted.hasNoChecksum = true
            let error = ICMPError(from: "198.51.100.7", about: quoted)
            let target = endpoint(family.target)
            let expected = error.forwarded(
                to: "10.1.0.11", quoting: { $0.source = target }, sourceMAC: Bench.backMAC,
                destinationMAC: Bench.backPeerMAC)
            #expect(try bench.send(error.bytes).bytes == expected.bytes)
        }
    }

    @Test("while a slot moves, an error goes where its flow is, and pins stay as they are", arguments: PinScene.all)
    func pins(_ scene: PinScene) async throws {
        try await PinBench.run(scene) { (bench) throws in
            bench.move(from: 0, to: 1)
            #expect(try bench.target(of: .syn, port: 1) == 1)
            #expect(try bench.target(of: .ack, port: 2) == 0)
            bench.move(from: 0, to: 2)
            // Their silence goes on meanwhile; an error must not end it.
            bench.age(by: 5)
            func pins() -> Set<String> {
                Set(bench.pins.all().map { "\($0.target) \($0.state) \($0.hash.map(String.init) ?? "-")" })
            }
            let before = pins()
            for (port, target) in [(1, 1), (2, 0), (3, 0)] {
                let error = ICMPError(
                    from: endpoint("\(scene.client):1").address.description,
                    about: .tcp(scene.vip, to: "\(scene.client):\(port)"))
                let owner = endpoint(scene.targets[target])
                let expected = error.forwarded(
                    to: owner.address.description, quoting: { $0.source = owner }, sourceMAC: Bench.backMAC,
                    destinationMAC: Bench.backPeerMAC)
                #expect(try bench.bench.send(error.bytes).bytes == expected.bytes, "flow \(port)")
            }
            #expect(pins() == before)
            #expect(bench.pins.all().allSatisfy { $0.silentSeconds >= 4 })
        }
    }

    @Test("what is no error of ours is passed as it is", arguments: Family.both)
    func notOurs(_ family: Family) async throws {
        try await Bench.run { bench in
            try bench.serve(family.vip, targets: [family.target])
            let isIPv6 = endpoint(family.vip).address.family == .ipv6
            let reply = Packet.tcp(family.vip, to: family.client)
            let client = endpoint(family.client).address.description
            func passed(_ reason: String, _ change: (inout ICMPError) -> Void) throws {
                var error = ICMPError(from: client, about: reply)
                change(&error)
                let outcome = try bench.send(error.bytes)
                #expect(outcome == .init(action: .pass, reason: reason, bytes: error.bytes))
            }
            try passed("other_protocol") { $0.type = isIPv6 ? 128 : 8 }
            try passed("other_protocol") { $0.quoted.otherProtocol = 132 }
            try passed("truncated") { $0.quotedBytes = 7 }
            try passed("no_listener") {
                $0.quoted.source = Endpoint(address: $0.quoted.source.address, port: 81, transport: .tcp)
            }
            try passed("no_listener") { $0.destination = endpoint(family.target).address }
            if !isIPv6 { try passed("fragment") { $0.quoted.fragmentWord = 0x0001 } }
            // A probe of this host that its target refuses.
            let own = isIPv6 ? "[fd00:1::1]:51000" : "10.1.0.1:51000"
            let error = ICMPError(
                from: endpoint(family.target).address.description, about: .tcp(own, to: family.target))
            #expect(try bench.send(error.bytes) == .init(action: .pass, reason: "to_balancer", bytes: error.bytes))
        }
    }

    @Test("an error cut anywhere is passed, never aborted, nor sent on half translated", arguments: Family.all)
    func cut(_ family: Family) async throws {
        try await Bench.run { bench in
            try bench.serve(family.vip, targets: [family.target])
            let whole = ICMPError(
                from: endpoint(family.client).address.description, about: .tcp(family.vip, to: family.client)
            ).bytes
            for length in 14..<whole.count {
                let bytes = Array(whole.prefix(length))
                let outcome = try bench.send(bytes)
                if outcome.action == .pass {
                    #expect(outcome.bytes == bytes, "\(length) bytes")
                } else {
                    #expect(outcome.reason == "error_to_target" && length >= whole.count - 25, "\(length) bytes")
                }
            }
        }
    }
}
