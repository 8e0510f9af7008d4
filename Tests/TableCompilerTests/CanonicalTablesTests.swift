import ConsistentHashing
import Foundation
import NetworkTypes
import SeededGenerator
import ServiceModel
import TableCompiler
import Testing

@Suite("canonical tables of all services")
struct CanonicalTablesTests {
    @Test("tables of services that are new are built, and nothing of them is stored")
    func built() throws {
        let tables = CanonicalTables().repaired(for: try region([[10, 20, 30], [1, 0]]))
        let table = try #require(tables[service(0)])
        #expect(table == CanonicalTable(targets: table.targets) && table.targets.map(\.weight) == [10, 20, 30])
        #expect(tables[service(1)]?.targets.map(\.weight) == [1, 0], "a target of weight 0 is one")
        #expect(tables.changes(since: CanonicalTables()).isEmpty)
    }

    @Test("a table is repaired where weights or targets changed; all others are the same in memory, and not stored")
    func repaired() throws {
        let before = CanonicalTables().repaired(for: try region([[10, 20, 30], [1, 2, 3]]))
        let after = before.repaired(for: try region([[10, 20, 60], [1, 2, 3]]))
        let old = try #require(before[service(0)])
        let new = try #require(after[service(0)])
        #expect(new == old.repaired(for: new.targets) && new != CanonicalTable(targets: new.targets))
        let changes = after.changes(since: before)
        #expect(Array(changes.puts.keys) == [service(0)] && changes.removals.isEmpty)
        func address(_ tables: CanonicalTables) -> UnsafePointer<UInt16>? {
            tables[service(1)]?.slots.withUnsafeBufferPointer(\.baseAddress)
        }
        #expect(address(before) == address(after) && address(before) != nil)
        #expect(after.changes(since: after).isEmpty)
    }

    @Test("what goes needs no table: a service, or all of its servers")
    func gone() throws {
        let built = CanonicalTables().repaired(for: try region([[1, 2, 3], [1, 2, 3], [1, 2, 3], [1, 2, 3]]))
        let before = built.repaired(for: try region([[1, 2, 6], [1, 2, 6], [1, 2, 6], [1, 2, 3]]))
        #expect(before.changes(since: built).puts.count == 3)
        let after = before.repaired(for: try region([[1, 2, 6], []]))
        #expect(after[service(0)] != nil && after[service(1)] == nil && after[service(2)] == nil)
        let changes = after.changes(since: before)
        #expect(changes.puts.isEmpty && changes.removals == [service(1), service(2)])
    }

    @Test("a service without an id has its table built each time, under its names")
    func withoutID() throws {
        let key = ResourceID(rawValue: "web/http")
        let before = CanonicalTables().repaired(for: try checked(web(weights: [10, 20, 30])))
        let after = before.repaired(for: try checked(web(weights: [10, 20, 60])))
        let table = try #require(after[key])
        #expect(table == CanonicalTable(targets: table.targets) && table != before[key])
        #expect(after.changes(since: before).puts.isEmpty)
    }

    @Test("the state of an instance plays no role")
    func stopped() throws {
        func tables(_ state: Instance.State) throws -> CanonicalTables {
            var loadBalancer = web(weights: [10])
            loadBalancer.groups[0].targets.append(Target(server: .instance("i-1"), port: 8002))
            let instance = Instance(id: "i-1", address: IPAddress("10.1.0.2")!, state: state)
            return CanonicalTables().repaired(
                for: try CheckedConfiguration(Configuration(loadBalancers: [loadBalancer], instances: [instance])))
        }
        #expect(try tables(.running) == tables(.stopped))
    }

    // MARK: The store

    @Test("after any changes a restart gives the very same tables from what was stored")
    func restart() throws {
        var (historyCount, builtAgainCount) = (0, 0)
        for seed in 0..<40 {
            var walk = RandomWalk(seed: seed)
            var tables = CanonicalTables()
            var store = Store()
            for _ in 0..<30 {
                let configuration = try walk.next()
                let before = tables
                tables = before.repaired(for: configuration)
                let changes = tables.changes(since: before)
                store.apply(changes)
                historyCount += changes.puts.count
                for id in walk.services {
                    guard let table = tables[id] else { continue }
                    let built = CanonicalTable(targets: table.targets)
                    #expect((store.tables[id] != nil) == (table != built), "seed \(seed): just what has a history")
                    builtAgainCount += changes.removals.contains(id) ? 1 : 0
                }
                let restarted = store.read(for: configuration)
                #expect(restarted == tables, "seed \(seed)")
                for id in walk.services { #expect(restarted[id]?.digest == tables[id]?.digest, "seed \(seed)") }
                // Now and then it goes on from there.
                if Bool.random(using: &walk.random) { tables = restarted }
            }
        }
        #expect(historyCount > 40 && builtAgainCount > 0)
    }

    @Test("a store that has missed changes is repaired, and in step again after the next change")
    func olderStore() throws {
        var repairCount = 0
        for seed in 0..<40 {
            var walk = RandomWalk(seed: seed)
            var tables = CanonicalTables()
            var store = Store()
            for _ in 0..<30 {
                let configuration = try walk.next()
                if Int.random(in: 0..<3, using: &walk.random) > 0 {
                    let before = tables
                    tables = before.repaired(for: configuration)
                    store.apply(tables.changes(since: before))
                    #expect(store.read(for: configuration) == tables, "seed \(seed)")
                    continue
                }
                tables = store.read(for: configuration)
                for (id, bytes) in store.tables {
                    guard let table = tables[id] else { continue }
                    let stored = try #require(CanonicalTable(bytes: bytes))
                    #expect(table.digest == stored.repaired(for: table.targets).digest, "seed \(seed)")
                    repairCount += table.digest == stored.digest ? 0 : 1
                }
            }
        }
        #expect(repairCount > 0)
    }

    @Test("a table that cannot be read is built and told; those of others and of nobody are not concerned")
    func unreadable() throws {
        let configuration = try region([[10, 20, 60], [1, 2, 6]])
        let before = CanonicalTables().repaired(for: try region([[10, 20, 30], [1, 2, 3]]))
        let tables = before.repaired(for: configuration)
        var stored = tables.changes(since: before).puts
        #expect(stored.count == 2)
        stored[service(0)]?[40] ^= 1
        stored[service(7)] = [1, 2, 3]
        var unreadable: [ResourceID] = []
        let read = CanonicalTables(stored: stored, for: configuration, unreadable: &unreadable)
        #expect(unreadable == [service(0)])
        let built = try #require(read[service(0)])
        #expect(built == CanonicalTable(targets: built.targets) && built != tables[service(0)])
        #expect(read[service(1)] == tables[service(1)] && read[service(7)] == nil)
        let next = read.repaired(for: configuration).changes(since: read)
        #expect(next.puts.isEmpty && next.removals == [service(0), service(7)], "the next change puts the store right")
    }
}

/// What the store does with changes.
private struct Store {
    private(set) var tables: [ResourceID: [UInt8]] = [:]

    mutating func apply(_ changes: TableHistoryChanges) {
        for service in changes.removals { tables[service] = nil }
        tables.merge(changes.puts) { $1 }
    }

    /// As a restart does.
    func read(for configuration: CheckedConfiguration) -> CanonicalTables {
        var unreadable: [ResourceID] = []
        defer { #expect(unreadable.isEmpty) }
        return CanonicalTables(stored: tables, for: configuration, unreadable: &unreadable)
    }
}

private func service(_ number: Int) -> ResourceID { ResourceID(.service, UInt64(number)) }

private func region(_ weights: [[Int]]) throws -> CheckedConfiguration {
    try region(
        weights.enumerated().map { number, weights in
            (number, weights.enumerated().map { (number: $0, weight: $1) })
        })
}

/// A load balancer for each service, with targets by their number.
private func region(
    _ services: [(number: Int, targets: [(number: Int, weight: Int)])]
) throws -> CheckedConfiguration {
    let loadBalancers = services.map { service, targets in
        var loadBalancer = web(weights: [], vip: "203.0.113.\(service + 1)", name: "lb\(service)")
        loadBalancer.services[0].id = ResourceID(.service, UInt64(service))
        loadBalancer.groups[0].targets = targets.map { number, weight in
            Target(
                server: .address(IPAddress("10.1.\(service).\(number % 250 + 1)")!), port: 8001 + number,
                weight: weight)
        }
        return loadBalancer
    }
    return try CheckedConfiguration(Configuration(loadBalancers: loadBalancers))
}

/// Configurations of which each differs a little from the one before.
private struct RandomWalk {
    var random: SeededGenerator
    let services = (0..<3).map(service)
    private var targets: [Int: [(number: Int, weight: Int)]] = [:]
    private var newcomer = 0

    init(seed: Int) { random = SeededGenerator(seed: seed) }

    mutating func next() throws -> CheckedConfiguration {
        for service in services.indices where Int.random(in: 0..<2, using: &random) == 0 {
            var list = targets[service] ?? []
            let place = list.indices.randomElement(using: &random)
            switch (Int.random(in: 0..<10, using: &random), place) {
            case (0, _): targets[service] = nil
            case (1, _): targets[service] = list.shuffled(using: &random)
            case (2...4, let place?):
                list[place].weight = .random(in: 0...3, using: &random)
                targets[service] = list
            case (5...6, let place?):
                list.remove(at: place)
                targets[service] = list
            default:
                newcomer += 1
                targets[service] = list + [(number: newcomer, weight: .random(in: 0...3, using: &random))]
            }
        }
        return try region(targets.sorted { $0.key < $1.key }.map { (number: $0.key, targets: $0.value) })
    }
}

@Suite("canonical tables as bytes")
struct StoredTableTests {
    @Test("a table with any past comes back as it was", arguments: 0..<100)
    func roundTrip(seed: Int) throws {
        var random = SeededGenerator(seed: seed)
        var targets = randomTargets(.random(in: 1...(seed % 10 == 0 ? 300 : 20), using: &random), &random)
        var table = CanonicalTable(targets: targets)
        for _ in 0..<5 {
            let read = try #require(CanonicalTable(bytes: table.bytes))
            #expect(read == table && read.digest == table.digest)
            targets.shuffle(using: &random)
            targets.removeFirst(min(targets.count - 1, Int.random(in: 0...3, using: &random)))
            targets += randomTargets(Int.random(in: 0...2, using: &random), &random)
            table = table.repaired(for: targets)
        }
    }

    @Test("tables without slots or targets come back, too")
    func empty() {
        for targets in [[], [WeightedTarget(identity: [], weight: 0)]] {
            let table = CanonicalTable(targets: targets)
            #expect(CanonicalTable(bytes: table.bytes) == table)
        }
    }

    @Test("the bytes are the same in every version: what one has stored the next can read")
    func golden() throws {
        let first = WeightedTarget(identity: [10, 0, 80], weight: 1)
        let second = WeightedTarget(identity: [], weight: 100)
        let table = try #require(
            CanonicalTable(targets: [first, second], slots: [0, 1, 1, 1, 0, 1], draws: [0, 0, 0, 0, 0, 2]))
        let content: [UInt8] = [1, 2, 3, 10, 0, 80, 1, 0, 100, 6, 0, 1, 1, 1, 0, 1, 1, 0, 5, 2, 1]
        #expect(table.bytes == summed(content))
    }

    @Test("the largest table takes two bytes a slot and a few for draws; arbitrary draws take one more")
    func length() throws {
        var random = SeededGenerator(seed: 1)
        let targets = (0..<1_000).map { number in
            WeightedTarget(identity: identity(number), weight: 1 + number * 37 % 100)
        }
        var table = CanonicalTable(targets: targets)
        #expect(table.slots.count == 131_071 && table.bytes.count <= 2 * 131_071 + 21 * 1_000 + 32)
        table = table.repaired(for: Array(targets.dropFirst(10)))
        #expect(Set(table.draws) == [0, 1])
        #expect(Double(table.bytes.count - 21 * 990) <= 2.1 * 131_071)
        let draws = table.draws.map { _ in UInt8.random(in: 0...255, using: &random) }
        table = try #require(CanonicalTable(targets: table.targets, slots: table.slots, draws: draws))
        #expect(table.bytes.count <= 3 * 131_071 + 21 * 990 + 32)
        #expect(CanonicalTable(bytes: table.bytes) == table)
    }

    @Test("bytes that were cut off, made longer, or have any bit flipped are no table")
    func damage() {
        var random = SeededGenerator(seed: 2)
        for table in samples(&random) {
            let bytes = table.bytes
            #expect(CanonicalTable(bytes: bytes) == table)
            let lengths = bytes.count < 2_000 ? Array(bytes.indices) : (0..<200).map { $0 * bytes.count / 200 }
            for length in lengths { #expect(CanonicalTable(bytes: Array(bytes.prefix(length))) == nil) }
            for tail in [[0], [UInt8](repeating: 0, count: 8), bytes] {
                #expect(CanonicalTable(bytes: bytes + tail) == nil && CanonicalTable(bytes: tail + bytes) == nil)
            }
            let places = lengths.flatMap { place in (0..<8).map { (place, UInt8(1) << $0) } }
            for (place, bit) in places {
                var flipped = bytes
                flipped[place] ^= bit
                #expect(CanonicalTable(bytes: flipped) == nil)
            }
        }
    }

    @Test("random bytes in random places are no table", arguments: 0..<200)
    func noise(seed: Int) {
        var random = SeededGenerator(seed: seed)
        for table in samples(&random) {
            var bytes = table.bytes
            let start = Int.random(in: 0..<bytes.count, using: &random)
            let end = Int.random(in: start...bytes.count, using: &random)
            let length = Int.random(in: 0...64, using: &random)
            let noise = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
            bytes.replaceSubrange(start..<end, with: noise)
            #expect(bytes == table.bytes || CanonicalTable(bytes: bytes) == nil)
        }
    }

    @Test("bytes with a forged sum are no table, or one that comes back and can be repaired", arguments: 0..<200)
    func forgery(seed: Int) {
        var random = SeededGenerator(seed: seed)
        for table in samples(&random) where table.slots.count < 5_000 {
            for _ in 0..<10 {
                var content = Array(table.bytes.dropLast(8))
                for _ in 0..<Int.random(in: 1...3, using: &random) {
                    // Mostly where numbers and targets are.
                    let end = Bool.random(using: &random) ? min(content.count, 40) : content.count
                    content[.random(in: 0..<end, using: &random)] = .random(in: 0...255, using: &random)
                }
                guard let forged = CanonicalTable(bytes: summed(content)) else { continue }
                #expect(CanonicalTable(bytes: forged.bytes) == forged)
                #expect(forged.repaired(for: table.targets).slots.isEmpty == table.slots.isEmpty)
            }
        }
    }

    @Test("what no table can be is none: too many slots, an owner of weight 0, two of one identity")
    func impossible() {
        let two: [UInt8] = [1, 2, 1, 7, 1, 1, 8, 1]
        #expect(CanonicalTable(bytes: summed(two + [2, 0, 1, 0])) != nil)
        let impossible: [[UInt8]] = [
            [], [1], [2] + two.dropFirst() + [2, 0, 1, 0],
            two + [2, 0, 2, 0], two + [0, 0], two + [2, 0, 1, 3], two + [2, 0, 1, 0, 0],
            two + [2, 0, 1, 1, 0, 1], two + [2, 0, 1, 1, 0, 0, 0, 2], two + [2, 0, 1, 1, 0, 3], two + [2, 0, 1, 2, 0],
            [1, 2, 1, 7, 1, 1, 7, 1, 2, 0, 1, 0], [1, 2, 1, 7, 1, 1, 8, 0, 2, 0, 1, 0],
            [1, 2, 1, 7, 101, 1, 8, 1, 2, 0, 1, 0], [1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            two + [0x80, 0x80, 0x08] + [UInt8](repeating: 0, count: 131_072) + [0],
        ]
        for content in impossible { #expect(CanonicalTable(bytes: summed(content)) == nil, "\(content.prefix(20))") }
        #expect(CanonicalTable(bytes: []) == nil)
    }

    @Test(
        "the largest table is written and read within 5 ms each",
        .enabled(if: ProcessInfo.processInfo.environment["SHOAL_TIMINGS"] != nil, "set SHOAL_TIMINGS"))
    func time() {
        let targets = (0..<1_000).map { WeightedTarget(identity: identity($0), weight: 1 + $0 * 37 % 100) }
        let table = CanonicalTable(targets: targets).repaired(for: Array(targets.dropFirst(10)))
        let bytes = table.bytes
        let clock = ContinuousClock()
        let writing = (0..<20).map { _ in clock.measure { #expect(table.bytes.count == bytes.count) } }.min()!
        let reading = (0..<20).map { _ in clock.measure { #expect(CanonicalTable(bytes: bytes) != nil) } }.min()!
        print("131,071 slots, 990 targets: \(bytes.count) bytes, written in \(writing), read in \(reading)")
        #expect(writing < .milliseconds(5) && reading < .milliseconds(5))
    }

    /// One with few targets, one with many, and one that has been drawn anew.
    private func samples(_ random: inout SeededGenerator) -> [CanonicalTable] {
        let few = CanonicalTable(targets: randomTargets(2, &random))
        let many = CanonicalTable(targets: randomTargets(300, &random))
        let targets = randomTargets(6, &random)
        return [few, many, CanonicalTable(targets: targets).repaired(for: Array(targets.dropFirst(2)))]
    }

    private func randomTargets(_ count: Int, _ random: inout SeededGenerator) -> [WeightedTarget] {
        (0..<count).map { number in
            let identity = (0..<Int.random(in: 8...20, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            return WeightedTarget(identity: identity, weight: number == 0 ? 1 : .random(in: 0...100, using: &random))
        }
    }

    /// As long as that of an endpoint.
    private func identity(_ number: Int) -> [UInt8] {
        [UInt8](repeating: 0, count: 15) + [UInt8(number >> 8), UInt8(number & 0xff), 80, 6]
    }
}

/// With FNV-1a of 64 bits behind it, low byte first.
private func summed(_ content: [UInt8]) -> [UInt8] {
    let sum = content.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    return content + (0..<8).map { UInt8(truncatingIfNeeded: sum >> (8 * UInt64($0))) }
}
