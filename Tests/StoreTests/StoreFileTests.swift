import Foundation
import ServiceModel
import Store
import Testing

/// What the store makes of the files that it may find.
@Suite("files of the store")
struct StoreFileTests {
    /// A store with the small configuration, closed.
    private static func make(at path: String) async throws {
        let store = SQLiteStore(path: path)
        try await store.change { $0 = .small }
        await store.close()
    }

    private static func overwrite(_ path: String, at offset: Int, with bytes: [UInt8]) throws {
        let handle = try FileHandle(forWritingTo: URL(filePath: path))
        try handle.seek(toOffset: UInt64(offset))
        try handle.write(contentsOf: Data(bytes))
        try handle.close()
    }

    private static func result(of store: SQLiteStore) async -> Result<StoredConfiguration, StoreError> {
        do { return .success(try await store.read()) } catch { return .failure(error) }
    }

    @Test("a file of an older schema is brought to this one and loses nothing")
    func olderSchema() async throws {
        let directory = try TemporaryDirectory()
        try await Self.make(at: directory.store)
        try RawDatabase(path: directory.store).revertToSchema1()
        #expect(try SQLiteStore.check(directory.store).schema == 1)
        let store = SQLiteStore(path: directory.store)
        #expect(try await store.read().configuration.changes(to: .small).isEmpty)
        #expect(try await store.check().schema == 4)
        #expect(try await store.accessKeys().isEmpty)
        #expect(try await store.accessTokens().isEmpty)
    }

    @Test("access keys of schema 2 go on to work, without a description")
    func keysOfOlderSchema() async throws {
        let directory = try TemporaryDirectory()
        let store = SQLiteStore(path: directory.store)
        let key = AccessKey(id: "AK1", secret: "s3cret", role: "admin", createdAt: 5, createdBy: "alice", lastUsed: 6)
        try await store.create(key, by: operatorAuthor)
        await store.close()
        try RawDatabase(path: directory.store).revertToSchema2()
        #expect(try SQLiteStore.check(directory.store).schema == 2)
        #expect(try await store.accessKeys() == [key])
        #expect(try await store.check().schema == 4)
    }

    @Test("resources of schema 3 have no tables, and can be given some")
    func tablesOfOlderSchema() async throws {
        let directory = try TemporaryDirectory()
        try await Self.make(at: directory.store)
        try RawDatabase(path: directory.store).revertToSchema3()
        #expect(try SQLiteStore.check(directory.store).schema == 3)
        let store = SQLiteStore(path: directory.store)
        let stored = try await store.read()
        #expect(stored.configuration.changes(to: .small).isEmpty && stored.revision == 1)
        #expect(try await store.check().schema == 4)
        #expect(try await store.tables().isEmpty)
        let service = try #require(stored.configuration.loadBalancers[0].services[0].id)
        try await store.change(tables: TableWrites(puts: [service: [1, 2]])) { _ in }
        #expect(try await store.tables() == [service: [1, 2]])
    }

    @Test("schema 3 has no tables where nobody can write", .needsRoot)
    func tablesOfOlderSchemaReadOnly() async throws {
        let disk = try TemporaryFileSystem(size: "1m")
        try await Self.make(at: disk.store)
        try RawDatabase(path: disk.store).revertToSchema3()
        try disk.setReadOnly(true)
        let store = SQLiteStore(path: disk.store)
        #expect(try await store.tables().isEmpty)
        #expect(try await store.check().tableCount == 0)
        await store.close()
    }

    @Test("keys of schema 2 are read where nobody can write", .needsRoot)
    func keysOfOlderSchemaReadOnly() async throws {
        let disk = try TemporaryFileSystem(size: "1m")
        let store = SQLiteStore(path: disk.store)
        let key = AccessKey(id: "AK1", secret: "s3cret", role: "admin", createdAt: 5, createdBy: "alice")
        try await store.create(key, by: operatorAuthor)
        await store.close()
        try RawDatabase(path: disk.store).revertToSchema2()
        try disk.setReadOnly(true)
        #expect(try await store.accessKeys() == [key])
        #expect(try await store.accessTokens().isEmpty)
        await #expect(throws: StoreError.readOnly(path: disk.store)) {
            try await store.revokeAccessKey("AK1", by: operatorAuthor, at: 6)
        }
        await store.close()
    }

    @Test("a file of a newer schema is refused, with both numbers, and not a byte of it changes")
    func newerSchema() async throws {
        let directory = try TemporaryDirectory()
        try await Self.make(at: directory.store)
        try Self.overwrite(directory.store, at: 60, with: [0, 0, 0, 9])
        let before = try contents(of: directory.store)
        let store = SQLiteStore(path: directory.store)
        let error = StoreError.newerSchema(path: directory.store, found: 9, known: 4)
        await #expect(throws: error) { try await store.read() }
        await #expect(throws: error) { try await store.commit(.small, basedOn: 1, by: operatorAuthor, at: 0) }
        #expect(throws: error) { try SQLiteStore.check(directory.store) }
        #expect("\(error)".contains("newer version") && "\(error)".contains("schema 9, this one knows 4"))
        #expect(try contents(of: directory.store) == before)
        #expect(try files(in: directory.path) == ["shoal.db"])
    }

    @Test("a newer schema that is still in the log of a killed daemon is refused, too")
    func newerSchemaInLog() async throws {
        let directory = try TemporaryDirectory()
        try await Self.make(at: directory.store)
        let copy = directory.path + "/killed.db"
        try RawDatabase(path: directory.store).raiseSchema(to: 9) {
            for suffix in ["", "-wal"] {
                try FileManager.default.copyItem(atPath: directory.store + suffix, toPath: copy + suffix)
            }
        }
        await #expect(throws: StoreError.newerSchema(path: copy, found: 9, known: 4)) {
            try await SQLiteStore(path: copy).read()
        }
    }

    @Test("an empty file is damage and no new store")
    func empty() async throws {
        let directory = try TemporaryDirectory()
        try Data().write(to: URL(filePath: directory.store))
        await #expect(throws: StoreError.damaged(path: directory.store, cause: "it is empty")) {
            try await SQLiteStore(path: directory.store).read()
        }
        #expect(try contents(of: directory.store).isEmpty)
    }

    @Test("a file of another kind is named and left alone: a text, another program's database, a directory")
    func foreign() async throws {
        let directory = try TemporaryDirectory()
        try await Self.make(at: directory.path + "/other.db")
        try Self.overwrite(directory.path + "/other.db", at: 68, with: [1, 2, 3, 4])
        try Data("apiVersion: shoal/v1\n".utf8).write(to: URL(filePath: directory.path + "/text.db"))
        try FileManager.default.createDirectory(atPath: directory.path + "/d.db", withIntermediateDirectories: true)
        for name in ["other.db", "text.db", "d.db"] {
            let path = directory.path + "/" + name
            let before = try? contents(of: path)
            let error = await #expect(throws: StoreError.self) { try await SQLiteStore(path: path).read() }
            guard case .foreign(path, _) = error else {
                Issue.record("\(name): \(error.map { "\($0)" } ?? "")")
                continue
            }
            #expect((try? contents(of: path)) == before)
        }
    }

    @Test("4 KB overwritten anywhere are found by a check, or hit nothing; reading never traps", arguments: 0..<20)
    func torn(place: Int) async throws {
        let directory = try TemporaryDirectory()
        let store = SQLiteStore(path: directory.store)
        try await store.change { $0 = .large(loadBalancers: 3) }
        await store.close()
        let pages = try contents(of: directory.store).count / 4096
        let noise = (0..<4096).map { _ in UInt8.random(in: 0...255) }
        try Self.overwrite(directory.store, at: pages * place / 20 * 4096, with: noise)
        #expect(throws: StoreError.self) { try SQLiteStore.check(directory.store) }
        switch await Self.result(of: store) {
        // The page was one of the history or of an index.
        case .success(let stored): #expect(stored.configuration.changes(to: .large(loadBalancers: 3)).isEmpty)
        case .failure(.damaged), .failure(.foreign), .failure(.undecodable): break
        case .failure(let error): throw error
        }
    }

    @Test("a file that was cut off is damage")
    func truncated() async throws {
        let directory = try TemporaryDirectory()
        try await Self.make(at: directory.store)
        for length in [8192, 4096, 50] {
            truncate(directory.store, off_t(length))
            let error = await #expect(throws: StoreError.self) { try await SQLiteStore(path: directory.store).read() }
            guard case .damaged = error else { throw error ?? .missing(path: "") }
        }
    }

    @Test("a row that this version does not understand is named")
    func undecodable() async throws {
        let directory = try TemporaryDirectory()
        try await Self.make(at: directory.store)
        try RawDatabase(path: directory.store).spoilInstances()
        let byReading = await #expect(throws: StoreError.self) { try await SQLiteStore(path: directory.store).read() }
        let byCheck = #expect(throws: StoreError.self) { try SQLiteStore.check(directory.store) }
        for error in [byReading, byCheck] {
            guard case .undecodable(directory.store, "instance", "i-1", _) = error else {
                throw error ?? .missing(path: "")
            }
        }
    }

    // MARK: The old store

    private static let old = #"""
        {"revision": 7, "document": "apiVersion: shoal/v1\nloadBalancers:\n- {name: web, vip: 203.0.113.10}\n"}
        """#

    @Test("resources.json is taken over once, with its revision, and then set aside")
    func imported() async throws {
        let directory = try TemporaryDirectory()
        try Self.old.write(toFile: directory.path + "/resources.json", atomically: true, encoding: .utf8)
        let store = SQLiteStore(path: directory.store)
        let stored = try await store.read()
        #expect(stored.revision == 7 && stored.configuration.loadBalancers.map(\.name) == ["web"])
        #expect(try await store.history(after: 0, limit: 5).map(\.author.kind) == [.system])
        try await store.change { $0.loadBalancers = [] }
        await store.close()
        #expect(try files(in: directory.path) == ["resources.json.imported", "shoal.db"])
        #expect(try await SQLiteStore(path: directory.store).read().revision == 8)
    }

    @Test("a resources.json that is not understood is named and left alone, and nothing is made")
    func notImported() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/resources.json"
        for text in [#"{"revision": 7, "document": "apiVersion: shoal/v9"}"#, "{"] {
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            let error = await #expect(throws: StoreError.self) { try await SQLiteStore(path: directory.store).read() }
            #expect(error.map { "\($0)".contains(path) } == true)
            #expect(try files(in: directory.path) == ["resources.json"])
        }
    }

    @Test("a start that was killed while it made the store begins again")
    func leftovers() async throws {
        let directory = try TemporaryDirectory()
        for suffix in [".new", ".new-journal"] {
            try Data("torn".utf8).write(to: URL(filePath: directory.store + suffix))
        }
        #expect(try await SQLiteStore(path: directory.store).read().revision == 0)
        #expect(try files(in: directory.path).filter { $0.contains(".new") }.isEmpty)
    }
}
