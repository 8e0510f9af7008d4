import Dataplane
import Foundation
import NetworkTypes
import SeededGenerator
import Synchronization
import TableCompiler
import Testing

@Suite("table of pins", .needsRoot)
struct PinTableTests {
    private static let unlimited = PinPolicy(newPerSecond: .max / 2)
    private static let noPatience = PinSilence(opening: 0, seenOnce: 0, established: 0, closing: 0, udp: 0)
    private static let service = ServiceID(rawValue: 0)

    /// IPv4 sources whose flows to the scene's VIP have the same eight places in the table.
    private static func neighbours(_ count: Int) -> [(address: UInt32, port: UInt16)] {
        let vip = endpoint(PinScene.ipv4.vip)
        let pair = { (address: UInt32, port: UInt16) in
            let source = Endpoint(address: IPAddress(ipv4: address), port: port, transport: .tcp)
            let hash = longFlowHash(from: source, to: vip, sourceOnly: false, key: Bench.key)
            return hash >> 33 & 0x3ffff
        }
        let first = pair(0x6440_0000, 0)
        var found: [(UInt32, UInt16)] = []
        var address: UInt32 = 0x6440_0000
        while found.count < count {
            for port in 0...UInt16.max where found.count < count && pair(address, port) == first {
                found.append((address, port))
            }
            address += 1
        }
        return found
    }

    @Test("a ninth flow finds no place while eight live, and takes one of the first that is silent too long")
    func fullBuckets() async throws {
        let flows = Self.neighbours(9)
        try await PinBench.run { (bench) throws in
            bench.move(from: 0, to: 1)
            let sender = bench.sender
            let send = { try sender.send(flows[$0].address, port: flows[$0].port, $1) }
            for flow in 0..<8 { #expect(try send(flow, .syn) == 12) }
            #expect(try send(8, .syn) == 11)
            #expect(try send(8, .ack) == 11)
            #expect(try bench.events()["no_place"] == 2)
            for flow in 0..<8 { #expect(try send(flow, .ack) == 12) }

            bench.age(by: 20)
            #expect(try send(8, .syn) == 11, "established pins have 300 seconds")
            bench.age(by: 320)
            #expect(try send(8, .syn) == 12)
            #expect(try bench.events()["replaced"] == 1)
            #expect(bench.pins.counts() == [bench.id(1): PinCount(opening: 1, established: 7)])
        }
    }

    @Test("a word that stands beside another flow's tag is nobody's pin", arguments: [Packet.Flags.syn, .ack])
    func torn(_ flags: Packet.Flags) async throws {
        let flows = Self.neighbours(2)
        try await PinBench.run { (bench) throws in
            bench.move(from: 0, to: 1)
            let sender = bench.sender
            _ = try sender.send(flows[0].address, port: flows[0].port, .syn)
            if flags == .ack { _ = try sender.send(flows[0].address, port: flows[0].port, .ack) }
            let source = Endpoint(
                address: IPAddress(ipv4: flows[1].address), port: flows[1].port, transport: .tcp)
            bench.tear(
                to: longFlowHash(
                    from: source, to: endpoint(PinScene.ipv4.vip), sourceOnly: false, key: Bench.key))
            bench.move(from: 0, to: 2)
            #expect(try sender.send(flows[1].address, port: flows[1].port, .ack) == 11)
        }
    }

    @Test("no flow out of a million gets the target of another's pin", .timeLimit(.minutes(5)))
    func million() async throws {
        try await PinBench.run(pins: Self.unlimited) { (bench) throws in
            // Two threads, each with flows of its own: every second one begins, the others are from before the move.
            bench.move(from: 0, to: 1)
            let sender = bench.sender
            let firsts = try inThreads(2) { thread in
                try Self.flows(thread).enumerated().map { index, flow in
                    try sender.send(flow.address, port: flow.port, index % 2 == 0 ? .ack : .syn)
                }
            }
            for targets in firsts {
                #expect(stride(from: 0, to: targets.count, by: 2).allSatisfy { targets[$0] == 11 })
            }
            let events = try bench.events()
            let unpinned = events["no_place", default: 0] + events["raced", default: 0]
            #expect(unpinned < 20_000 && events["made"] == 1_000_000 - unpinned)

            // Flows without a pin show themselves: they go where no pin leads.
            bench.move(from: 2, to: nil)
            let thens = try inThreads(2) { thread in
                try Self.flows(thread).map { try sender.send($0.address, port: $0.port, .ack) }
            }
            let lost = thens.joined().count { $0 == 13 }
            let wrong = zip(firsts.joined(), thens.joined()).count { first, then in then != 13 && then != first }
            #expect(wrong == 0 && lost == unpinned)
        }
    }

    /// Half a million random flows, the same for the same thread.
    private static func flows(_ thread: Int) -> [(address: UInt32, port: UInt16)] {
        var random = SeededGenerator(seed: thread)
        return (0..<500_000).map { _ in (random.next(), random.next()) }
    }

    @Test("CPUs that meet a flow at once give it one pin and one target")
    func sameFlows() async throws {
        try await PinBench.run(pins: Self.unlimited) { (bench) throws in
            bench.move(from: 0, to: 1)
            let flows: Range<UInt32> = 0..<20_000
            let sender = bench.sender
            let refused = try inThreads(4) { _ in
                try flows.count { try sender.send(0x6440_0000 + $0, .syn) == 11 }
            }
            let events = try bench.events()
            #expect(refused.reduce(0, +) == events["raced"], "one that lost the race goes to the previous target")
            #expect(bench.pins.counts() == [bench.id(1): PinCount(opening: flows.count)])
        }
    }

    @Test("flows that fight for the same places, and with the sweeper, never get each other's target")
    func fights() async throws {
        let flows = Self.neighbours(24)
        let policy = PinPolicy(silence: Self.noPatience, newPerSecond: .max / 2)
        try await PinBench.run(pins: policy) { (bench) throws in
            bench.move(from: 0, to: 1)
            let sender = bench.sender
            let pins = bench.pins
            let results = try inThreads(4) { thread in
                if thread == 0 { return (0..<200).map { _ in pins.sweep(Self.noPatience) }.reduce(0, +) }
                var random = SeededGenerator(seed: thread)
                var wrong = 0
                for _ in 0..<100_000 {
                    // Even flows send only data and belong to target 0; odd ones only SYNs, and may be refused.
                    let index = Int.random(in: flows.indices, using: &random)
                    let isOld = index % 2 == 0
                    let target = try sender.send(
                        flows[index].address, port: flows[index].port, isOld ? .ack : .syn)
                    if target != 11 && (isOld || target != 12) { wrong += 1 }
                }
                return wrong
            }
            #expect(results[1...] == [0, 0, 0])
            #expect(results[0] > 0, "the sweeper was at work")
            #expect(try bench.events()["replaced", default: 0] > 0)
        }
    }

    @Test("a pin's hash tells its slot in a table of any size", arguments: [PinScene.all[0], PinScene.all[2]])
    func slots(_ scene: PinScene) async throws {
        try await PinBench.run(scene, slots: 251) { (bench) throws in
            for slot in 0..<251 { bench.move(slot: slot, from: 0, to: 1) }
            let sender = bench.sender
            let hash = { (flow: UInt32) in
                let source = Endpoint(address: IPAddress(ipv4: 0x6440_0000 + flow), port: 9, transport: .tcp)
                return flowHash(
                    from: source, to: endpoint(scene.vip), sourceOnly: scene.algorithm == .sourceIP, key: Bench.key)
            }
            let (old, new, once) = (0..<60 as Range<UInt32>, 60..<120 as Range<UInt32>, 120..<160 as Range<UInt32>)
            for flow in old { for _ in 1...2 { _ = try sender.send(0x6440_0000 + flow, .ack) } }
            for flow in new {
                for flags in [Packet.Flags.syn, .ack] { _ = try sender.send(0x6440_0000 + flow, flags) }
            }
            for flow in once { _ = try sender.send(0x6440_0000 + flow, .ack) }
            #expect(Set(bench.pins.all().map(\.hash)) == Set((0..<160).map(hash)))

            for size in [251, 1021] {
                let unsettled = { (silence: PinSilence) in
                    bench.pins.unsettledSlots(
                        of: [Self.service: .init(repeating: bench.id(1), count: size)],
                        services: [bench.id(0): Self.service, bench.id(1): Self.service], within: silence)
                }
                let slots = { (flows: [UInt32]) in
                    Set(flows.map { Int(slotIndex(hash: hash($0), size: UInt32(size))) }).sorted()
                }
                #expect(unsettled(.forgotten) == [Self.service: slots(Array(old) + Array(once))])
                var silence = PinSilence.forgotten
                silence.seenOnce = 0
                #expect(unsettled(silence) == [Self.service: slots(Array(old))])
                #expect(unsettled(Self.noPatience).isEmpty)
            }
            let others = bench.pins.unsettledSlots(
                of: [ServiceID(rawValue: 5): [bench.id(2)]], services: [bench.id(2): ServiceID(rawValue: 5)],
                within: .forgotten)
            #expect(others.isEmpty, "pins of other services' targets say nothing about this one")
        }
    }

    @Test("sweeping frees what was silent too long for its state, and nothing else")
    func sweep() async throws {
        try await PinBench.run { (bench) throws in
            bench.move(from: 0, to: 1)
            for port in 1...3 { _ = try bench.target(of: .ack, port: port) }
            for port in 2...3 { _ = try bench.target(of: .ack, port: port) }
            _ = try bench.target(of: [.fin, .ack], port: 3)
            let silence = PinSilence(opening: 0, seenOnce: 20, established: 60, closing: 40, udp: 30)
            let left = [
                (10, PinCount(seenOnce: 1, established: 1, closing: 1)), (15, PinCount(established: 1, closing: 1)),
            ]
            for (units, count) in left + [(20, PinCount(established: 1)), (20, PinCount())] {
                bench.age(by: units)
                let before = bench.pins.all().count
                let removed = bench.pins.sweep(silence)
                #expect(bench.pins.counts()[bench.id(0), default: PinCount()] == count)
                #expect(removed == before - count.total)
            }
            #expect(try bench.target(of: .syn, port: 2) == 1, "nobody knows this flow any more")
        }
    }

    @Test("a pin that was seen after the clock was read is the youngest of all, not the oldest")
    func ahead() async throws {
        let flows = Self.neighbours(9)
        try await PinBench.run { (bench) throws in
            bench.move(from: 0, to: 1)
            let sender = bench.sender
            for flow in flows[..<8] { _ = try sender.send(flow.address, port: flow.port, .ack) }
            bench.age(by: -3)
            #expect(bench.pins.sweep(.replaceable) == 0)
            #expect(bench.pins.all().allSatisfy { $0.silentSeconds == 0 })
            #expect(try sender.send(flows[0].address, port: flows[0].port, .syn) == 11)
            #expect(try sender.send(flows[8].address, port: flows[8].port, .syn) == 11)
            #expect(try bench.events()["no_place"] == 1)
        }
    }

    @Test("a target's id carries no flow over to its next owner")
    func reuse() async throws {
        try await PinBench.run { (bench) throws in
            bench.move(from: 0, to: 1)
            for _ in 1...2 { #expect(try bench.target(of: .ack, port: 1) == 0) }
            #expect(try bench.target(of: .syn, port: 2) == 1)

            // The load balancer goes, and another comes with the same VIP, ids and targets, in another order.
            for step in plan(from: try bench.maps.tables(), to: Tables()) { try bench.maps.perform(step) }
            #expect(bench.pins.removeAll(naming: [bench.id(0)]) == 1)
            #expect(bench.pins.counts() == [bench.id(1): PinCount(opening: 1)])
            #expect(bench.pins.removeAll(naming: [bench.id(1), bench.id(2)]) == 1)
            try bench.bench.serve(bench.scene.vip, targets: bench.scene.targets.reversed())
            bench.move(from: 0, to: 1)
            #expect(try bench.target(of: .ack, port: 1) == 2)
            #expect(try bench.target(of: .ack, port: 2) == 2)
        }
    }

    @Test("the maps' dump shows pins without their flows, and what happened to them")
    func dump() async throws {
        try await PinBench.run { (bench) throws in
            bench.move(from: 0, to: 1)
            for _ in 1...2 { _ = try bench.target(of: .ack, port: 1) }
            _ = try bench.target(of: .syn, port: 2)
            let pins = try bench.maps.dump(.pins)
            #expect(pins.columns == ["service", "target", "state", "silent_seconds", "slot_hash"])
            #expect(
                pins.rows.map { Array($0[..<3]) } == [
                    [.number(0), .number(1), .text("established")], [.number(0), .number(2), .text("opening")],
                ])
            #expect(
                try bench.maps.dump(.pinCounters).rows.first { $0[0] == .text("made") } == [.text("made"), .number(2)])
        }
    }

    @Test("a million pins are read and swept within 50 ms", .enabled(if: isTiming, "set SHOAL_TIMINGS"))
    func scanTime() async throws {
        try await PinBench.run(pins: Self.unlimited) { (bench) throws in
            bench.move(from: 0, to: 1)
            let sender = bench.sender
            for flow in 0..<1_000_000 as Range<UInt32> { _ = try sender.send(0x6440_0000 + flow, .ack) }
            let slots = [Self.service: [TargetID](repeating: bench.id(1), count: 131_071)]
            let services = [bench.id(0): Self.service]
            let clock = ContinuousClock()
            let times = [
                ("counts", clock.best { _ = bench.pins.counts() }),
                (
                    "unsettledSlots",
                    clock.best { _ = bench.pins.unsettledSlots(of: slots, services: services, within: .forgotten) }
                ),
                ("sweep of none", clock.best { bench.pins.sweep(.forgotten) }),
                ("sweep of all", clock.measure { bench.pins.sweep(Self.noPatience) }),
            ]
            for (name, time) in times {
                print("\(name): \(time)")
                #expect(time < .milliseconds(50))
            }
        }
    }
}

let isTiming = ProcessInfo.processInfo.environment["SHOAL_TIMINGS"] != nil

extension ContinuousClock {
    fileprivate func best(_ work: () -> Void) -> Duration { (0..<5).map { _ in measure(work) }.min()! }
}

/// Runs `body` in so many threads at once, which share the network namespace of the calling one.
private func inThreads<Result: Sendable>(
    _ count: Int, _ body: @escaping @Sendable (Int) throws -> Result
) throws -> [Result] {
    let results = Mutex([Swift.Result<Result, any Error>?](repeating: nil, count: count))
    let done = DispatchGroup()
    for index in 0..<count {
        done.enter()
        Thread {
            let result = Swift.Result { try body(index) }
            results.withLock { $0[index] = result }
            done.leave()
        }.start()
    }
    done.wait()
    return try results.withLock { results in try results.map { try $0!.get() } }
}
