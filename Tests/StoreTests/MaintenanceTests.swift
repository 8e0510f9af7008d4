import Foundation
import ServiceModel
import Store
import Testing

@Suite("backup, check and restore")
struct MaintenanceTests {
    @Test("a backup of an open store is one file for the owner's eyes only, and has all of one moment")
    func backup() async throws {
        let directory = try TemporaryDirectory()
        let store = SQLiteStore(path: directory.store)
        let stored = try await store.change { $0 = .small }
        let file = directory.path + "/backup.db"
        try await store.backup(to: file)
        #expect(try mode(of: file) == 0o600)
        try await store.change { $0 = .large(loadBalancers: 2) }
        #expect(try files(in: directory.path) == ["backup.db", "shoal.db", "shoal.db-wal"])
        #expect(try await SQLiteStore(path: file).read() == stored)
    }

    @Test("a backup overwrites nothing, and leaves nothing when it fails")
    func noOverwriting() async throws {
        let directory = try TemporaryDirectory()
        let store = SQLiteStore(path: directory.store)
        try await store.change { $0 = .small }
        try Data("mine".utf8).write(to: URL(filePath: directory.path + "/b"))
        await #expect(throws: StoreError.exists(path: directory.path + "/b")) {
            try await store.backup(to: directory.path + "/b")
        }
        #expect(try contents(of: directory.path + "/b") == Data("mine".utf8))
        await #expect(throws: StoreError.missing(path: directory.path + "/no/b")) {
            try await store.backup(to: directory.path + "/no/b")
        }
    }

    @Test("a backup to a full disk fails and is removed", .needsRoot)
    func backupToFullDisk() async throws {
        let directory = try TemporaryDirectory()
        let disk = try TemporaryFileSystem(size: "256k")
        let store = SQLiteStore(path: directory.store)
        try await store.change { $0 = .large(loadBalancers: 10) }
        let file = disk.path + "/b"
        await #expect(throws: StoreError.diskFull(path: file)) { try await store.backup(to: file) }
        #expect(try files(in: disk.path).isEmpty)
        #expect(try await store.change { $0 = .small }.revision == 2)
    }

    @Test("a restore on a full disk is told as such and leaves the old store", .needsRoot)
    func restoreToFullDisk() async throws {
        let directory = try TemporaryDirectory()
        let disk = try TemporaryFileSystem(size: "1m")
        let store = SQLiteStore(path: disk.store)
        try await store.change { $0 = .small }
        try await store.backup(to: directory.path + "/b")
        await store.close()
        let before = try files(in: disk.path)
        try disk.fill()
        #expect(throws: StoreError.diskFull(path: disk.store)) {
            try SQLiteStore.restore(from: directory.path + "/b", to: disk.store, at: 0)
        }
        disk.makeRoom()
        #expect(try files(in: disk.path) == before)
        #expect(try SQLiteStore.check(disk.store).revision == 1)
    }

    @Test("a check counts what it has looked at")
    func check() async throws {
        let directory = try TemporaryDirectory()
        let store = SQLiteStore(path: directory.store)
        let service = try await store.change { $0 = .small }.configuration.loadBalancers[0].services[0].id
        try await store.change(tables: TableWrites(puts: [try #require(service): [1]])) { _ in }
        try await store.create(
            AccessKey(id: "AK1", secret: "s", role: "admin", createdAt: 5, createdBy: "alice"), by: operatorAuthor)
        for id in ["tok-1", "tok-2"] {
            let token = AccessToken(id: id, digest: id, role: "viewer", createdAt: 6, createdBy: "alice")
            try await store.create(token, by: operatorAuthor)
        }
        let report = try await store.check()
        await store.close()
        #expect(report.revision == 2 && report.resourceCount == 6 && report.historyCount == 9)
        #expect(report.accessKeyCount == 1 && report.accessTokenCount == 2 && report.tableCount == 1)
        #expect(try SQLiteStore.check(directory.store) == report)
        #expect(throws: StoreError.missing(path: directory.path + "/none.db")) {
            try SQLiteStore.check(directory.path + "/none.db")
        }
        #expect(try files(in: directory.path) == ["shoal.db"])
    }

    @Test("a restored store has what the backup had, a revision that was never used, and the old one aside")
    func restore() async throws {
        let directory = try TemporaryDirectory()
        let store = SQLiteStore(path: directory.store)
        let old = try await store.change { $0 = .small }
        let file = directory.path + "/backup.db"
        try await store.backup(to: file)
        let bytes = try contents(of: file)
        for port in 1...5 { try await store.change { $0.loadBalancers[0].listeners[0].port = port } }
        await store.close()
        let kept = try SQLiteStore.restore(from: file, to: directory.store, at: 99)
        #expect(kept == directory.store + ".before-99")
        let restored = try await SQLiteStore(path: directory.store).read()
        #expect(restored.configuration == old.configuration && restored.revision == 7)
        #expect(try await SQLiteStore(path: directory.store + ".before-99").read().revision == 6)
        #expect(try contents(of: file) == bytes, "the backup is as it was")
    }

    @Test("a restored backup of a new store has a revision that was never used, too")
    func restoreEmpty() async throws {
        let directory = try TemporaryDirectory()
        let store = SQLiteStore(path: directory.store)
        _ = try await store.read()
        try await store.backup(to: directory.path + "/backup.db")
        try await store.change { $0 = .small }
        await store.close()
        _ = try SQLiteStore.restore(from: directory.path + "/backup.db", to: directory.store, at: 1)
        let restored = try await SQLiteStore(path: directory.store).read()
        #expect(restored == StoredConfiguration(revision: 2, configuration: Configuration()))
    }

    @Test("looking at a backup does not change it")
    func checkOfBackup() async throws {
        let directory = try TemporaryDirectory()
        let store = SQLiteStore(path: directory.store)
        try await store.change { $0 = .small }
        let file = directory.path + "/backup.db"
        try await store.backup(to: file)
        let before = try contents(of: file)
        #expect(try SQLiteStore.check(file).resourceCount == 6)
        #expect(try contents(of: file) == before)
    }

    @Test("a store is restored where there was none, and where there was a torn one")
    func restoreOverDamage() async throws {
        let directory = try TemporaryDirectory()
        let store = SQLiteStore(path: directory.path + "/source.db")
        try await store.change { $0 = .small }
        let file = directory.path + "/backup.db"
        try await store.backup(to: file)
        #expect(try SQLiteStore.restore(from: file, to: directory.store, at: 1) == nil)
        try Data(repeating: 7, count: 10_000).write(to: URL(filePath: directory.store))
        try Data("old log".utf8).write(to: URL(filePath: directory.store + "-wal"))
        #expect(try SQLiteStore.restore(from: file, to: directory.store, at: 2) != nil)
        #expect(try await SQLiteStore(path: directory.store).read().configuration.changes(to: .small).isEmpty)
    }

    @Test("a backup that is torn or of a newer version is refused by its name, and the store stays")
    func badBackup() async throws {
        let directory = try TemporaryDirectory()
        let store = SQLiteStore(path: directory.store)
        try await store.change { $0 = .large(loadBalancers: 2) }
        let file = directory.path + "/backup.db"
        try await store.backup(to: file)
        let stored = try await store.read()
        await store.close()
        let good = try contents(of: file)
        var torn = good
        torn.replaceSubrange(40_960..<45_056, with: Data(repeating: 0x5a, count: 4096))
        var newer = good
        newer.replaceSubrange(60..<64, with: [0, 0, 0, 9])
        for bad in [torn, newer, Data("text".utf8), Data()] {
            try bad.write(to: URL(filePath: file))
            let error = #expect(throws: StoreError.self) {
                try SQLiteStore.restore(from: file, to: directory.store, at: 3)
            }
            #expect(error.map { "\($0)".hasPrefix(file + " ") } == true, "\(error.map { "\($0)" } ?? "")")
        }
        #expect(try await store.read() == stored)
        await store.close()
        #expect(try files(in: directory.path) == ["backup.db", "shoal.db"])
    }
}
