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
            let best = bestOfFive { CanonicalTable(targets: targets) }
            print("build, 1,000 targets, \(name): \(best)")
            #expect(best < .milliseconds(10))
        }
    }

    @Test("the slots of 10 of 100 targets are lent within 5 ms at 65,537 slots")
    func overlay() {
        for (name, weight) in Self.weights {
            let targets = WeightedTarget.list(weights: (0..<100).map(weight))
            let table = CanonicalTable(targets: targets, size: .slots65537)
            let best = bestOfFive { table.overlaid(takers: (0..<100).map { $0 % 10 != 3 }) }
            print("overlay, 10 of 100 dead, \(name): \(best)")
            #expect(best < .milliseconds(5))
        }
    }

    @Test("the slots of half of 1,000 targets are lent within 200 ms")
    func largeOverlay() {
        let table = CanonicalTable(targets: WeightedTarget.list(weights: (0..<1_000).map { 1 + $0 * 37 % 100 }))
        let best = bestOfFive { table.overlaid(takers: (0..<1_000).map { $0 % 2 == 0 }) }
        print("overlay, 500 of 1,000 dead, mixed: \(best)")
        #expect(best < .milliseconds(200))
    }

    private func bestOfFive<Result>(_ work: () -> Result) -> Duration {
        (0..<5).map { _ in ContinuousClock().measure { _ = work() } }.min()!
    }
}
