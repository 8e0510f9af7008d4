import ConsistentHashing
import ControlPlane
import NetworkTypes
import ServiceModel
import Testing

@Suite("slow starts")
struct SlowStartsTests {
    private let service = ResourceID(.service, 1)
    private let start = ContinuousClock.now

    private func key(_ number: Int) -> TargetKey {
        TargetKey(
            service: service,
            endpoint: Endpoint(address: IPAddress("10.1.0.\(number)")!, port: 80, transport: .tcp))
    }

    private func portions(
        _ starts: inout SlowStarts, takers: [Int], seconds: Int = 100, after elapsed: Int
    ) -> [TargetKey: Portion] {
        starts.portions(for: [service: (seconds, takers.map(key))], at: start + .seconds(elapsed))
    }

    @Test("who takes flows when the service is seen first takes all")
    func first() {
        var starts = SlowStarts()
        #expect(portions(&starts, takers: [1, 2], after: 0).isEmpty)
    }

    @Test("a target that becomes a taker takes a tenth more at each step, and all after its time")
    func ramp() {
        var starts = SlowStarts()
        _ = portions(&starts, takers: [1, 2], after: 0)
        for (elapsed, step) in [(1000, 1), (1009, 1), (1010, 2), (1055, 6), (1089, 9)] {
            let found = portions(&starts, takers: [1, 2, 3], after: elapsed)
            #expect(found == [key(3): Portion(step: step, of: SlowStarts.steps)], "after \(elapsed - 1000) s")
        }
        #expect(portions(&starts, takers: [1, 2, 3], after: 1090).isEmpty)
        #expect(portions(&starts, takers: [1, 2, 3], after: 1005).isEmpty, "done is done")
    }

    @Test("one that fails starts again")
    func again() {
        var starts = SlowStarts()
        _ = portions(&starts, takers: [1, 2], after: 0)
        _ = portions(&starts, takers: [1, 2, 3], after: 10)
        _ = portions(&starts, takers: [1, 2], after: 60)
        #expect(portions(&starts, takers: [1, 2, 3], after: 70) == [key(3): Portion(step: 1, of: SlowStarts.steps)])
    }

    @Test("when nobody takes all, all take all: somebody has to carry the flows")
    func alone() {
        var starts = SlowStarts()
        _ = portions(&starts, takers: [1], after: 0)
        #expect(!portions(&starts, takers: [1, 2], after: 10).isEmpty)
        #expect(portions(&starts, takers: [2], after: 20).isEmpty)
        #expect(portions(&starts, takers: [1, 2], after: 30)[key(2)] == nil)
    }
}
