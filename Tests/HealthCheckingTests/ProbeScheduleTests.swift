import HealthChecking
import SeededGenerator
import Testing

private typealias Instant = ProbeSchedule.Instant

/// Any instant will do.
private let origin = Instant.now

@Suite struct ProbeScheduleTests {
    @Test(
        "starts are an interval apart, however long the probes take and however late the clock rings",
        arguments: [Duration.zero, .milliseconds(7), .milliseconds(4_990)])
    func cadence(probe: Duration) {
        var bench = Bench(probeTakes: probe)
        bench.schedule.update([.sample(interval: .seconds(5))])
        let starts = bench.starts(count: 100, lateBy: .milliseconds(3))
        #expect(differences(starts).allSatisfy { $0 == .seconds(5) })
    }

    @Test("a probe that takes longer than the interval is followed by the next at once")
    func longProbes() {
        var bench = Bench(probeTakes: .seconds(60))
        bench.schedule.update([.sample(timeout: .seconds(60), interval: .seconds(5))])
        #expect(differences(bench.starts(count: 10)).allSatisfy { $0 == .seconds(60) })
    }

    @Test("a late check skips the beats that it missed and keeps its beat")
    func missedBeats() throws {
        var schedule = ProbeSchedule()
        schedule.update([.sample(interval: .seconds(10))])
        let first = try #require(schedule.nextStart)
        func next(startedLateBy lateness: Duration) throws -> Duration {
            var schedule = schedule
            let started = first + lateness
            let probe = try #require(schedule.start(at: started).first)
            #expect(schedule.finish(probe.number, at: started + .milliseconds(1)) != nil)
            return first.duration(to: try #require(schedule.nextStart))
        }
        #expect(try next(startedLateBy: .seconds(4)) == .seconds(10))
        #expect(try next(startedLateBy: .seconds(6)) == .seconds(20))
        #expect(try next(startedLateBy: .seconds(9)) == .seconds(20))
        #expect(try next(startedLateBy: .seconds(104)) == .seconds(110))
        #expect(try next(startedLateBy: .seconds(106)) == .seconds(120))
    }

    @Test("many new checks start spread evenly over their interval")
    func spread() {
        var schedule = ProbeSchedule(inFlightMax: .max)
        schedule.update((0..<10_000).map { .sample($0, interval: .seconds(300)) })
        let perTenth = (1...10).map { schedule.start(at: origin + .seconds(30 * $0)).count }
        #expect(perTenth.allSatisfy { (900...1_100).contains($0) }, "\(perTenth)")
        #expect(perTenth.reduce(0, +) == 10_000)
    }

    @Test("fewer than 100 new checks start within a second, even among many others")
    func prompt() {
        var schedule = ProbeSchedule(inFlightMax: .max)
        var checks = (0..<99).map { Check.sample($0, interval: .seconds(300)) }
        schedule.update(checks)
        #expect(schedule.start(at: origin + .seconds(1)).count == 99)

        checks += (99..<10_000).map { .sample($0, interval: .seconds(300)) }
        schedule.update(checks)
        #expect(schedule.start(at: origin + .seconds(1)).count < 99)
        _ = schedule.start(at: origin + .seconds(300))

        checks += (10_000..<10_099).map { .sample($0, interval: .seconds(300)) }
        schedule.update(checks)
        #expect(schedule.start(at: origin + .seconds(1)).count == 99)
    }

    @Test("an offset depends on the id alone")
    func stableOffset() {
        var alone = ProbeSchedule()
        alone.update([.sample(7)])
        var among = ProbeSchedule()
        among.update((0..<50).map { .sample($0) })
        let due = alone.nextStart!
        #expect(!among.start(at: due - .nanoseconds(1)).contains { $0.check.id == .sample(7) })
        #expect(among.start(at: due).contains { $0.check.id == .sample(7) })
    }

    @Test("no more than 512 probes are under way; the rest waits, oldest first")
    func bounded() throws {
        var schedule = ProbeSchedule()
        schedule.update((0..<1_000).map { .sample($0) })
        let first = schedule.start(at: origin + .seconds(5))
        #expect(first.count == 512)
        #expect(schedule.nextStart == nil)
        #expect(schedule.start(at: origin + .seconds(5)).isEmpty)

        _ = schedule.finish(first[0].number, at: origin + .seconds(6))
        let second = schedule.start(at: origin + .seconds(6))
        #expect(second.count == 1)
        for probe in first[1...] + second { _ = schedule.finish(probe.number, at: origin + .seconds(7)) }
        // Whoever waited goes before those that have had a turn.
        let third = schedule.start(at: origin + .seconds(7))
        let served = Set((first + second).map(\.check.id))
        #expect(third.count { !served.contains($0.check.id) } == 1_000 - 513)
    }

    @Test("a check that is probed as before is not disturbed")
    func undisturbed() throws {
        var schedule = ProbeSchedule()
        schedule.update([.sample(1), .sample(2)])
        let due = try #require(schedule.nextStart)
        let probe = try #require(schedule.start(at: due).first)
        let nextDue = schedule.nextStart

        let sameProbes = [Check.sample(1, unhealthyThreshold: 5), .sample(2, healthyThreshold: 1)]
        #expect(schedule.update(sameProbes, at: due + .milliseconds(1)) == [])

        #expect(schedule.nextStart == nextDue)
        #expect(schedule.finish(probe.number, at: due + .milliseconds(2)) == probe.check.id)
    }

    @Test("a check that is gone has no further probe, and the result of the last one is not wanted")
    func removed() throws {
        var schedule = ProbeSchedule(inFlightMax: 1)
        schedule.update([.sample(1)])
        let probe = try #require(schedule.start(at: origin + .seconds(5)).first)
        #expect(schedule.update([.sample(2)], at: origin + .seconds(5)) == [probe.number])
        // Its socket still counts.
        #expect(schedule.nextStart == nil)
        #expect(schedule.finish(probe.number, at: origin + .seconds(5)) == nil)
        #expect(schedule.start(at: origin + .seconds(60)).map(\.check.id) == [.sample(2)])
    }

    @Test("a check that is gone and comes back does not get the result of its former self")
    func removedAndBack() throws {
        var schedule = ProbeSchedule()
        schedule.update([.sample(1)])
        let former = try #require(schedule.start(at: origin + .seconds(5)).first)
        #expect(schedule.update([], at: origin + .seconds(5)) == [former.number])
        #expect(schedule.update([.sample(1)], at: origin + .seconds(5)) == [])
        let current = try #require(schedule.start(at: origin + .seconds(6)).first)
        #expect(schedule.finish(former.number, at: origin + .seconds(6)) == nil)
        #expect(schedule.finish(current.number, at: origin + .seconds(6)) == .sample(1))
    }

    @Test(
        "a changed check is probed anew, as soon as a new one would be",
        arguments: [
            Check.sample(endpoint: .sample(2), interval: .seconds(300)),
            .sample(timeout: .seconds(3), interval: .seconds(300)), .sample(interval: .seconds(5)),
        ])
    func changed(_ check: Check) throws {
        var schedule = ProbeSchedule()
        schedule.update([.sample(interval: .seconds(300))])
        let started = origin + .seconds(1)
        let old = try #require(schedule.start(at: started).first)
        #expect(schedule.update([check], at: started) == [old.number])
        #expect(schedule.finish(old.number, at: started) == nil)
        #expect(schedule.start(at: started + .seconds(1)).map(\.check) == [check])
    }

    @Test("changing a check again and again does not put off its probe")
    func changedOften() {
        var schedule = ProbeSchedule()
        var starts = 0
        for step in 0..<100 {
            let now = origin + .milliseconds(100 * step)
            _ = schedule.update([.sample(timeout: .seconds(2 + step))], at: now)
            starts += schedule.start(at: now).count
        }
        #expect(starts >= 5)
    }

    @Test("of two checks with one id the first counts")
    func duplicate() {
        var schedule = ProbeSchedule()
        schedule.update([.sample(timeout: .seconds(2)), .sample(timeout: .seconds(3))])
        #expect(schedule.start(at: origin + .seconds(5)).map(\.check.timeout) == [.seconds(2)])
    }

    @Test("probes come in the order in which they are due, through any mix of updates")
    func order() {
        for seed in 0..<50 as Range<UInt64> {
            var numbers = SeededGenerator(seed: seed)
            var schedule = ProbeSchedule(inFlightMax: 8)
            var now = origin
            var underWay: [ProbeSchedule.Probe] = []
            for _ in 0..<500 {
                if Int.random(in: 0..<20, using: &numbers) == 0 {
                    let wanted = (0..<40).filter { _ in Bool.random(using: &numbers) }
                    _ = schedule.update(
                        wanted.map { .sample($0, interval: .milliseconds(500 + 37 * $0)) }, at: now)
                }
                if let next = schedule.nextStart { now = max(now, next) }
                underWay += schedule.start(at: now)
                #expect(underWay.count <= 8, "seed \(seed)")
                // Whatever is due has started, if there was room.
                #expect(schedule.nextStart.map { $0 > now } ?? true, "seed \(seed)")
                now += .milliseconds(.random(in: 0...50, using: &numbers))
                for index in underWay.indices.reversed() where Bool.random(using: &numbers) {
                    _ = schedule.finish(underWay.remove(at: index).number, at: now)
                }
            }
        }
    }

    @Test(
        "a target that dies is unhealthy in time",
        arguments: [
            (ProbeResult.refused, Duration.milliseconds(1), Duration.seconds(2 * 5 + 1)),
            (.silent, .seconds(2), .seconds(2 * 5 + 2 + 1)),
        ])
    func detection(result: ProbeResult, takes: Duration, limit: Duration) throws {
        // The worst moment to die is right after a probe has started, of which the success still counts.
        var bench = Bench(probeTakes: takes)
        bench.schedule.update([.sample(timeout: .seconds(2), interval: .seconds(5))])
        var tracker = HealthTracker(unhealthyThreshold: 2, healthyThreshold: 2)
        let starts = bench.starts(count: 3, lateBy: .milliseconds(20))
        _ = tracker.receive(.success)
        _ = tracker.receive(result)
        #expect(tracker.receive(result)?.to == .unhealthy)
        #expect(starts[0].duration(to: bench.now) < limit)
    }
}

/// Runs one check on a clock of its own.
private struct Bench {
    var schedule = ProbeSchedule()
    var now = origin
    let probeTakes: Duration

    init(probeTakes: Duration) { self.probeTakes = probeTakes }

    /// When probes were due, to the end of the last one.
    mutating func starts(count: Int, lateBy lateness: Duration = .zero) -> [Instant] {
        (0..<count).map { _ in
            let due = schedule.nextStart!
            now = max(now, due + lateness)
            let probe = schedule.start(at: now)[0]
            now += probeTakes
            _ = schedule.finish(probe.number, at: now)
            return due
        }
    }
}

private func differences(_ instants: [Instant]) -> [Duration] {
    zip(instants, instants.dropFirst()).map { $0.duration(to: $1) }
}

extension ProbeSchedule {
    fileprivate mutating func update(_ checks: [Check]) { _ = update(checks, at: origin) }
}
