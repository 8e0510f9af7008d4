import NetworkTypes
import ServiceModel
import Store
import Testing

@Suite("resources in a database")
struct SQLiteStoreTests {
    @Test("a new store is empty at revision 0, for the owner's eyes only, and one file when closed")
    func new() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/state/shoal.db"
        let store = SQLiteStore(path: path)
        #expect(try await store.read() == StoredConfiguration(revision: 0, configuration: Configuration()))
        #expect(try mode(of: path) == 0o600 && mode(of: directory.path + "/state") == 0o700)
        await store.close()
        #expect(try files(in: directory.path + "/state") == ["shoal.db"])
    }

    @Test("what was committed is there for the next process, with ids, times and versions, one revision on")
    func commit() async throws {
        let directory = try TemporaryDirectory()
        let store = SQLiteStore(path: directory.store)
        let stored = try await store.change { $0 = .small }
        #expect(stored.revision == 1 && stored.configuration.changes(to: .small).isEmpty)
        let loadBalancer = stored.configuration.loadBalancers[0]
        #expect(loadBalancer.version == 1 && loadBalancer.createdAt == 1_700_000_000 && loadBalancer.id != nil)
        #expect(loadBalancer.groups[0].targets.allSatisfy { $0.id != nil })
        await store.close()
        #expect(try await SQLiteStore(path: directory.store).read() == stored)
    }

    @Test("a store without resources is of the region that is asked for, and one with some stays what it is")
    func region() async throws {
        let directory = try TemporaryDirectory()
        let north = SQLiteStore(path: directory.store, region: "north")
        let empty = StoredConfiguration(revision: 0, configuration: Configuration(region: "north"))
        #expect(try await north.read() == empty)
        var small = Configuration.small
        small.region = "north"
        #expect(try await north.change { $0 = small }.configuration.region == "north")
        await north.close()
        let south = SQLiteStore(path: directory.store, region: "south")
        #expect(try await south.read().configuration.region == "north")
        try await south.change { $0 = Configuration(region: "north") }
        await south.close()
        #expect(try await SQLiteStore(path: directory.store, region: "south").read().configuration.region == "south")
    }

    @Test("10,000 targets come back as they were, in their order")
    func large() async throws {
        let directory = try TemporaryDirectory()
        let store = SQLiteStore(path: directory.store)
        let stored = try await store.change { $0 = .large() }
        await store.close()
        let read = try await SQLiteStore(path: directory.store).read()
        #expect(read == stored)
        #expect(read.configuration.loadBalancers.map(\.name) == Configuration.large().loadBalancers.map(\.name))
    }

    @Test("a change raises the version of what it changed and of nothing else")
    func versions() async throws {
        let directory = try TemporaryDirectory()
        let store = SQLiteStore(path: directory.store)
        let old = try await store.change { $0 = .small }.configuration.loadBalancers[0]
        let new = try await store.change(at: 1_800_000_000) {
            $0.loadBalancers[0].groups[0].targets[0].weight = 99
            // What a caller says about versions does not count.
            $0.loadBalancers[0].listeners[0].version = 70
        }.configuration.loadBalancers[0]
        #expect(new.groups[0].version == 2 && new.groups[0].createdAt == 1_700_000_000)
        #expect(new.listeners == old.listeners && new.services == old.services && new.version == old.version)
    }

    @Test("when nothing differs, the revision stays")
    func unchanged() async throws {
        let directory = try TemporaryDirectory()
        let store = SQLiteStore(path: directory.store)
        let first = try await store.change { $0 = .small }
        #expect(try await store.change { _ in } == first)
        #expect(try await store.history(after: 1, limit: 10).isEmpty)
    }

    @Test("a change based on an older revision is refused and changes nothing")
    func conflict() async throws {
        let directory = try TemporaryDirectory()
        let store = SQLiteStore(path: directory.store)
        let stored = try await store.change { $0 = .small }
        await #expect(throws: StoreError.conflict(current: 1, basedOn: 0)) {
            try await store.commit(Configuration(), basedOn: 0, by: operatorAuthor, at: 0)
        }
        #expect(try await store.read() == stored)
    }

    @Test("of writers at the same time each revision has one")
    func writers() async throws {
        let directory = try TemporaryDirectory()
        let store = SQLiteStore(path: directory.store)
        try await store.change { $0 = .small }
        let successes = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<32 {
                group.addTask {
                    var count = 0
                    for weight in 0..<20 {
                        guard let old = try? await store.read() else { continue }
                        var new = old.configuration
                        new.loadBalancers[0].groups[0].targets[0].weight = (weight + Int(old.revision)) % 100 + 1
                        await Task.yield()
                        if let stored = try? await store.commit(
                            new, basedOn: old.revision, by: operatorAuthor, at: 0), stored.revision > old.revision
                        {
                            count += 1
                        }
                    }
                    return count
                }
            }
            return await group.reduce(0, +)
        }
        let stored = try await store.read()
        #expect(stored.revision == UInt64(1 + successes) && successes > 0)
        #expect(stored.configuration.loadBalancers[0].groups[0].version == stored.revision)
    }

    @Test("two resources of one id are refused")
    func duplicate() async throws {
        let directory = try TemporaryDirectory()
        let store = SQLiteStore(path: directory.store)
        try await store.change { $0 = .small }
        await #expect(throws: StoreError.duplicate(kind: .instance, name: "i-1")) {
            try await store.change { $0.instances.append($0.instances[0]) }
        }
        #expect(try await store.read().revision == 1)
    }

    @Test("lists keep the order that they were given, whatever is put in, moved or taken out")
    func order() async throws {
        let directory = try TemporaryDirectory()
        let store = SQLiteStore(path: directory.store)
        func instance(_ id: String) -> Instance { Instance(id: id, address: IPAddress("10.0.0.1")!) }
        let orders = ["abcde", "xabcde", "abcde", "abyde", "edyba", "e", "fe", "efghijk", "kjihgfe", "", "ba"]
        for order in orders {
            try await store.change { $0.instances = order.map { instance(String($0)) } }
            await store.close()
            let ids = try await SQLiteStore(path: directory.store).read().configuration.instances.map(\.id)
            #expect(ids == order.map(String.init))
        }
    }

    @Test("a resource that moves to another load balancer with its id is there afterwards")
    func move() async throws {
        let directory = try TemporaryDirectory()
        let store = SQLiteStore(path: directory.store)
        try await store.change {
            $0 = .small
            $0.loadBalancers.append(LoadBalancer(name: "other", vip: IPAddress("203.0.113.11")!))
        }
        let moved = try await store.change {
            $0.loadBalancers[1].listeners.append($0.loadBalancers[0].listeners.removeFirst())
        }
        await store.close()
        #expect(try await SQLiteStore(path: directory.store).read() == moved)
    }

    @Test("deleting a load balancer deletes what is below it")
    func deletion() async throws {
        let directory = try TemporaryDirectory()
        let store = SQLiteStore(path: directory.store)
        try await store.change { $0 = .small }
        try await store.change { $0.loadBalancers = [] }
        #expect(try await store.check().resourceCount == 2)
        let names = try await store.history(after: 1, limit: 10).map(\.name).sorted()
        #expect(names == ["web", "web/http", "web/http", "web/servers"])
    }

    // MARK: History

    @Test("the history tells who changed what and when, before and after")
    func history() async throws {
        let directory = try TemporaryDirectory()
        let store = SQLiteStore(path: directory.store)
        try await store.change { $0 = .small }
        let bob = Author(kind: .key, name: "AK-1", remote: "192.0.2.7")
        try await store.change(by: bob, at: 1_800_000_000) { $0.loadBalancers[0].listeners[0].port = 8081 }
        let created = try await store.history(after: 0, limit: 6)
        #expect(created.count == 6 && created.allSatisfy { $0.action == .created && $0.before == nil })
        let entry = try #require(try await store.history(after: 1, limit: 10).first)
        #expect(entry.revision == 2 && entry.author == bob && entry.unixSeconds == 1_800_000_000)
        #expect(entry.action == .updated && entry.kind == .resource(.listener) && entry.name == "web/http")
        #expect(entry.before?.contains(#""port":80,"#) == true && entry.after?.contains(#""port":8081,"#) == true)
    }

    @Test("a page of history ends with a whole revision, and paging misses nothing")
    func pages() async throws {
        let directory = try TemporaryDirectory()
        let store = SQLiteStore(path: directory.store)
        try await store.change { $0 = .small }
        for port in 1...5 { try await store.change { $0.loadBalancers[0].listeners[0].port = port } }
        var revisions: [UInt64] = []
        while true {
            let page = try await store.history(after: revisions.last ?? 0, limit: 2)
            guard !page.isEmpty else { break }
            revisions += page.map(\.revision)
        }
        #expect(revisions == [1, 1, 1, 1, 1, 1, 2, 3, 4, 5, 6], "the first one is longer than a page")
        #expect(try await store.history(after: 0, limit: 8).map(\.revision).last == 3)
        #expect(try await store.history(after: 0, limit: 0).isEmpty)
        #expect(try await store.history(after: .max, limit: 9).isEmpty)
    }

    @Test("the newest entries are as many as were asked for, oldest first, and none that are known")
    func newest() async throws {
        let directory = try TemporaryDirectory()
        let store = SQLiteStore(path: directory.store)
        try await store.change { $0 = .small }
        for port in 1...5 { try await store.change { $0.loadBalancers[0].listeners[0].port = port } }
        let all = try await store.history(after: 0, limit: 100)
        for limit in [0, 1, 6, 11, 12] {
            #expect(try await store.newestHistory(after: 0, limit: limit) == all.suffix(limit))
        }
        #expect(try await store.newestHistory(after: 4, limit: 9).map(\.revision) == [5, 6])
    }

    @Test("every kind of entry has a word of its own")
    func kinds() {
        let kinds = Change.Kind.allCases.map(HistoryEntry.Kind.resource) + [.accessKey, .token]
        #expect(Set(kinds.map(\.rawValue)).count == kinds.count)
        #expect(kinds.allSatisfy { HistoryEntry.Kind(rawValue: $0.rawValue) == $0 })
        #expect(HistoryEntry.Kind(rawValue: "rule") == nil)
    }

    // MARK: Watching

    @Test("a watcher gets what is newer at once, and then the newest after each change")
    func watch() async throws {
        let directory = try TemporaryDirectory()
        let store = SQLiteStore(path: directory.store)
        try await store.change { $0 = .small }
        var all = store.watch(from: 0).makeAsyncIterator()
        var later = store.watch(from: 1).makeAsyncIterator()
        #expect(await all.next()?.revision == 1)
        for port in 1...10 { try await store.change { $0.loadBalancers[0].listeners[0].port = port } }
        #expect(await all.next()?.revision == 11, "the ones between were not kept")
        #expect(await later.next()?.revision == 11)
    }
}
