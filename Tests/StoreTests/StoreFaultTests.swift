import Foundation
import ServiceModel
import Store
import Testing

/// What goes wrong while the daemon runs, and that it goes on without a restart once it was put right.
@Suite("store in trouble", .serialized)
struct StoreFaultTests {
    /// Commits until there is an error, and gives the last acknowledged state and the error.
    private static func commitUntilFailure(
        _ store: SQLiteStore
    ) async throws -> (acknowledged: StoredConfiguration, error: StoreError) {
        var stored = try await store.read()
        for number in 0..<100_000 {
            do {
                stored = try await store.change {
                    $0.loadBalancers[0].description = String(repeating: "x", count: 100) + "\(number)"
                }
            } catch { return (stored, error) }
        }
        throw CancellationError()
    }

    @Test("a full disk is told, keeps what was acknowledged, and is no matter once there is room", .needsRoot)
    func diskFull() async throws {
        let disk = try TemporaryFileSystem(size: "2m")
        let store = SQLiteStore(path: disk.store)
        try await store.change { $0 = .small }
        for leftover in [0, 4096, 20_000, 100_000] {
            try disk.fill(leaving: leftover)
            let (acknowledged, error) = try await Self.commitUntilFailure(store)
            #expect(error == .diskFull(path: disk.store))
            #expect(try await store.read() == acknowledged)
            await #expect(throws: StoreError.diskFull(path: disk.store)) {
                try await store.change { $0.loadBalancers = [] }
            }
            disk.makeRoom()
            let next = try await store.change { $0.loadBalancers[0].description = "room, \(leftover)" }
            #expect(next.revision == acknowledged.revision + 1)
        }
        let last = try await store.read()
        await store.close()
        #expect(try await SQLiteStore(path: disk.store).read() == last)
        #expect(try SQLiteStore.check(disk.store).revision == last.revision)
    }

    @Test("the log of changes does not fill a small disk, and gives back what a large change took", .needsRoot)
    func smallDisk() async throws {
        let disk = try TemporaryFileSystem(size: "2m")
        let store = SQLiteStore(path: disk.store)
        try await store.change { $0 = .small }
        for number in 0..<300 {
            let text = String(repeating: "x", count: 200) + "\(number)"
            try await store.change { $0.loadBalancers[0].description = text }
        }
        let large = String(repeating: "y", count: 300_000)
        for text in [large, ""] { try await store.change { $0.loadBalancers[0].description = text } }
        for number in 0..<40 { try await store.change { $0.loadBalancers[0].description = "\(number)" } }
        let log = try FileManager.default.attributesOfItem(atPath: disk.store + "-wal")[.size] as? Int
        #expect(try #require(log) < 600_000)
    }

    @Test("a store that cannot be made for want of room is made once there is some", .needsRoot)
    func diskFullAtFirst() async throws {
        let disk = try TemporaryFileSystem(size: "256k")
        try disk.fill()
        let store = SQLiteStore(path: disk.store)
        await #expect(throws: StoreError.diskFull(path: disk.store)) { try await store.read() }
        #expect(try files(in: disk.path) == ["ballast"])
        disk.makeRoom()
        #expect(try await store.change { $0 = .small }.revision == 1)
    }

    @Test("a read-only file system is read, refuses changes, and takes them again when it is writable", .needsRoot)
    func readOnly() async throws {
        let disk = try TemporaryFileSystem(size: "2m")
        let store = SQLiteStore(path: disk.store)
        let stored = try await store.change { $0 = .small }
        await store.close()
        try disk.setReadOnly(true)
        let other = SQLiteStore(path: disk.store)
        #expect(try await other.read() == stored)
        for store in [store, other] {
            await #expect(throws: StoreError.readOnly(path: disk.store)) {
                try await store.change { $0.loadBalancers = [] }
            }
            #expect(try await store.read() == stored)
            await store.close()
        }
        try disk.setReadOnly(false)
        #expect(try await other.change { $0.loadBalancers = [] }.revision == 2)
    }

    @Test("a read-only file system with the log of a killed daemon is read, too", .needsRoot, .needsWriter)
    func readOnlyAfterKill() async throws {
        let disk = try TemporaryFileSystem(size: "8m")
        let writer = try Writer("write", disk.store)
        var acknowledged = 0
        while acknowledged < 20 { acknowledged = Int(writer.line() ?? "") ?? .max }
        _ = writer.killed()
        try disk.setReadOnly(true)
        #expect(try await SQLiteStore(path: disk.store).read().revision >= 20)
    }

    @Test("a read-only directory without a store is told as such", .needsRoot)
    func readOnlyAndEmpty() async throws {
        let disk = try TemporaryFileSystem(size: "1m")
        try disk.setReadOnly(true)
        await #expect(throws: StoreError.readOnly(path: disk.store)) { try await SQLiteStore(path: disk.store).read() }
    }

    @Test(
        "a directory that may not be entered or made is told as such",
        .enabled(if: geteuid() != 0, "root may everything"))
    func notPermitted() async throws {
        for path in ["/root/shoal-test/shoal.db", "/shoal-test/shoal.db"] {
            let error = await #expect(throws: StoreError.self) { try await SQLiteStore(path: path).read() }
            guard case .notPermitted = error else { throw error ?? .missing(path: "") }
        }
    }

    @Test("a write that fails half-way leaves what was acknowledged, and the next one works", .needsWriter)
    func inputOutputError() async throws {
        let directory = try TemporaryDirectory()
        // The kernel makes its files no longer than 256 KB, and later as long as it likes.
        let writer = try Writer("limit", directory.store)
        let acknowledged = try #require(writer.line().flatMap { UInt64($0) })
        let error = try #require(writer.line())
        #expect(error.contains("reading or writing \(directory.store) failed: disk I/O error"))
        #expect(writer.line() == "\(acknowledged)")
        #expect(writer.line() == "\(acknowledged + 1)")
        _ = writer.killed()
        #expect(try SQLiteStore.check(directory.store).revision == acknowledged + 1)
    }

    @Test(
        "a store that another process has open is told as such, also a torn one, and can be used when that has gone",
        .needsWriter)
    func locked() async throws {
        let directory = try TemporaryDirectory()
        let store = SQLiteStore(path: directory.store)
        try await store.change { $0 = .small }
        await store.close()
        let holder = try Writer("hold", directory.store)
        #expect(holder.line() == "1")
        let error = StoreError.locked(path: directory.store)
        let fresh = SQLiteStore(path: directory.store)
        await #expect(throws: error) { try await fresh.read() }
        #expect(throws: error) { try SQLiteStore.check(directory.store) }
        #expect(throws: error) { try SQLiteStore.backup(of: directory.store, to: directory.path + "/b") }
        #expect(throws: error) { try SQLiteStore.restore(from: directory.store, to: directory.store, at: 0) }
        await #expect(throws: error) { try await store.change { $0.loadBalancers = [] } }
        #expect(try files(in: directory.path) == ["shoal.db", "shoal.db-wal"])

        let good = try contents(of: directory.store)
        let handle = try FileHandle(forWritingTo: URL(filePath: directory.store))
        try handle.write(contentsOf: Data(repeating: 9, count: 4096))
        let copy = directory.path + "/copy.db"
        try good.write(to: URL(filePath: copy))
        #expect(throws: error) { try SQLiteStore.restore(from: copy, to: directory.store, at: 0) }
        try handle.seek(toOffset: 0)
        try handle.write(contentsOf: good)
        try handle.close()

        _ = holder.killed()
        #expect(try await store.change { $0.loadBalancers = [] }.revision == 2)
    }

    @Test(
        "a file or log that was taken away is told, not written around; and no empty store takes its place",
        arguments: ["", "-wal"])
    func replaced(suffix: String) async throws {
        let directory = try TemporaryDirectory()
        let store = SQLiteStore(path: directory.store)
        let stored = try await store.change { $0 = .small }
        try FileManager.default.moveItem(atPath: directory.store + suffix, toPath: directory.path + "/aside")
        for _ in 0..<2 {
            await #expect(throws: StoreError.replaced(path: directory.store)) {
                try await store.change { $0.loadBalancers = [] }
            }
        }
        #expect(try await store.read() == stored)
        try FileManager.default.moveItem(atPath: directory.path + "/aside", toPath: directory.store + suffix)
        #expect(try await store.change { $0.loadBalancers = [] }.revision == 2)
    }

    @Test("once read, a store that is not there any more is an error and not an empty one")
    func gone() async throws {
        let directory = try TemporaryDirectory()
        let store = SQLiteStore(path: directory.store)
        let stored = try await store.change { $0 = .small }
        await store.close()
        unlink(directory.store)
        #expect(try await store.read() == stored)
        await #expect(throws: StoreError.missing(path: directory.store)) {
            try await store.change { $0.loadBalancers = [] }
        }
        #expect(try files(in: directory.path).isEmpty)
    }

    /// `SHOAL_STORE_KILLS` says how many; the acceptance run takes 1,000.
    @Test("kill -9 at any moment loses nothing that was acknowledged", .needsWriter)
    func kills() async throws {
        let directory = try TemporaryDirectory()
        let count = ProcessInfo.processInfo.environment["SHOAL_STORE_KILLS"].flatMap { Int($0) } ?? 30
        var acknowledged: UInt64 = 0
        var total = 0
        for round in 0..<count {
            let writer = try Writer("write", directory.store)
            // Some are killed while they start, the others while they write.
            let first = round % 5 == 0 ? nil : writer.line()
            usleep(UInt32.random(in: 0...40_000))
            let lines = (first.map { [$0] } ?? []) + writer.killed()
            let numbers = lines.compactMap { UInt64($0) }
            #expect(numbers.count == lines.count, "\(lines)")
            total += max(numbers.count - 1, 0)
            // The first line is what the writer found: nothing that the one before had acknowledged may be missing.
            if let first = numbers.first { #expect(first >= acknowledged, "round \(round)") }
            acknowledged = max(numbers.last ?? 0, acknowledged)
            guard FileManager.default.fileExists(atPath: directory.store) else {
                #expect(acknowledged == 0)
                continue
            }
            let report = try SQLiteStore.check(directory.store)
            #expect(report.revision == acknowledged || report.revision == acknowledged + 1, "round \(round)")
            acknowledged = report.revision
            guard acknowledged > 0 else { continue }
            let store = SQLiteStore(path: directory.store)
            let loadBalancer = try #require(try await store.read().configuration.loadBalancers.first)
            #expect(loadBalancer.description == "\(acknowledged)" && loadBalancer.version == acknowledged)
            #expect(loadBalancer.groups[0].targets[0].weight == Int(acknowledged % 101))
            #expect(loadBalancer.listeners.map(\.name) == (0..<acknowledged % 7).map { "l\($0)" })
            let service = try #require(loadBalancer.services[0].id)
            // The first change makes the service, which has an id from then on.
            let hasTable = acknowledged > 1 && acknowledged % 5 != 0
            let table = String(repeating: "\(acknowledged),", count: 1000)
            #expect(try await store.tables() == (hasTable ? [service: Array(table.utf8)] : [:]), "round \(round)")
            let count = min(acknowledged, 100)
            let history = try await store.history(after: acknowledged - count, limit: .max)
            #expect(Set(history.map(\.revision)).count == Int(count), "every change is in the history")
            await store.close()
        }
        #expect(total > count / 2, "the writers had the time to commit")
        print("\(count) kills among \(total) acknowledged changes")
    }
}
