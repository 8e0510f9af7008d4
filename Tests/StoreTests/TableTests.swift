import NetworkTypes
import ServiceModel
import Store
import Testing

@Suite("canonical tables in a database")
struct TableTests {
    /// A store with the small configuration and a table of its service.
    private static func make(at path: String, table: [UInt8]) async throws -> (SQLiteStore, service: ResourceID) {
        let store = SQLiteStore(path: path)
        let stored = try await store.change { $0 = .small }
        let service = try #require(stored.configuration.loadBalancers[0].services[0].id)
        try await store.change(tables: TableWrites(puts: [service: table])) { $0.loadBalancers[0].description = "2" }
        return (store, service)
    }

    @Test("tables are put, replaced and removed with the resources, and are there for the next process")
    func life() async throws {
        let directory = try TemporaryDirectory()
        let (store, service) = try await Self.make(at: directory.store, table: [1, 2, 3])
        #expect(try await store.tables() == [service: [1, 2, 3]])
        let long = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 * 7) }
        try await store.change(tables: TableWrites(puts: [service: long])) { $0.loadBalancers[0].description = "3" }
        await store.close()
        let next = SQLiteStore(path: directory.store)
        #expect(try await next.tables() == [service: long])
        try await next.change(tables: TableWrites(removals: [service])) { $0.loadBalancers[0].description = "4" }
        #expect(try await next.tables().isEmpty)
    }

    @Test("a new store has no tables")
    func new() async throws {
        let directory = try TemporaryDirectory()
        #expect(try await SQLiteStore(path: directory.store).tables().isEmpty)
    }

    @Test("a change without tables leaves them")
    func untouched() async throws {
        let directory = try TemporaryDirectory()
        let (store, service) = try await Self.make(at: directory.store, table: [1])
        let stored = try await store.read()
        let anyStore: any ResourceStore = store
        _ = try await anyStore.commit(
            stored.configuration.with { $0.loadBalancers[0].description = "3" }, basedOn: stored.revision,
            by: operatorAuthor, at: 0)
        #expect(try await store.read().revision == 3)
        #expect(try await store.tables() == [service: [1]])
    }

    @Test("tables alone are a change: with a revision that watchers get and without an entry in the history")
    func alone() async throws {
        let directory = try TemporaryDirectory()
        let (store, service) = try await Self.make(at: directory.store, table: [1])
        let before = try await store.read()
        var watcher = store.watch(from: before.revision).makeAsyncIterator()
        let after = try await store.change(tables: TableWrites(puts: [service: [2]])) { _ in }
        #expect(after.revision == 3 && after.configuration == before.configuration)
        #expect(await watcher.next() == after)
        #expect(try await store.history(after: 2, limit: 10).isEmpty)
        #expect(try await store.change { _ in } == after)
    }

    @Test("a service that goes takes its table along, and no other's")
    func gone() async throws {
        let directory = try TemporaryDirectory()
        let (store, service) = try await Self.make(at: directory.store, table: [1])
        let stored = try await store.change {
            $0.loadBalancers[0].services.append(BackendService(name: "other", port: 81))
        }
        let other = try #require(stored.configuration.loadBalancers[0].services[1].id)
        try await store.change(tables: TableWrites(puts: [other: [2]])) { _ in }
        #expect(try await store.tables() == [service: [1], other: [2]])
        try await store.change { $0.loadBalancers[0].services.remove(at: 1) }
        #expect(try await store.tables() == [service: [1]])
        try await store.change { $0.loadBalancers = [] }
        #expect(try await store.tables().isEmpty)
    }

    @Test("a service that moves to another load balancer keeps its table")
    func moved() async throws {
        let directory = try TemporaryDirectory()
        let (store, service) = try await Self.make(at: directory.store, table: [1])
        try await store.change {
            $0.loadBalancers.append(LoadBalancer(name: "other", vip: IPAddress("203.0.113.11")!))
            $0.loadBalancers[1].services = [$0.loadBalancers[0].services.removeFirst()]
        }
        #expect(try await store.tables() == [service: [1]])
    }

    @Test("no table is put for a service that is not there, or that goes with the same change")
    func noService() async throws {
        let directory = try TemporaryDirectory()
        let (store, service) = try await Self.make(at: directory.store, table: [1])
        let unknown = TableWrites(puts: [ResourceID(.service, 7): [2], ResourceID(rawValue: "web/http"): [3]])
        try await store.change(tables: unknown) { _ in }
        #expect(try await store.tables() == [service: [1]])
        try await store.change(tables: TableWrites(puts: [service: [4]])) { $0.loadBalancers[0].services = [] }
        #expect(try await store.tables().isEmpty)
    }

    @Test("a refused change leaves tables as they were")
    func refused() async throws {
        let directory = try TemporaryDirectory()
        let (store, service) = try await Self.make(at: directory.store, table: [1])
        let stored = try await store.read()
        for writes in [TableWrites(puts: [service: [2]]), TableWrites(removals: [service])] {
            await #expect(throws: StoreError.conflict(current: 2, basedOn: 1)) {
                try await store.commit(
                    stored.configuration, basedOn: 1, tables: writes, by: operatorAuthor, at: 0)
            }
            await #expect(throws: StoreError.duplicate(kind: .instance, name: "i-1")) {
                try await store.change(tables: writes) { $0.instances.append($0.instances[0]) }
            }
        }
        #expect(try await store.tables() == [service: [1]])
        #expect(try await store.read() == stored)
    }

    @Test("a table for which the disk has no room leaves resources and tables as they were", .needsRoot)
    func diskFull() async throws {
        let disk = try TemporaryFileSystem(size: "1m")
        let (store, service) = try await Self.make(at: disk.store, table: [1])
        let stored = try await store.read()
        let writes = TableWrites(puts: [service: [UInt8](repeating: 2, count: 2_000_000)])
        await #expect(throws: StoreError.diskFull(path: disk.store)) {
            try await store.change(tables: writes) { $0.loadBalancers[0].description = "3" }
        }
        #expect(try await store.tables() == [service: [1]])
        #expect(try await store.read() == stored)
        await store.close()
        let next = SQLiteStore(path: disk.store)
        #expect(try await next.tables() == [service: [1]])
        #expect(try await next.read() == stored)
        #expect(try await next.change(tables: TableWrites(puts: [service: [2]])) { _ in }.revision == 3)
    }

    @Test("a backup has the tables of its moment, and a restored store has those again")
    func restore() async throws {
        let directory = try TemporaryDirectory()
        let (store, service) = try await Self.make(at: directory.store, table: [1])
        try await store.backup(to: directory.path + "/backup.db")
        try await store.change(tables: TableWrites(puts: [service: [2]])) { $0.loadBalancers[0].description = "3" }
        await store.close()
        #expect(try SQLiteStore.check(directory.path + "/backup.db").tableCount == 1)
        _ = try SQLiteStore.restore(from: directory.path + "/backup.db", to: directory.store, at: 7)
        #expect(try await store.tables() == [service: [1]])
        #expect(try await SQLiteStore(path: directory.store + ".before-7").tables() == [service: [2]])
    }
}
