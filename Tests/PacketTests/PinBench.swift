import BPFRuntime
import CShoalABI
import Dataplane
import NetworkTypes
import TableCompiler
import Testing

/// One service with three targets and one slot, or as many as a test wants, of one family and algorithm.
struct PinScene: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let algorithm: ServiceEntry.Algorithm
    let vip: String
    /// Without its port.
    let client: String
    let targets: [String]

    static let all = ServiceEntry.Algorithm.allCases.flatMap { algorithm in
        [
            PinScene(
                testDescription: "IPv4, \(algorithm)", algorithm: algorithm, vip: "203.0.113.10:80",
                client: "198.51.100.7", targets: ["10.1.0.11:8081", "10.1.0.12:8082", "10.1.0.13:8083"]),
            PinScene(
                testDescription: "IPv6, \(algorithm)", algorithm: algorithm, vip: "[2001:db8:a::10]:80",
                client: "[2001:db8:c::7]",
                targets: ["[fd00:1::11]:8081", "[fd00:1::12]:8082", "[fd00:1::13]:8083"]),
        ]
    }

    static let ipv4 = all[2]

    static let udp = all.map { scene in
        PinScene(
            testDescription: scene.testDescription + ", UDP", algorithm: scene.algorithm, vip: scene.vip + "/udp",
            client: scene.client, targets: scene.targets.map { $0 + "/udp" })
    }

    func packet(_ flags: Packet.Flags, port: Int = 40000) -> Packet {
        .tcp("\(client):\(port)\(vip.hasSuffix("/udp") ? "/udp" : "")", to: vip, flags)
    }
}

/// What a test of pins does to the maps, in words; targets are named by their place in the scene.
struct PinBench {
    let bench: Bench
    let scene: PinScene
    private let slots: BPFMappedArray<shoal_slot_pair>
    private let buckets: BPFMappedArray<shoal_pin_bucket>

    static func run(
        _ scene: PinScene = .ipv4, slots: Int = 1, pins: PinPolicy = PinPolicy(),
        _ body: @escaping @Sendable (PinBench) throws -> Void
    ) async throws {
        try await Bench.run(pins: pins) { bench in
            try bench.serve(
                scene.vip, targets: scene.targets, owners: .init(repeating: 0, count: slots),
                algorithm: scene.algorithm)
            try body(PinBench(bench, scene))
        }
    }

    private init(_ bench: Bench, _ scene: PinScene) throws {
        self.bench = bench
        self.scene = scene
        slots = try BPFMappedArray(try bench.program.descriptor(ofMap: "slots"), name: "slots")
        buckets = try BPFMappedArray(try bench.program.descriptor(ofMap: "pins"), name: "pins")
    }

    var maps: DataplaneMaps { bench.program.maps }
    var pins: FlowPins { maps.pins }

    /// The id of a target in the maps; that of nobody for `nil`.
    func id(_ target: Int?) -> TargetID { TargetID(rawValue: target.map { UInt16($0) + 1 } ?? 0) }

    /// Has a slot move, as the controller does; from nobody, it is settled.
    func move(slot: Int = 0, from previous: Int?, to target: Int?) {
        let value = shoal_slot(target: id(target).rawValue, previous: id(previous).rawValue)
        var pair = slots[slot / 2]
        if slot % 2 == 0 { pair.slots.0 = value } else { pair.slots.1 = value }
        slots[slot / 2] = pair
    }

    func moveAll(slots count: Int, from previous: Int?, to target: Int?) {
        let value = shoal_slot(target: id(target).rawValue, previous: id(previous).rawValue)
        for pair in 0..<count / 2 { slots[pair] = shoal_slot_pair(slots: (value, value)) }
    }

    func settle(slot: Int = 0, at target: Int) { move(slot: slot, from: nil, to: target) }

    func remove(target: Int) throws { try maps.perform(.removeTarget(id(target))) }

    /// Gives a target's id to another service.
    func giveAway(target: Int) throws {
        let entry = TargetEntry(endpoint: endpoint(scene.targets[target]), service: ServiceID(rawValue: 77))
        try maps.perform(.putTarget(id(target), entry))
    }

    /// The target that a packet is sent to, all bytes of the frame checked.
    func target(
        of flags: Packet.Flags, port: Int = 40000, sequence: UInt32 = 0x1122_3344,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> Int {
        var packet = scene.packet(flags, port: port)
        packet.sequence = sequence
        let outcome = try bench.send(packet, sourceLocation: sourceLocation)
        #expect(outcome.reason == "to_target" && outcome.action == .redirect, sourceLocation: sourceLocation)
        let index = scene.targets.firstIndex { target in
            outcome.bytes
                == packet.forwarded(
                    to: endpoint(target), sourceMAC: Bench.backMAC, destinationMAC: Bench.backPeerMAC
                ).bytes
        }
        return try #require(index, "no target gets this frame", sourceLocation: sourceLocation)
    }

    /// Makes all pins look as if they had been silent for so long, in the pins' unit of about a second.
    func age(by units: Int) {
        buckets.withUnsafeMutableBufferPointer { buckets in
            buckets.withMemoryRebound(to: shoal_pin.self) { pins in
                for index in pins.indices where shoal_pin_target(pins[index].word) != 0 {
                    let older = pins[index].word >> 32 &- UInt64(bitPattern: Int64(units))
                    let seen = older & (UInt64(SHOAL_PIN_TICKS) - 1)
                    pins[index].word &= ~((UInt64(SHOAL_PIN_TICKS) - 1) << 32)
                    pins[index].word |= seen << 32
                }
            }
        }
    }

    /// Puts another tag before the words of all pins, as a reader may see it while they are being replaced.
    func tear(to tag: UInt64) {
        buckets.withUnsafeMutableBufferPointer { buckets in
            buckets.withMemoryRebound(to: shoal_pin.self) { pins in
                for index in pins.indices where shoal_pin_target(pins[index].word) != 0 { pins[index].tag = tag }
            }
        }
    }

    func events() throws -> [String: Int] {
        Dictionary(uniqueKeysWithValues: try maps.pinEvents().map { ($0.label, Int($1)) })
    }

    /// For many packets of IPv4 flows, from any thread.
    var sender: FlowSender {
        FlowSender(program: bench.program.program, frame: scene.packet(.ack).bytes)
    }
}

/// Runs the program on packets of many flows, and does nothing more.
struct FlowSender: Sendable {
    fileprivate let program: BPFProgram
    fileprivate let frame: [UInt8]

    /// The last byte of the address that a packet is sent to; `nil` when it is not sent on. Checksums are left wrong.
    func send(_ address: UInt32, port: UInt16 = 9, _ flags: Packet.Flags) throws -> UInt8? {
        var frame = frame
        for byte in 0..<4 { frame[26 + byte] = UInt8(truncatingIfNeeded: address >> UInt32(24 - 8 * byte)) }
        frame[34] = UInt8(port >> 8)
        frame[35] = UInt8(port & 0xff)
        frame[47] = flags.rawValue
        let run = try program.testRun(packet: frame)
        return run.result == Bench.Action.redirect.rawValue ? run.packet[33] : nil
    }
}
