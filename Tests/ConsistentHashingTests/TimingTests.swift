import ConsistentHashing
import Foundation
import Testing

/// Run on demand, since a busy machine says nothing about the code; meant for a release build.
@Suite(.serialized, .enabled(if: ProcessInfo.processInfo.environment["SHOAL_TIMINGS"] != nil, "set SHOAL_TIMINGS"))
struct TimingTests {
    private static let weights: [(name: String, ofTarget: @Sendable (Int) -> Int)] = [
        ("equal", { _ in 100 }),
        ("one heavy", { $0 == 0 ? 100 : 1 }),
        ("mixed", { 1 + $0 * 37 % 100 }),
    ]

    @Test("131,071 slots of 1,000 targets are built within 10 ms")
    func build() {
        for (name, weight) in Self.weights {
            let targets = WeightedTarget.list(weights: (0..<1_000).map(weight))
            let best = best(of: 5) { CanonicalTable(targets: targets) }
            print("build, 1,000 targets, \(name): \(best)")
            #expect(best < .milliseconds(10))
        }
    }

    @Test("131,071 slots of 1,000 targets are repaired within 5 ms, or 10 ms when ten leave their slots to others")
    func repair() {
        for (name, weight) in Self.weights {
            let before = WeightedTarget.list(weights: (0..<1_000).map(weight))
            let table = CanonicalTable(targets: before)
            let newcomers = before.prefix(10).enumerated().map { number, target in
                WeightedTarget(identity: [UInt8(number)], weight: target.weight)
            }
            let changes: [(String, [WeightedTarget], limit: Duration)] = [
                ("one joins", before + newcomers.suffix(1), .milliseconds(5)),
                ("ten join", before + newcomers, .milliseconds(5)),
                ("ten are replaced", before.dropFirst(10) + newcomers, .milliseconds(5)),
                ("one leaves", before.dropLast(), .milliseconds(5)),
                ("ten leave", before.dropLast(10), .milliseconds(10)),
            ]
            for (change, after, limit) in changes {
                let best = best(of: 20) { table.repaired(for: after) }
                print("repair, 1,000 targets, \(name), \(change): \(best)")
                #expect(best < limit)
            }
        }
    }

    @Test("two tables of 131,071 slots are compared within 5 ms and summed up within 1 ms")
    func comparison() {
        let targets = WeightedTarget.list(weights: (0..<1_000).map { 1 + $0 * 37 % 100 })
        let before = CanonicalTable(targets: targets)
        let after = before.repaired(for: targets.dropLast())
        let comparison = best(of: 5) { TableChange(from: before.named, to: after.named) }
        let digest = best(of: 5) { before.named.digest }
        print("comparison, 1,000 targets: \(comparison); digest: \(digest)")
        #expect(comparison < .milliseconds(5))
        #expect(digest < .milliseconds(1))
    }

    @Test("the slots of 10 of 100 targets are lent within 5 ms at 65,537 slots")
    func overlay() {
        for (name, weight) in Self.weights {
            let targets = WeightedTarget.list(weights: (0..<100).map(weight))
            let table = CanonicalTable(targets: targets, size: .slots65537)
            let best = best(of: 5) { table.overlaid(takers: (0..<100).map { $0 % 10 != 3 }) }
            print("overlay, 10 of 100 dead, \(name): \(best)")
            #expect(best < .milliseconds(5))
        }
    }

    @Test("the slots of half of 1,000 targets are lent within 200 ms")
    func largeOverlay() {
        let table = CanonicalTable(targets: WeightedTarget.list(weights: (0..<1_000).map { 1 + $0 * 37 % 100 }))
        let best = best(of: 5) { table.overlaid(takers: (0..<1_000).map { $0 % 2 == 0 }) }
        print("overlay, 500 of 1,000 dead, mixed: \(best)")
        #expect(best < .milliseconds(200))
    }

    private func best<Result>(of trials: Int, _ work: () -> Result) -> Duration {
        (0..<trials).map { _ in ContinuousClock().measure { _ = work() } }.min()!
    }
}
