import BPFRuntime
import CShoalABI
import Dataplane
import Foundation
import NetworkNamespace
import TableCompiler
import Testing

/// What pins cost, in nanoseconds a packet; `SHOAL_TIMINGS=1` prints the table of docs/decisions/0012-pins.md.
@Suite(.serialized, .needsRoot, .enabled(if: isTiming, "set SHOAL_TIMINGS"))
struct PinCostTests {
    private static let slots = 65_536
    private static let rounds = 21

    /// The value of the map `plan` of Tests/Support/FlowDriver/flows.bpf.c.
    private struct FlowPlan: BitwiseCopyable {
        var number: UInt64 = 0
        var mask: UInt32
        var flags: UInt32
        var frame: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64)
    }

    /// Sends many flows through a program.
    private struct Driver {
        private let driver: BPFProgram
        private let plan: BPFMap<UInt32, FlowPlan>
        private let underTest: BPFMap<UInt32, UInt32>
        private let frame: [UInt8]

        init(frame: [UInt8]) throws {
            let source = URL(filePath: #filePath).deletingLastPathComponent()
                .appending(path: "../Support/FlowDriver/flows.bpf.c").standardized.path
            let output = FileManager.default.temporaryDirectory.appending(path: "shoal-flows-\(UUID()).o")
            defer { try? FileManager.default.removeItem(at: output) }
            try shell(
                """
                clang -O2 -g -target bpf -mcpu=v3 -I/usr/include/$(uname -m)-linux-gnu -c '\(source)' -o '\(output.path)'
                """)
            let object = try BPFObject(bytes: Array(try Data(contentsOf: output)), name: "flows")
            try object.load()
            driver = try object.program("flows")
            plan = try BPFMap(try object.map("plan"), name: "plan")
            underTest = try BPFMap(try object.map("under_test"), name: "under_test")
            self.frame = Array(frame.prefix(56)) + [0, 0, 0, 0]
        }

        /// The mean time of a packet.
        func run(_ program: BPFProgram, flows: Int, from first: Int, packets: Int, _ flags: Packet.Flags) throws
            -> Double
        {
            let words = frame.withUnsafeBytes {
                $0.loadUnaligned(as: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64).self)
            }
            try underTest.update(0, to: program)
            try plan.update(
                0,
                FlowPlan(
                    number: UInt64(first), mask: UInt32(flows - 1), flags: UInt32(flags.rawValue), frame: words))
            let run = try driver.testRun(packet: frame, repeats: Int32(packets))
            try #require(run.result == Bench.Action.redirect.rawValue, "the program under test sends packets on")
            return Double(run.nanoseconds)
        }
    }

    /// One line of the table.
    private struct Row {
        let name: String
        let isMoving: Bool
        let flows: Int
        var flags: Packet.Flags = .ack
    }

    private static let rows =
        [1, 65_536, 1 << 20].flatMap { flows in
            [
                Row(name: "settled, \(flows) flows", isMoving: false, flows: flows),
                Row(name: "moving, \(flows) flows with pins", isMoving: true, flows: flows),
            ]
        } + [
            Row(name: "settled, each packet a new SYN", isMoving: false, flows: 1 << 30, flags: .syn),
            Row(name: "moving, each packet a new SYN and a pin", isMoving: true, flows: 1 << 30, flags: .syn),
        ]

    @Test("settled slots cost what they cost without pins, moving ones a cache line more")
    func cost() async throws {
        let withPins = PinPolicy(newPerSecond: .max / 2)
        try await PinBench.run(slots: Self.slots, pins: withPins) { (bench) throws in
            let without = try Bench(inSameNamespace: PinPolicy(isOn: false))
            try without.serve(
                bench.scene.vip, targets: bench.scene.targets, owners: .init(repeating: 0, count: Self.slots))
            let driver = try Driver(frame: bench.scene.packet(.ack).bytes)
            let programs = [bench.bench.program.program, without.program.program]
            for row in Self.rows {
                bench.moveAll(slots: Self.slots, from: row.isMoving ? 1 : nil, to: 0)
                bench.pins.removeAll(naming: [bench.id(0), bench.id(1)])
                if row.flows <= 1 << 20 {
                    for _ in 1...2 {
                        _ = try driver.run(programs[0], flows: row.flows, from: 0, packets: row.flows, row.flags)
                    }
                }
                var times: [[Double]] = [[], []]
                for round in 0..<Self.rounds {
                    for index in round % 2 == 0 ? [0, 1] : [1, 0] {
                        if row.flows > 1 << 20 { bench.pins.removeAll(naming: [bench.id(0), bench.id(1)]) }
                        times[index].append(
                            try driver.run(
                                programs[index], flows: row.flows, from: round * 200_000, packets: 200_000, row.flags))
                    }
                }
                let ratio = median(zip(times[0], times[1]).map { $0 / $1 })
                print(
                    "\(row.name): \(median(times[0])) ns, pins off \(median(times[1])) ns, ratio",
                    String(format: "%.3f", ratio))
                if !row.isMoving { #expect(ratio < 1.05) }
            }
        }
    }
}

private func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
