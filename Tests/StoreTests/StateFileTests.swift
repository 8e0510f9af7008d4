import Foundation
import Store
import Testing

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
