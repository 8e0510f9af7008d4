import BPFRuntime
import ConsistentHashing
import Dataplane
import Foundation
import Glibc
import HostNetwork
import NetworkNamespace
import NetworkTypes
import SeededGenerator
import TableCompiler
import Testing

/// The loaded program in a network namespace with routes to clients and targets.
///
///     clients 198.51.100.0/24, 2001:db8:c::/64 ── front [balancer] back ── targets 10.1.0.0/24, fd00:1::/64
///
/// Test runs come in by `lo`, whose index is 1. `front` and `back` may be sent to; `other`, with clients 192.0.2.0/24, not.
struct Bench {
    let program: LoadedProgram
    static let key = HashKey(seed: 0)

    static let balancerMAC: [UInt8] = [2, 0, 0, 0, 0, 1]
    static let clientMAC: [UInt8] = [2, 0, 0, 0, 0, 2]
    static let frontMAC: [UInt8] = [2, 0, 0, 0, 1, 1]
    static let frontPeerMAC: [UInt8] = [2, 0, 0, 0, 1, 2]
    static let backMAC: [UInt8] = [2, 0, 0, 0, 2, 1]
    static let backPeerMAC: [UInt8] = [2, 0, 0, 0, 2, 2]

    /// Runs a test in a namespace of its own; must stay on its thread.
    static func run(
        pins: PinPolicy = PinPolicy(), _ body: @escaping @Sendable (Bench) throws -> Void
    ) async throws {
        try await inNewNetworkNamespace { try body(Bench(pins: pins)) }
    }

    private init(pins: PinPolicy) throws {
        try Self.setUp()
        try self.init(inSameNamespace: pins)
    }

    /// Another program, with maps of its own, where one is already.
    init(inSameNamespace pins: PinPolicy) throws {
        program = try LoadedProgram(hashKey: Self.key, pinPolicy: pins)
        for name in ["front", "back"] {
            let interface = try HostNetwork().interface(named: name)
            try program.allowSending(by: AttachPoint(name: name, index: interface.index.rawValue))
        }
    }

    private static func setUp() throws {
        try shell(
            """
            sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv6.conf.default.accept_dad=0
            ip link set lo up
            ip link add front address 02:00:00:00:01:01 type veth peer name frontpeer
            ip link add back address 02:00:00:00:02:01 type veth peer name backpeer
            ip link add other address 02:00:00:00:03:01 type veth peer name otherpeer
            for i in front back other; do ip link set $i up; ip link set ${i}peer up; done
            ip address add 198.51.100.1/24 dev front; ip address add 2001:db8:c::1/64 dev front nodad
            ip address add 10.1.0.1/24 dev back; ip address add fd00:1::1/64 dev back nodad
            ip address add 192.0.2.1/24 dev other
            for a in 198.51.100.7 2001:db8:c::7; do ip neigh add $a lladdr 02:00:00:00:01:02 nud permanent dev front; done
            for a in 10.1.0.11 10.1.0.12 10.1.0.13 fd00:1::11 fd00:1::12 fd00:1::13; do
              ip neigh add $a lladdr 02:00:00:00:02:02 nud permanent dev back
            done
            ip neigh add 192.0.2.7 lladdr 02:00:00:00:03:02 nud permanent dev other
            ip route add unreachable 10.66.0.0/24
            """)
    }

    /// What became of a packet.
    struct Outcome: Equatable {
        let action: Action
        let reason: String
        let bytes: [UInt8]
    }

    enum Action: UInt32 {
        case aborted, drop, pass, tx, redirect
    }

    /// Runs the program on one frame. Fails the test unless the frame was counted exactly once.
    func send(_ bytes: [UInt8], sourceLocation: SourceLocation = #_sourceLocation) throws -> Outcome {
        let before = try program.maps.reasons()
        let run = try program.program.testRun(packet: bytes)
        let after = try program.maps.reasons()
        let counted = Reason.allCases.filter { after[$0] != before[$0] }
        let packets = counted.map { after[$0]!.packets - before[$0]!.packets }
        #expect(packets == [1], "every packet is counted once, under one reason", sourceLocation: sourceLocation)
        let action = try #require(Action(rawValue: run.result), sourceLocation: sourceLocation)
        return Outcome(action: action, reason: counted.first?.label ?? "none", bytes: run.packet)
    }

    func send(_ packet: Packet, sourceLocation: SourceLocation = #_sourceLocation) throws -> Outcome {
        try send(packet.bytes, sourceLocation: sourceLocation)
    }

    /// Has somebody listen, or for UDP wait, on an address of this host until the namespace goes.
    func listen(_ text: String) throws {
        let endpoint = endpoint(text)
        let isIPv6 = endpoint.address.family == .ipv6
        let isUDP = endpoint.transport == .udp
        let type = isUDP ? SOCK_DGRAM : SOCK_STREAM
        let descriptor = socket(isIPv6 ? AF_INET6 : AF_INET, Int32(type.rawValue), 0)
        let status: Int32
        if isIPv6 {
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = endpoint.port.bigEndian
            address.sin6_addr = endpoint.address.bytes.withUnsafeBytes { $0.loadUnaligned(as: in6_addr.self) }
            status = withUnsafeBytes(of: &address) { bytes in
                bind(descriptor, bytes.bindMemory(to: sockaddr.self).baseAddress, socklen_t(bytes.count))
            }
        } else {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = endpoint.port.bigEndian
            address.sin_addr = endpoint.address.wireBytes.withUnsafeBytes { $0.loadUnaligned(as: in_addr.self) }
            status = withUnsafeBytes(of: &address) { bytes in
                bind(descriptor, bytes.bindMemory(to: sockaddr.self).baseAddress, socklen_t(bytes.count))
            }
        }
        try #require(
            status == 0 && (isUDP || Glibc.listen(descriptor, 1) == 0), "\(text): \(String(cString: strerror(errno)))")
    }

    /// Installs one service behind a VIP.
    ///
    /// - Parameters:
    ///   - owners: For each slot the index of its target; by default all to the first.
    func serve(
        _ vip: String, targets: [String], owners: [Int] = [0], algorithm: ServiceEntry.Algorithm = .fiveTuple,
        mode: ServiceEntry.Mode = .nat
    ) throws {
        let number = UInt32(try program.maps.tables().services.count)
        let service = ServiceID(rawValue: number)
        let listener = ListenerID(rawValue: number)
        let ids = targets.indices.map { TargetID(rawValue: UInt16(number) * 16 + UInt16($0) + 1) }
        var tables = Tables()
        for (id, target) in zip(ids, targets.map(endpoint)) {
            tables.targets[id] = TargetEntry(endpoint: target, service: service)
            guard mode == .nat else { continue }
            tables.returnPaths[target] = ReturnPathEntry(
                vip: endpoint(vip), target: id, targetAddress: target.address, listener: listener)
        }
        let range = owners.isEmpty ? nil : SlotRange(offset: number * 1024, count: UInt32(owners.count))
        tables.services[service] = ServiceEntry(
            identity: UInt64(number) + 1, algorithm: algorithm, mode: mode, range: range, generation: 1)
        tables.slots[service] = owners.isEmpty ? nil : ForwardingTable(settled: owners.map { ids[$0] })
        tables.listeners[endpoint(vip)] = ListenerEntry(id: listener, service: service)
        for step in plan(from: Tables(), to: tables) { try program.maps.perform(step) }
    }
}

extension HashKey {
    /// The same for the same seed. Multipliers must look random: where one is a small multiple of another, flows meet.
    init(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        self.init(words: (0..<Self.wordCount).map { _ in random.next() })
    }
}

extension Trait where Self == ConditionTrait {
    static var needsRoot: Self { .enabled(if: geteuid() == 0, "loading BPF programs needs root") }
}
