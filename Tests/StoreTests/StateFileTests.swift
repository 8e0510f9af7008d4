import Foundation
import NetworkTypes
import ServiceModel
import Store
import Testing

/// A directory that goes with the test.
struct TemporaryDirectory: ~Copyable {
    let path = FileManager.default.temporaryDirectory.appending(path: "shoal-store-\(UUID().uuidString)").path

    init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

@Suite("state files")
struct StateFileTests {
    @Test("what was written is read, and a file that is not there is nothing")
    func roundTrip() throws {
        let directory = try TemporaryDirectory()
        let file = StateFile<[String: Int]>(path: directory.path + "/f.json")
        #expect(try file.read() == nil)
        try file.write(["a": 1])
        try file.write(["a": 2])
        #expect(try file.read() == ["a": 2])
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["f.json"])
        let mode = try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int
        #expect(mode == 0o600, "only the owner reads it")
    }

    @Test("a file that holds something else is an error that names it, and stays")
    func damaged() throws {
        let directory = try TemporaryDirectory()
        let file = StateFile<[String: Int]>(path: directory.path + "/f.json")
        try "{\"a\": 1".write(toFile: file.path, atomically: true, encoding: .utf8)
        let error = #expect(throws: StateFileError.self) { try file.read() }
        #expect(error?.path == file.path && error?.action == .read)
        #expect(try String(contentsOfFile: file.path, encoding: .utf8) == "{\"a\": 1")
    }

    @Test("a write that fails leaves what was there")
    func failedWrite() throws {
        let directory = try TemporaryDirectory()
        let file = StateFile<[String: Int]>(path: directory.path + "/f.json")
        try file.write(["a": 1])
        // A directory where the new file should go: fails for root, too.
        try FileManager.default.createDirectory(atPath: file.path + ".new", withIntermediateDirectories: true)
        #expect(throws: StateFileError.self) { try file.write(["a": 2]) }
        #expect(try file.read() == ["a": 1])
    }
}

@Suite("resources in a file")
struct FileStoreTests {
    private static let some = Configuration(
        loadBalancers: [LoadBalancer(name: "web", vip: .init("203.0.113.10")!)])

    @Test("a new store is empty at revision 0")
    func new() async throws {
        let directory = try TemporaryDirectory()
        let stored = try await FileStore(directory: directory.path).read()
        #expect(stored == StoredConfiguration(revision: 0, configuration: Configuration()))
    }

    @Test("what was committed is there for the next process, one revision on")
    func commit() async throws {
        let directory = try TemporaryDirectory()
        _ = try await FileStore(directory: directory.path).commit(Self.some, basedOn: 0)
        let stored = try await FileStore(directory: directory.path).read()
        #expect(stored == StoredConfiguration(revision: 1, configuration: Self.some))
    }

    @Test("a change based on an older revision is refused and changes nothing")
    func conflict() async throws {
        let directory = try TemporaryDirectory()
        let store = FileStore(directory: directory.path)
        _ = try await store.commit(Self.some, basedOn: 0)
        await #expect(throws: StoreError.conflict(current: 1, basedOn: 0)) {
            try await store.commit(Configuration(), basedOn: 0)
        }
        #expect(try await store.read().configuration == Self.some)
    }

    @Test("a file of a form that is not understood is named and left alone")
    func unreadable() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/resources.json"
        let text = #"{"revision": 7, "document": "apiVersion: shoal/v9"}"#
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        let store = FileStore(directory: directory.path)
        do {
            _ = try await store.read()
            Issue.record("an unknown version was read")
        } catch .unreadable(let name, let problems) {
            #expect(name == path && problems.list.map(\.path) == ["apiVersion"])
        }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == text)
    }
}
