import Dataplane
import NetworkTypes
import TableCompiler
import Testing

@Suite("moving slots", .needsRoot)
struct PinTests {
    @Test("a flow that begins goes to the slot's target and stays there", arguments: PinScene.all)
    func beginning(_ scene: PinScene) async throws {
        try await PinBench.run(scene) { (bench) throws in
            bench.move(from: 0, to: 1)
            #expect(try bench.target(of: .syn) == 1)
            #expect(try bench.target(of: .ack) == 1)
            bench.move(from: 0, to: 2)
            #expect(try bench.target(of: .ack) == 1, "the slot has moved on, the flow has not")
            #expect(try bench.target(of: .syn, port: 40001) == 2)
            #expect(bench.pins.counts() == [bench.id(1): PinCount(established: 1), bench.id(2): PinCount(opening: 1)])
            #expect(try bench.events()["made"] == 2)
        }
    }

    @Test("a flow from before the move goes to the previous target and stays there", arguments: PinScene.all)
    func before(_ scene: PinScene) async throws {
        try await PinBench.run(scene) { (bench) throws in
            bench.move(from: 0, to: 1)
            #expect(try bench.target(of: .ack) == 0)
            bench.move(from: 1, to: 2)
            #expect(try bench.target(of: .ack) == 0)
            #expect(bench.pins.counts() == [bench.id(0): PinCount(established: 1)])
        }
    }

    @Test("with pins switched off the same flows break", arguments: PinScene.all)
    func off(_ scene: PinScene) async throws {
        try await PinBench.run(scene, pins: PinPolicy(isOn: false)) { (bench) throws in
            bench.move(from: 0, to: 1)
            #expect(try bench.target(of: .ack) == 1, "a flow from before the move is torn from its target")
            bench.move(from: 0, to: 2)
            #expect(try bench.target(of: .ack) == 2, "and at the next move again")
            #expect(bench.pins.all().isEmpty)
        }
    }

    @Test("a settled slot makes no pin and looks at none", arguments: PinScene.all)
    func settled(_ scene: PinScene) async throws {
        try await PinBench.run(scene) { (bench) throws in
            for flags in [Packet.Flags.syn, .ack, [.fin, .ack], .rst] { #expect(try bench.target(of: flags) == 0) }
            #expect(bench.pins.all().isEmpty)
            bench.move(from: 0, to: 1)
            #expect(try bench.target(of: .ack) == 0)
            bench.settle(at: 2)
            #expect(try bench.target(of: .ack) == 2)
        }
    }

    @Test("a forged SYN moves no live flow, nor does one after a forged FIN or RST", arguments: PinScene.all)
    func forged(_ scene: PinScene) async throws {
        try await PinBench.run(scene) { (bench) throws in
            bench.move(from: 0, to: 1)
            #expect(try bench.target(of: .ack) == 0)
            #expect(try bench.target(of: .syn) == 0)
            for flags in [Packet.Flags.rst, [.fin, .ack]] {
                #expect(try bench.target(of: flags) == 0)
                #expect(try bench.target(of: .syn) == 0)
                #expect(try bench.target(of: .ack) == 0)
            }
            #expect(bench.pins.counts() == [bench.id(0): PinCount(established: 1)])
        }
    }

    @Test("a forged SYN takes nothing from a flow that has no pin yet", arguments: PinScene.all)
    func forgedFirst(_ scene: PinScene) async throws {
        try await PinBench.run(scene) { (bench) throws in
            bench.move(from: 0, to: 1)
            #expect(try bench.target(of: .syn, sequence: 0x5555_0000) == 1, "for all that can be known, a new flow")
            for flags in [Packet.Flags.ack, [.fin, .ack]] {
                #expect(try bench.target(of: flags, sequence: 0x1234_5678) == 0, "but this is an older one")
            }
            #expect(try bench.target(of: .ack, sequence: 0x5554_ffff) == 0)
            #expect(try bench.target(of: .ack, sequence: 0x5557_0000) == 0)
            #expect(bench.pins.counts() == [bench.id(1): PinCount(opening: 1)])
            #expect(try bench.target(of: .ack, sequence: 0x5555_0001) == 1, "unless it was no forgery")
            #expect(try bench.target(of: .ack, sequence: 0x1234_5678) == 1)
            #expect(bench.pins.counts() == [bench.id(1): PinCount(established: 1)])
        }
    }

    @Test("a RST for an earlier flow of the same name reaches the target that has it still", arguments: PinScene.all)
    func earlierFlow(_ scene: PinScene) async throws {
        try await PinBench.run(scene) { (bench) throws in
            bench.move(from: 0, to: 1)
            #expect(try bench.target(of: .syn, sequence: 0x5555_0000) == 1)
            for flags in [Packet.Flags.rst, [.rst, .ack]] {
                #expect(try bench.target(of: flags, sequence: 0x1234_5678) == 1, "it answers the target's ACK")
            }
            #expect(bench.pins.counts() == [bench.id(1): PinCount(opening: 1)], "and says nothing of this flow")
            #expect(try bench.target(of: .ack, sequence: 0x1234_5679) == 0, "who forged both has won nothing")
            #expect(try bench.target(of: .syn, sequence: 0x5555_0000) == 1)
            #expect(try bench.target(of: .ack, sequence: 0x5555_0001) == 1)
        }
    }

    @Test("a flow continues its SYN wherever its sequence numbers begin, also a later SYN's", arguments: PinScene.all)
    func sequences(_ scene: PinScene) async throws {
        try await PinBench.run(scene) { (bench) throws in
            bench.move(from: 0, to: 1)
            let continued: [(UInt32, UInt32)] = [
                (0, 1), (0xffff, 0x1_0000), (0x1_fffe, 0x2_fffe), (.max, 0), (0xfffe_ffff, 0xffff_0000),
                (.max - 9, 0xfff0),
            ]
            for (port, (syn, next)) in continued.enumerated() {
                #expect(try bench.target(of: .syn, port: port, sequence: syn) == 1)
                #expect(try bench.target(of: .ack, port: port, sequence: next) == 1)
            }
            for syn in [7, 0x7777_7777] as [UInt32] {
                #expect(try bench.target(of: .syn, port: 100, sequence: syn) == 1)
            }
            #expect(try bench.target(of: .ack, port: 100, sequence: 8) == 0, "this SYN has been given up")
            #expect(try bench.target(of: .ack, port: 100, sequence: 0x7777_7778) == 1)
        }
    }

    @Test("where nobody is left at the previous target, any packet follows the pin")
    func noOlderFlows() async throws {
        try await PinBench.run { (bench) throws in
            bench.move(from: 0, to: 1)
            #expect(try bench.target(of: .syn, sequence: 1) == 1)
            bench.move(from: 0, to: 2)
            try bench.remove(target: 0)
            #expect(try bench.target(of: .ack, sequence: 0x1234_5678) == 1)
        }
    }

    @Test(
        "flags that contradict each other begin no flow",
        arguments: [[.syn, .ack], [.syn, .fin], [.syn, .rst]] as [Packet.Flags])
    func contradiction(_ flags: Packet.Flags) async throws {
        try await PinBench.run { (bench) throws in
            bench.move(from: 0, to: 1)
            #expect(try bench.target(of: flags) == 0)
        }
    }

    @Test("FIN and RST close a pin, which then counts for a short time only", arguments: PinScene.all)
    func closing(_ scene: PinScene) async throws {
        try await PinBench.run(scene) { (bench) throws in
            bench.move(from: 0, to: 1)
            for (port, flags) in [(1, [.fin, .ack]), (2, .rst)] as [(Int, Packet.Flags)] {
                #expect(try bench.target(of: .ack, port: port) == 0)
                #expect(try bench.target(of: flags, port: port) == 0)
                #expect(try bench.target(of: .ack, port: port) == 0, "the other side may still have much to say")
            }
            #expect(bench.pins.counts() == [bench.id(0): PinCount(closing: 2)])
            bench.age(by: 12)
            #expect(bench.pins.counts(within: .replaceable).isEmpty)
            #expect(bench.pins.counts(within: .forgotten) == [bench.id(0): PinCount(closing: 2)])
            #expect(try bench.target(of: .syn, port: 1) == 1, "the client uses its port again")
            #expect(try bench.target(of: .ack, port: 2) == 0, "this one was only slow")
            #expect(bench.pins.counts() == [bench.id(0): PinCount(closing: 1), bench.id(1): PinCount(opening: 1)])
            #expect(try bench.events()["moved"] == 1)
        }
    }

    @Test("a closed flow begins anew after two seconds of silence, and not before", arguments: PinScene.all)
    func reuse(_ scene: PinScene) async throws {
        try await PinBench.run(scene) { (bench) throws in
            bench.move(from: 0, to: 1)
            for flags in [.ack, [.fin, .ack]] as [Packet.Flags] { #expect(try bench.target(of: flags) == 0) }
            #expect(try bench.target(of: .syn) == 0, "it may be forged, and the flow go on")
            #expect(try bench.target(of: [.fin, .ack]) == 0)
            bench.age(by: 3)
            #expect(try bench.target(of: .ack) == 0, "its last words")
            bench.age(by: 3)
            #expect(try bench.target(of: .syn) == 1, "the client uses its port again")
            #expect(try bench.target(of: .ack) == 1)
            #expect(bench.pins.counts() == [bench.id(1): PinCount(established: 1)])
        }
    }

    @Test("a SYN after long silence begins the flow anew; data after it does not", arguments: PinScene.all)
    func idle(_ scene: PinScene) async throws {
        try await PinBench.run(scene) { (bench) throws in
            bench.move(from: 0, to: 1)
            for port in 1...2 { for _ in 1...2 { #expect(try bench.target(of: .ack, port: port) == 0) } }
            bench.age(by: 250)
            #expect(try bench.target(of: .syn, port: 1) == 0, "still within 300 seconds")
            bench.age(by: 320)
            #expect(try bench.target(of: .ack, port: 2) == 0)
            #expect(try bench.target(of: .syn, port: 1) == 1)
            #expect(try bench.target(of: .ack, port: 1) == 1)
            #expect(bench.pins.all().allSatisfy { $0.silentSeconds < 60 }, "each was seen just now")
        }
    }

    @Test("an unknown flow of UDP goes to the previous target, and stays there", arguments: PinScene.udp)
    func udp(_ scene: PinScene) async throws {
        try await PinBench.run(scene) { (bench) throws in
            #expect(try bench.target(of: []) == 0)
            #expect(bench.pins.all().isEmpty, "a settled slot makes no pin")
            bench.move(from: 0, to: 1)
            #expect(try bench.target(of: [], port: 1) == 0)
            bench.move(from: 1, to: 1)
            #expect(try bench.target(of: [], port: 1) == 0, "it is pinned")
            #expect(try bench.target(of: [], port: 2) == 1, "whoever is unknown now is new")
            bench.move(from: 1, to: 2)
            #expect(try bench.target(of: [], port: 2) == 1)
            #expect(bench.pins.counts() == [bench.id(0): PinCount(udp: 1), bench.id(1): PinCount(udp: 1)])
        }
    }

    @Test("a flow of UDP that was silent for half a minute is over", arguments: PinScene.udp)
    func silentUDP(_ scene: PinScene) async throws {
        try await PinBench.run(scene) { (bench) throws in
            bench.move(from: 0, to: 1)
            #expect(try bench.target(of: []) == 0)
            bench.move(from: 1, to: 1)
            bench.age(by: udpIdleSeconds - 3)
            #expect(try bench.target(of: []) == 0)
            bench.age(by: udpIdleSeconds + 3)
            #expect(bench.pins.counts(within: .forgotten).isEmpty)
            #expect(try bench.target(of: []) == 1)
            #expect(bench.pins.counts() == [bench.id(1): PinCount(udp: 1)], "in the same place")
            #expect(try bench.events()["moved"] == 1)
        }
    }

    @Test("a pin whose target is gone, or serves others now, is made anew", arguments: PinScene.all)
    func targetGone(_ scene: PinScene) async throws {
        try await PinBench.run(scene) { (bench) throws in
            bench.move(from: 1, to: 2)
            #expect(try bench.target(of: .ack, port: 1) == 1)
            #expect(try bench.target(of: .ack, port: 2) == 1)
            bench.move(from: 0, to: 2)
            try bench.remove(target: 1)
            #expect(try bench.target(of: .ack, port: 1) == 0)
            #expect(try bench.target(of: .syn, port: 2) == 2)
            try bench.giveAway(target: 2)
            #expect(try bench.target(of: .ack, port: 2) == 0, "the id is another service's now")
            #expect(bench.pins.counts() == [bench.id(0): PinCount(seenOnce: 2)])
            #expect(try bench.events()["moved"] == 3)
        }
    }

    @Test("a slot that came back to its target still follows the pins of those it was lent to", arguments: PinScene.all)
    func cameBack(_ scene: PinScene) async throws {
        try await PinBench.run(scene) { (bench) throws in
            bench.move(from: 0, to: 1)
            #expect(try bench.target(of: .syn, port: 1) == 1)
            bench.move(from: 0, to: 0)
            #expect(try bench.target(of: .ack, port: 1) == 1, "it began while the slot was away")
            #expect(try bench.target(of: .ack, port: 2) == 0, "it began before")
            #expect(try bench.target(of: .syn, port: 3) == 0)
            bench.settle(at: 0)
            #expect(try bench.target(of: .ack, port: 1) == 0)
        }
    }

    @Test("where nobody is left at the previous target, unknown flows go on without pins", arguments: PinScene.all)
    func noPrevious(_ scene: PinScene) async throws {
        try await PinBench.run(scene) { (bench) throws in
            bench.move(from: nil, to: 1)
            #expect(try bench.target(of: .syn) == 1)
            #expect(try bench.target(of: .ack) == 1)
            bench.move(from: 2, to: 1)
            try bench.remove(target: 2)
            #expect(try bench.target(of: .ack) == 1)
            #expect(bench.pins.all().isEmpty)
        }
    }

    @Test("a slot without a target takes no new flow, but keeps those it had", arguments: PinScene.all)
    func noTarget(_ scene: PinScene) async throws {
        try await PinBench.run(scene) { (bench) throws in
            bench.move(from: 0, to: nil)
            #expect(try bench.target(of: .ack) == 0)
            #expect(try bench.bench.send(scene.packet(.syn, port: 2)).reason == "no_target")
            #expect(bench.pins.counts() == [bench.id(0): PinCount(seenOnce: 1)])
        }
    }

    @Test("beyond the budget a flow stays whole: at the previous target, from its SYN on", arguments: PinScene.all)
    func noBudget(_ scene: PinScene) async throws {
        try await PinBench.run(scene, pins: PinPolicy(newPerSecond: 0)) { (bench) throws in
            bench.move(from: 0, to: 1)
            #expect(try bench.target(of: .syn) == 0)
            #expect(try bench.target(of: .ack) == 0)
            #expect(bench.pins.all().isEmpty)
            #expect(try bench.events()["over_budget"] == 2)
        }
    }

    @Test("a flood of SYNs is held to its budget, and takes neither pins nor the budget of other flows")
    func flood() async throws {
        let perSecond = 40
        try await PinBench.run(pins: PinPolicy(newPerSecond: perSecond)) { (bench) throws in
            bench.move(from: 0, to: 1)
            for port in 1...5 { for _ in 1...2 { #expect(try bench.target(of: .ack, port: port) == 0) } }
            let sender = bench.sender
            let clock = ContinuousClock()
            var made = 0
            let time = try clock.measure {
                for number in 0..<5000 as Range<UInt32> {
                    let target = try sender.send(0xc612_0000 + number, .syn)
                    #expect(target == 11 || target == 12)
                    if target == 12 { made += 1 }
                }
            }
            // A budget for each tick that the flood saw, in full even for the first and the last, rounded up per CPU.
            let ticks = Int(time.components.seconds) + 2
            #expect(made > 0 && made <= (perSecond + 64) * ticks)
            #expect(try bench.events()["over_budget"] == 5000 - made)
            #expect(try bench.target(of: .ack, port: 6) == 0)
            for port in 1...5 { #expect(try bench.target(of: .syn, port: port) == 0, "established before the flood") }
            let counts = bench.pins.counts()
            #expect(
                counts == [bench.id(0): PinCount(seenOnce: 1, established: 5), bench.id(1): PinCount(opening: made)])
        }
    }

    @Test("100,000 SYNs from random sources leave nothing behind in a settled slot")
    func floodOfSettledSlot() async throws {
        try await PinBench.run { (bench) throws in
            let sender = bench.sender
            var random = SystemRandomNumberGenerator()
            for _ in 0..<100_000 {
                let target = try sender.send(random.next(), port: random.next(), .syn)
                try #require(target == 11)
            }
            #expect(bench.pins.all().isEmpty)
            #expect(try Set(bench.events().values) == [0])
        }
    }
}
