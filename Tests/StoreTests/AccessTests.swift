import Store
import Testing

@Suite("access keys and tokens in a database")
struct AccessTests {
    private let key = AccessKey(
        id: "AK1", secret: "s3cret", role: "operator", description: "ci", createdAt: 5, createdBy: "alice")
    private let token = AccessToken(
        id: "tok-1", digest: "d1gest", role: "viewer", description: "grafana", createdAt: 6, createdBy: "alice")

    @Test("keys and tokens are made, listed, used and revoked, and are there for the next process")
    func life() async throws {
        let directory = try TemporaryDirectory()
        let store = SQLiteStore(path: directory.store)
        try await store.create(key, by: operatorAuthor)
        try await store.create(token, by: operatorAuthor)
        #expect(try await store.accessKeys() == [key])
        #expect(try await store.accessTokens() == [token])
        try await store.noteUses(ofKeys: ["AK1": 9, "unknown": 9], tokens: ["tok-1": 10])
        try await store.noteUses(ofKeys: ["AK1": 7], tokens: [:])
        #expect(try await store.revokeAccessKey("AK1", by: operatorAuthor, at: 11)?.isRevoked == true)
        #expect(try await store.revokeAccessToken("tok-1", by: operatorAuthor, at: 11)?.isRevoked == true)
        #expect(try await store.revokeAccessKey("AK2", by: operatorAuthor, at: 11) == nil)
        #expect(try await store.revokeAccessToken("tok-2", by: operatorAuthor, at: 11) == nil)
        await store.close()
        var (used, usedToken) = (key, token)
        (used.lastUsed, used.isRevoked, usedToken.lastUsed, usedToken.isRevoked) = (9, true, 10, true)
        let next = SQLiteStore(path: directory.store)
        #expect(try await next.accessKeys() == [used])
        #expect(try await next.accessTokens() == [usedToken])
    }

    @Test("an id is taken once, and so is a token; what is refused leaves no trace")
    func unique() async throws {
        let directory = try TemporaryDirectory()
        let store = SQLiteStore(path: directory.store)
        try await store.create(key, by: operatorAuthor)
        try await store.create(token, by: operatorAuthor)
        let history = try await store.history(after: 0, limit: 10)
        await #expect(throws: StoreError.exists(path: "access key AK1")) {
            try await store.create(key, by: operatorAuthor)
        }
        let sameDigest = AccessToken(id: "tok-2", digest: "d1gest", role: "admin", createdAt: 7, createdBy: "bob")
        await #expect(throws: StoreError.exists(path: "token tok-2")) {
            try await store.create(sameDigest, by: operatorAuthor)
        }
        #expect(try await store.history(after: 0, limit: 10) == history)
        #expect(try await store.accessTokens() == [token])
    }

    @Test("the history tells who gave and took access, once each, and no secret")
    func history() async throws {
        let directory = try TemporaryDirectory()
        let store = SQLiteStore(path: directory.store)
        try await store.create(key, by: operatorAuthor)
        try await store.create(token, by: operatorAuthor)
        let bob = Author(kind: .key, name: "AK9", remote: "192.0.2.7")
        for _ in 0..<2 {
            _ = try await store.revokeAccessKey("AK1", by: bob, at: 8)
            _ = try await store.revokeAccessToken("tok-1", by: bob, at: 9)
        }
        let entries = try await store.history(after: 0, limit: 10)
        #expect(entries.map(\.revision) == [1, 2, 3, 4])
        #expect(entries.map(\.kind) == [.accessKey, .token, .accessKey, .token])
        #expect(entries.map(\.action) == [.created, .created, .deleted, .deleted])
        #expect(entries.map(\.author) == [operatorAuthor, operatorAuthor, bob, bob])
        #expect(entries.map(\.unixSeconds) == [5, 6, 8, 9])
        #expect(entries.map(\.id) == ["AK1", "tok-1", "AK1", "tok-1"])
        #expect(entries.map(\.name) == ["ci", "grafana", "ci", "grafana"])
        #expect(entries[0].before == nil && entries[0].after == #"{"description":"ci","role":"operator"}"#)
        #expect(entries[3].before == #"{"description":"grafana","role":"viewer"}"# && entries[3].after == nil)
        #expect(!"\(entries)".contains("s3cret") && !"\(entries)".contains("d1gest"))
    }

    @Test("access and resources share one order of revisions; giving access changes no resource")
    func order() async throws {
        let directory = try TemporaryDirectory()
        let store = SQLiteStore(path: directory.store)
        let first = try await store.change { $0 = .small }
        var watcher = store.watch(from: 1).makeAsyncIterator()
        try await store.create(key, by: operatorAuthor)
        #expect(try await store.read() == first)
        let second = try await store.commit(
            first.configuration.with { $0.instances = [] }, basedOn: 1, by: operatorAuthor, at: 0)
        #expect(second.revision == 3, "a change based on the resources as they were is no conflict")
        #expect(await watcher.next() == second)
        try await store.create(token, by: operatorAuthor)
        await store.close()
        let next = SQLiteStore(path: directory.store)
        #expect(try await next.read() == second)
        #expect(try await next.history(after: 2, limit: 10).map(\.revision) == [3, 4])
        #expect(try await next.change { $0.availabilityGroups = [] }.revision == 5)
    }

    @Test("keys alone are no resources: the revision of those stays 0")
    func keysOnly() async throws {
        let directory = try TemporaryDirectory()
        let store = SQLiteStore(path: directory.store)
        try await store.create(key, by: operatorAuthor)
        #expect(try await store.read().revision == 0)
    }

    @Test("a restored store has a revision that no change of access had either")
    func restore() async throws {
        let directory = try TemporaryDirectory()
        let store = SQLiteStore(path: directory.store)
        try await store.change { $0 = .small }
        try await store.create(key, by: operatorAuthor)
        try await store.backup(to: directory.path + "/backup.db")
        _ = try await store.revokeAccessKey("AK1", by: operatorAuthor, at: 6)
        await store.close()
        _ = try SQLiteStore.restore(from: directory.path + "/backup.db", to: directory.store, at: 7)
        #expect(try await store.read().revision == 4)
    }

    @Test("the generation is another one after each change of access and after the file was opened anew")
    func generation() async throws {
        let directory = try TemporaryDirectory()
        let store = SQLiteStore(path: directory.store)
        var seen = [store.accessGeneration]
        func isNew() -> Bool {
            defer { seen.append(store.accessGeneration) }
            return !seen.contains(store.accessGeneration)
        }
        try await store.create(key, by: operatorAuthor)
        #expect(isNew())
        try await store.create(token, by: operatorAuthor)
        #expect(isNew())
        _ = try await store.revokeAccessKey("AK1", by: operatorAuthor, at: 6)
        #expect(isNew())
        _ = try await store.revokeAccessToken("tok-1", by: operatorAuthor, at: 6)
        #expect(isNew())
        try await store.change { $0 = .small }
        _ = try await store.accessKeys()
        #expect(!isNew())
        await store.close()
        _ = try await store.accessKeys()
        #expect(isNew())
    }

    @Test("printing a key shows nothing of its secret")
    func redacted() {
        var dumped = ""
        dump(key, to: &dumped)
        let printed = "\(key) \(String(reflecting: key)) \(dumped)"
        #expect(printed.contains("AK1") && !printed.contains("s3cret"))
    }
}
