import Dataplane
import HostNetwork
import NetworkNamespace
import NetworkTypes
import TableCompiler
import Testing

@Suite("next hops of targets", .needsRoot)
struct NextHopTests {
    static let neighbour: [UInt8] = [2, 0, 0, 0, 2, 9]

    /// By an interface of the bench, to a neighbour that the kernel's tables don't know.
    static func hop(by interface: String = "back", source: [UInt8] = Bench.backMAC) throws -> NextHop {
        NextHop(
            interface: try HostNetwork().interface(named: interface).index.rawValue, source: MACAddress(bytes: source),
            destination: MACAddress(bytes: neighbour))
    }

    static func forwarded(_ packet: Packet, to target: String, source: [UInt8] = Bench.backMAC) -> Bench.Outcome {
        let bytes = packet.forwarded(to: endpoint(target), sourceMAC: source, destinationMAC: neighbour).bytes
        return .init(action: .redirect, reason: "to_target", bytes: bytes)
    }

    @Test("a known next hop is taken, whatever the kernel's tables say", arguments: ForwardingTests.Family.all)
    func known(_ family: ForwardingTests.Family) async throws {
        try await Bench.run { bench in
            try bench.serve(family.vip, targets: [family.target])
            try bench.program.maps.setNextHops([endpoint(family.target).address: Self.hop()])
            let packet = Packet.tcp(family.client, to: family.vip)
            #expect(try bench.send(packet) == Self.forwarded(packet, to: family.target))
        }
    }

    @Test("a target that is put later has the next hop that was told before")
    func before() async throws {
        try await Bench.run { bench in
            let family = ForwardingTests.Family.both[0]
            try bench.program.maps.setNextHops([endpoint(family.target).address: Self.hop()])
            try bench.serve(family.vip, targets: [family.target])
            let packet = Packet.tcp(family.client, to: family.vip)
            #expect(try bench.send(packet) == Self.forwarded(packet, to: family.target))
        }
    }

    @Test("where the next hop is not known any more, the kernel is asked")
    func unknown() async throws {
        try await Bench.run { bench in
            let family = ForwardingTests.Family.both[0]
            try bench.serve(family.vip, targets: [family.target])
            let packet = Packet.tcp(family.client, to: family.vip)
            try bench.program.maps.setNextHops([endpoint(family.target).address: Self.hop()])
            try bench.program.maps.setNextHops([:])
            let expected = packet.forwarded(
                to: endpoint(family.target), sourceMAC: Bench.backMAC, destinationMAC: Bench.backPeerMAC)
            #expect(try bench.send(packet).bytes == expected.bytes)
        }
    }

    @Test("a next hop that nobody has looked after is not trusted any more")
    func forgotten() async throws {
        try await Bench.run { bench in
            let family = ForwardingTests.Family.both[0]
            try bench.serve(family.vip, targets: [family.target])
            let packet = Packet.tcp(family.client, to: family.vip)
            let hops = try [endpoint(family.target).address: Self.hop()]
            try bench.program.maps.setNextHops(hops, trustedFor: 0)
            let asked = packet.forwarded(
                to: endpoint(family.target), sourceMAC: Bench.backMAC, destinationMAC: Bench.backPeerMAC)
            #expect(try bench.send(packet).bytes == asked.bytes)
            try bench.program.maps.setNextHops(hops, trustedFor: 5)
            #expect(try bench.send(packet) == Self.forwarded(packet, to: family.target))
        }
    }

    @Test("an interface has another address, a target another interface: the next packet knows")
    func changes() async throws {
        try await Bench.run { bench in
            let family = ForwardingTests.Family.both[0]
            let target = endpoint(family.target).address
            try bench.serve(family.vip, targets: [family.target])
            let packet = Packet.tcp(family.client, to: family.vip)
            for (interface, source) in [
                ("back", Bench.backMAC), ("back", [2, 0, 0, 0, 2, 7]), ("front", Bench.frontMAC),
                ("back", Bench.backMAC),
            ] {
                try bench.program.maps.setNextHops([target: Self.hop(by: interface, source: source)])
                #expect(try bench.send(packet) == Self.forwarded(packet, to: family.target, source: source))
                let row = try #require(try bench.program.maps.dump(.targets).rows.first)
                #expect(row.suffix(1) == [.text("02:00:00:00:02:09")])
            }
        }
    }

    @Test("more interfaces than have numbers: the kernel is asked for the rest, and a number that is free goes to them")
    func manyInterfaces() async throws {
        try await Bench.run { bench in
            let target = try #require(IPAddress("10.1.0.11"))
            try bench.serve("203.0.113.10:80", targets: ["10.1.0.11:8081"])
            let packet = Packet.tcp("198.51.100.7:40000", to: "203.0.113.10:80")
            let hop = try Self.hop()
            var hops: [IPAddress: NextHop] = [:]
            for number in 0..<64 {
                hops[IPAddress("10.2.0.\(number)")!] = NextHop(
                    interface: 1000 + UInt32(number), source: hop.source, destination: hop.destination)
            }
            try bench.program.maps.setNextHops(hops)
            hops[target] = hop
            try bench.program.maps.setNextHops(hops)
            let asked = packet.forwarded(
                to: endpoint("10.1.0.11:8081"), sourceMAC: Bench.backMAC, destinationMAC: Bench.backPeerMAC)
            #expect(try bench.send(packet).bytes == asked.bytes)

            hops[IPAddress("10.2.0.5")!] = nil
            try bench.program.maps.setNextHops(hops)
            #expect(try bench.send(packet).bytes == asked.bytes, "not in the call that freed the number")
            try bench.program.maps.setNextHops(hops)
            #expect(try bench.send(packet) == Self.forwarded(packet, to: "10.1.0.11:8081"))
        }
    }
}
