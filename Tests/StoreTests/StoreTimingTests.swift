import ServiceModel
import Store
import Testing

@Suite("speed of the store", .serialized)
struct StoreTimingTests {
    @Test("of 10,000 targets one changes its weight in milliseconds, and only its group is written")
    func oneWeight() async throws {
        let directory = try TemporaryDirectory()
        let store = SQLiteStore(path: directory.store)
        let clock = ContinuousClock()
        var stored = try await store.read()
        let all = try await clock.measure {
            stored = try await store.commit(.large(), basedOn: 0, by: operatorAuthor, at: 0)
        }
        var times: [Duration] = []
        for number in 0..<100 {
            var new = stored.configuration
            new.loadBalancers[number].groups[3].targets[4].weight = 55
            times.append(
                try await clock.measure {
                    stored = try await store.commit(new, basedOn: stored.revision, by: operatorAuthor, at: 0)
                })
        }
        #expect(try await store.history(after: 1, limit: .max).count == 100)
        // A table of 131,071 slots and 1,000 targets, the largest.
        let service = try #require(stored.configuration.loadBalancers[0].services[0].id)
        var timesWithTable: [Duration] = []
        for number in 0..<20 {
            var new = stored.configuration
            new.loadBalancers[number].groups[3].targets[4].weight = 56
            let table = [UInt8](repeating: UInt8(number), count: 290_000)
            timesWithTable.append(
                try await clock.measure {
                    stored = try await store.commit(
                        new, basedOn: stored.revision, tables: TableWrites(puts: [service: table]),
                        by: operatorAuthor, at: 0)
                })
        }
        await store.close()
        let reopened = SQLiteStore(path: directory.store)
        let read = try await clock.measure { _ = try await reopened.read() }
        times.sort()
        timesWithTable.sort()
        print("all \(all), one weight median \(times[50]) max \(times[99]), first read \(read)")
        print("one weight with a table of 290 KB median \(timesWithTable[10]) max \(timesWithTable[19])")
        // Ten times what it takes on a quiet machine.
        #expect(timesWithTable[10] < .milliseconds(400))
        #expect(times[50] < .milliseconds(300) && all < .seconds(20) && read < .seconds(10))
    }
}
