import HealthChecking
import SeededGenerator
import Testing

@Suite struct HealthTrackerTests {
    @Test("a new target is healthy after its first success")
    func firstSuccess() {
        var tracker = HealthTracker(unhealthyThreshold: 3, healthyThreshold: 5)
        #expect(tracker.health == .initial)
        #expect(tracker.receive(.refused) == nil)
        #expect(tracker.receive(.success) == Transition(from: .initial, to: .healthy))
        #expect(tracker.receive(.success) == nil)
        #expect(tracker.successes == 2)
    }

    @Test("a new target is unhealthy after unhealthyThreshold failures in a row")
    func firstFailures() {
        var tracker = HealthTracker(unhealthyThreshold: 2, healthyThreshold: 1)
        #expect(tracker.receive(.refused) == nil)
        #expect(tracker.receive(.silent) == Transition(from: .initial, to: .unhealthy))
        #expect(tracker.lastFailure?.kind == .connectTimeout)
    }

    @Test("a success breaks a row of failures, and a failure a row of successes")
    func brokenRows() {
        var tracker = HealthTracker(unhealthyThreshold: 2, healthyThreshold: 2)
        let results: [ProbeResult] = [.success, .refused, .success, .refused, .refused, .success, .refused, .success]
        #expect(results.map { tracker.receive($0)?.to } == [.healthy, nil, nil, nil, .unhealthy, nil, nil, nil])
        #expect(tracker.receive(.success) == Transition(from: .unhealthy, to: .healthy))
    }

    @Test("an inconclusive result changes nothing and breaks no row")
    func inconclusive() {
        var tracker = HealthTracker(unhealthyThreshold: 2, healthyThreshold: 2)
        _ = tracker.receive(.success)
        _ = tracker.receive(.refused)
        let before = tracker
        #expect(tracker.receive(.inconclusive("Too many open files")) == nil)
        #expect(tracker == before)
        #expect(tracker.receive(.refused)?.to == .unhealthy)
    }

    @Test("new thresholds keep health and counts, and count from the next result on")
    func newThresholds() {
        var tracker = HealthTracker(unhealthyThreshold: 5, healthyThreshold: 1)
        for result in [.success, .refused, .refused, .refused] as [ProbeResult] { _ = tracker.receive(result) }
        tracker.unhealthyThreshold = 2
        #expect(tracker.health == .healthy)
        #expect(tracker.failures == 3)
        #expect(tracker.receive(.refused)?.to == .unhealthy)
    }

    @Test("every sequence of results leads where the rules, read word by word, lead")
    func randomSequences() {
        for seed in 0..<1_000 as Range<UInt64> {
            var numbers = SeededGenerator(seed: seed)
            var tracker = HealthTracker(
                unhealthyThreshold: .random(in: 1...5, using: &numbers),
                healthyThreshold: .random(in: 1...5, using: &numbers))
            var reference = Reference(
                unhealthyThreshold: tracker.unhealthyThreshold, healthyThreshold: tracker.healthyThreshold)
            // Some targets are mostly up and some mostly down, or long rows would be rare.
            let upShare = Int.random(in: 5...95, using: &numbers)
            for _ in 0..<100 {
                let result = Self.randomResult(upShare: upShare, using: &numbers)
                let before = reference.health
                reference.receive(result)
                let expected =
                    reference.health == before ? nil : Transition(from: before, to: reference.health)
                #expect(tracker.receive(result) == expected, "seed \(seed)")
                #expect(tracker.health == reference.health, "seed \(seed)")
            }
        }
    }

    private static func randomResult(upShare: Int, using numbers: inout SeededGenerator) -> ProbeResult {
        if Int.random(in: 0..<8, using: &numbers) == 0 { return .inconclusive("no buffers") }
        return Int.random(in: 0..<100, using: &numbers) < upShare ? .success : .refused
    }

    /// Keeps the whole history and counts it anew for each result.
    private struct Reference {
        let unhealthyThreshold: Int
        let healthyThreshold: Int
        var health = Health.initial
        var history: [Bool] = []

        mutating func receive(_ result: ProbeResult) {
            if case .inconclusive = result { return }
            let isUp = result == .success
            history.append(isUp)
            let row = history.reversed().prefix { $0 == isUp }.count
            switch (health, isUp) {
            case (.initial, true): health = .healthy
            case (.initial, false), (.healthy, false): if row >= unhealthyThreshold { health = .unhealthy }
            case (.unhealthy, true): if row >= healthyThreshold { health = .healthy }
            default: break
            }
        }
    }
}
