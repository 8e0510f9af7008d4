import Dataplane
import NetworkNamespace
import NetworkTypes
import TableCompiler
import Testing

@Suite("reasons", .needsRoot)
struct ReasonTests {
    /// A packet, what is installed when it comes, and what must become of it.
    struct Case: Sendable, CustomTestStringConvertible {
        let reason: String
        var action: Bench.Action
        /// The frame that leaves; the one that came when `nil`.
        var expected: [UInt8]?
        let input: [UInt8]
        var prepare: @Sendable (Bench) throws -> Void = { try $0.serve("203.0.113.10:80", targets: ["10.1.0.11:8081"]) }

        var testDescription: String { "\(reason), \(input.count) bytes" }
    }

    static let client = "198.51.100.7:40000"
    static let vip = "203.0.113.10:80"
    static let request = Packet.tcp(client, to: vip)
    static let aboutReply = ICMPError(from: "198.51.100.7", about: .tcp(vip, to: client))
    static let aboutRequest = ICMPError(from: "10.1.0.11", about: .tcp(client, to: "10.1.0.11:8081"))
    static let datagram = Packet.udp(client + "/udp", to: vip + "/udp")

    static func changed(_ change: (inout Packet) -> Void) -> Packet {
        var packet = request
        change(&packet)
        return packet
    }

    static func toKernel(_ reason: String, target: String, setUp script: String = "true") -> Case {
        Case(
            reason: reason, action: .pass, expected: request.translated(to: endpoint(target)).bytes,
            input: request.bytes
        ) { bench in
            try shell(script)
            try bench.serve(vip, targets: [target])
        }
    }

    static let cases: [Case] = [
        Case(
            reason: "to_target", action: .redirect,
            expected: request.forwarded(
                to: endpoint("10.1.0.11:8081"), sourceMAC: Bench.backMAC, destinationMAC: Bench.backPeerMAC
            ).bytes,
            input: request.bytes),
        Case(
            reason: "to_client", action: .redirect,
            expected: Packet.tcp("10.1.0.11:8081", to: client).forwarded(
                from: endpoint(vip), sourceMAC: Bench.frontMAC, destinationMAC: Bench.frontPeerMAC
            ).bytes,
            input: Packet.tcp("10.1.0.11:8081", to: client).bytes),
        Case(reason: "not_ip", action: .pass, input: request.bytes.replacing(12..<14, [0x08, 0x06])),
        Case(reason: "not_ip", action: .pass, input: request.bytes.replacing(12..<14, [0x81, 0x00])),
        Case(reason: "other_protocol", action: .pass, input: changed { $0.otherProtocol = 132 }.bytes),
        Case(
            reason: "other_protocol", action: .pass,
            input: {
                var packet = Packet.tcp("[2001:db8:c::7]:40000", to: "[2001:db8:a::10]:80")
                packet.otherProtocol = 58
                return packet.bytes
            }()),
        Case(reason: "truncated", action: .pass, input: Array(request.bytes[..<33])),
        Case(reason: "truncated", action: .pass, input: Array(request.bytes[..<53])),
        // A header length of 4 words, and one of 15 that the packet does not have.
        Case(reason: "truncated", action: .pass, input: request.bytes.replacing(14..<15, [0x44])),
        Case(reason: "truncated", action: .pass, input: request.bytes.replacing(14..<15, [0x4f])),
        // A total length that ends inside TCP's header.
        Case(reason: "truncated", action: .pass, input: request.bytes.replacing(16..<18, [0, 39])),
        // UDP's length: less than its header, none at all, and more than IP's.
        Case(reason: "truncated", action: .pass, input: datagram.bytes.replacing(38..<40, [0, 7])),
        Case(reason: "truncated", action: .pass, input: datagram.bytes.replacing(38..<40, [0, 0])),
        Case(reason: "truncated", action: .pass, input: datagram.bytes.replacing(38..<40, [0, 14])),
        Case(reason: "truncated", action: .pass, input: Array(datagram.bytes[..<41])),
        // Version 6 in an IPv4 frame.
        Case(reason: "truncated", action: .pass, input: request.bytes.replacing(14..<15, [0x65])),
        Case(reason: "fragment", action: .pass, input: changed { $0.fragmentWord = 0x2000 }.bytes),
        Case(reason: "fragment", action: .pass, input: changed { $0.fragmentWord = 0x0001 }.bytes),
        Case(reason: "no_listener", action: .pass, input: Packet.tcp(client, to: "203.0.113.10:81").bytes),
        Case(reason: "no_listener", action: .pass, input: Packet.tcp(client, to: "203.0.113.11:80").bytes),
        Case(reason: "no_listener", action: .pass, input: Packet.tcp("10.1.0.11:22", to: client).bytes),
        // A target answers a probe: somebody on this host waits for it.
        Case(reason: "to_balancer", action: .pass, input: Packet.tcp("10.1.0.11:8081", to: "10.1.0.1:51000").bytes) {
            try $0.serve(vip, targets: ["10.1.0.11:8081"])
            try $0.listen("10.1.0.1:51000")
        },
        Case(
            reason: "to_balancer", action: .pass, input: Packet.tcp("[fd00:1::11]:8081", to: "[fd00:1::1]:51000").bytes
        ) {
            try $0.serve("[2001:db8:a::10]:80", targets: ["[fd00:1::11]:8081"])
            try $0.listen("[fd00:1::1]:51000")
        },
        Case(
            reason: "to_balancer", action: .pass,
            input: Packet.udp("10.1.0.11:53/udp", to: "10.1.0.1:51000/udp").bytes
        ) {
            try $0.serve(vip + "/udp", targets: ["10.1.0.11:53/udp"])
            try $0.listen("10.1.0.1:51000/udp")
        },
        // To an address of this host where nobody waits, and to a network that no route leads to.
        Case(
            reason: "no_route", action: .pass,
            expected: Packet.tcp("10.1.0.11:8081", to: "10.1.0.1:51000").translated(from: endpoint(vip)).bytes,
            input: Packet.tcp("10.1.0.11:8081", to: "10.1.0.1:51000").bytes),
        Case(
            reason: "no_route", action: .pass,
            expected: Packet.tcp("10.1.0.11:8081", to: "100.64.0.1:40000").translated(from: endpoint(vip)).bytes,
            input: Packet.tcp("10.1.0.11:8081", to: "100.64.0.1:40000").bytes),
        toKernel("no_neighbour", target: "10.1.0.99:8081"),
        toKernel("no_route", target: "10.66.0.1:8081"),
        toKernel(
            "forwarding_off", target: "10.1.0.11:8081",
            setUp: "sysctl -qw net.ipv4.conf.lo.forwarding=0"),
        toKernel("not_attached", target: "192.0.2.7:8081"),
        Case(reason: "ttl_expired", action: .drop, input: changed { $0.ttl = 1 }.bytes),
        Case(reason: "ttl_expired", action: .drop, input: changed { $0.ttl = 0 }.bytes),
        Case(
            reason: "ttl_expired", action: .drop,
            input: {
                var packet = Packet.tcp("10.1.0.11:8081", to: client)
                packet.ttl = 1
                return packet.bytes
            }()),
        Case(reason: "no_target", action: .drop, input: request.bytes) {
            try $0.serve(vip, targets: ["10.1.0.11:8081"], owners: [])
        },
        Case(
            reason: "error_to_target", action: .redirect,
            expected: aboutReply.forwarded(
                to: "10.1.0.11", quoting: { $0.source = endpoint("10.1.0.11:8081") }, sourceMAC: Bench.backMAC,
                destinationMAC: Bench.backPeerMAC
            ).bytes,
            input: aboutReply.bytes),
        Case(
            reason: "error_to_client", action: .redirect,
            expected: aboutRequest.forwarded(
                from: "203.0.113.10", quoting: { $0.destination = endpoint(vip) }, sourceMAC: Bench.frontMAC,
                destinationMAC: Bench.frontPeerMAC
            ).bytes,
            input: aboutRequest.bytes),
        Case(reason: "unreachable", action: .drop, input: request.bytes) {
            try $0.serve(vip, targets: ["10.1.0.99:80"], mode: .dsr)
        },
        // A listener of a service that the array cannot hold.
        Case(reason: "internal", action: .drop, input: request.bytes) { bench in
            let entry = ListenerEntry(id: .init(rawValue: 0), service: .init(rawValue: 1 << 20))
            try bench.program.maps.perform(.putListener(endpoint(vip), entry))
        },
    ]

    @Test("a packet gets its verdict, its bytes and one count", arguments: cases)
    func verdict(_ example: Case) async throws {
        try await Bench.run { bench in
            try example.prepare(bench)
            let outcome = try bench.send(example.input)
            #expect(outcome.reason == example.reason)
            #expect(outcome.action == example.action)
            #expect(outcome.bytes == example.expected ?? example.input)
        }
    }

    @Test("every reason has an example here, and each one's verdict is the list's")
    func allReasons() {
        #expect(Set(Self.cases.map(\.reason)) == Set(Reason.allCases.map(\.label)))
        for example in Self.cases {
            let verdict = Reason(label: example.reason)?.verdict
            switch verdict {
            case .forward: #expect([.redirect, .tx].contains(example.action))
            case .pass: #expect(example.action == .pass && example.expected == nil)
            case .kernel: #expect(example.action == .pass && example.expected != nil)
            case .drop: #expect(example.action == .drop)
            case nil: Issue.record("\(example.reason) is no reason")
            }
        }
    }

    @Test("a packet cut anywhere is passed or dropped, never aborted", arguments: ["203.0.113.10", "[2001:db8:a::10]"])
    func cutPackets(_ address: String) async throws {
        try await Bench.run { bench in
            try bench.serve("203.0.113.10:80", targets: ["10.1.0.11:8081"])
            try bench.serve("[2001:db8:a::10]:80", targets: ["[fd00:1::11]:8081"])
            let client = address.hasPrefix("[") ? "[2001:db8:c::7]:40000" : Self.client
            let whole = Packet.tcp(client, to: address + ":80").bytes
            let headers = whole.count - 5
            for length in 14...whole.count {
                let outcome = try bench.send(Array(whole[..<length]))
                #expect(outcome.reason == (length < headers ? "truncated" : "to_target"), "\(length) bytes")
            }
        }
    }
}

extension [UInt8] {
    fileprivate func replacing(_ range: Range<Int>, _ bytes: [UInt8]) -> [UInt8] {
        var copy = self
        copy.replaceSubrange(range, with: bytes)
        return copy
    }
}
