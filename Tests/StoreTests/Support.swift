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

    /// Where a store would be.
    var store: String { path + "/shoal.db" }
}

/// A small file system of its own in a temporary directory, unmounted with the test. Needs root.
struct TemporaryFileSystem: ~Copyable {
    private let directory: TemporaryDirectory

    var path: String { directory.path }
    var store: String { directory.store }

    init(size: String) throws {
        let new = try TemporaryDirectory()
        guard mount("tmpfs", new.path, "tmpfs", 0, "size=\(size),mode=0700") == 0 else { throw failure("mount") }
        directory = new
    }

    deinit { umount2(directory.path, Int32(MNT_DETACH)) }

    /// A program that another test starts has this process's open files until it runs, and the kernel makes no file
    /// system read-only while one is open for writing (`EBUSY`). It tells nobody when that is over, so this asks again.
    func setReadOnly(_ isReadOnly: Bool) throws {
        let flags = UInt(MS_REMOUNT) | (isReadOnly ? UInt(MS_RDONLY) : 0)
        let end = ContinuousClock.now + .seconds(10)
        while mount("tmpfs", path, "tmpfs", flags, nil) != 0 {
            guard errno == EBUSY, .now < end else { throw failure("remount") }
            usleep(1000)
        }
    }

    /// Leaves so many bytes free.
    func fill(leaving bytes: Int = 0) throws {
        let descriptor = open(path + "/ballast", O_WRONLY | O_CREAT | O_APPEND, 0o600)
        defer { close(descriptor) }
        let block = [UInt8](repeating: 1, count: 4096)
        while write(descriptor, block, block.count) == block.count {}
        var status = stat()
        fstat(descriptor, &status)
        ftruncate(descriptor, max(status.st_size - off_t(bytes), 0))
    }

    func makeRoom() { unlink(path + "/ballast") }
}

private func failure(_ call: String) -> any Error {
    CocoaError(.fileWriteUnknown, userInfo: [NSLocalizedDescriptionKey: "\(call): \(String(cString: strerror(errno)))"])
}

/// The program `StoreWriter`, which is built beside the tests. Ends with the test.
final class Writer {
    private let processID: pid_t
    private let input: FileHandle
    private let output: FileHandle
    private var buffer: [UInt8] = []
    private var hasEnded = false

    static let path: String = {
        let bundle = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return URL(filePath: bundle).deletingLastPathComponent().appending(path: "StoreWriter").path
    }()

    static var isThere: Bool { FileManager.default.isExecutableFile(atPath: path) }

    init(_ mode: String, _ store: String) throws {
        let (toChild, fromChild) = (Pipe(), Pipe())
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, toChild.fileHandleForReading.fileDescriptor, STDIN_FILENO)
        posix_spawn_file_actions_adddup2(&actions, fromChild.fileHandleForWriting.fileDescriptor, STDOUT_FILENO)
        var arguments: [UnsafeMutablePointer<CChar>?] = [strdup(Self.path), strdup(mode), strdup(store), nil]
        defer { for argument in arguments { free(argument) } }
        var processID: pid_t = 0
        let status = posix_spawn(&processID, Self.path, &actions, nil, &arguments, environ)
        guard status == 0 else { throw failure("posix_spawn") }
        (input, output) = (toChild.fileHandleForWriting, fromChild.fileHandleForReading)
        self.processID = processID
    }

    deinit { end() }

    /// The next whole line, which is waited for; `nil` when there will be none.
    func line() -> String? {
        while true {
            if let end = buffer.firstIndex(of: 10) {
                let line = String(decoding: buffer[..<end], as: UTF8.self)
                buffer.removeFirst(end + 1)
                return line
            }
            var bytes = [UInt8](repeating: 0, count: 65536)
            let count = read(output.fileDescriptor, &bytes, bytes.count)
            guard count > 0 else { return nil }
            buffer += bytes[..<count]
        }
    }

    /// Kills it now, and gives what it had said until then and nobody has read.
    func killed() -> [String] {
        end()
        // Not until the end of the file: another test may have started a program that has the other end, too.
        _ = fcntl(output.fileDescriptor, F_SETFL, O_NONBLOCK)
        var lines: [String] = []
        while let line = line() { lines.append(line) }
        return lines
    }

    private func end() {
        guard !hasEnded else { return }
        hasEnded = true
        kill(processID, SIGKILL)
        var status: Int32 = 0
        waitpid(processID, &status, 0)
    }
}

extension Trait where Self == ConditionTrait {
    static var needsRoot: Self { .enabled(if: geteuid() == 0, "needs root") }
    static var needsWriter: Self { .enabled(if: Writer.isThere, "the program StoreWriter is not beside the tests") }
}

let operatorAuthor = Author(kind: .socket, name: "alice", uid: 1000)

extension SQLiteStore {
    /// Commits over what is stored, at a fixed time.
    @discardableResult
    func change(
        tables: TableWrites = TableWrites(), by author: Author = operatorAuthor, at unixSeconds: Int64 = 1_700_000_000,
        _ change: (inout Configuration) -> Void
    ) throws(StoreError) -> StoredConfiguration {
        let old = try read()
        var new = old.configuration
        change(&new)
        return try commit(new, basedOn: old.revision, tables: tables, by: author, at: unixSeconds)
    }
}

extension Configuration {
    func with(_ change: (inout Configuration) -> Void) -> Configuration {
        var changed = self
        change(&changed)
        return changed
    }

    /// One load balancer with a listener, a service and a group of two targets; an instance and its group.
    static let small = Configuration(
        loadBalancers: [
            LoadBalancer(
                name: "web", vip: IPAddress("203.0.113.10")!,
                listeners: [Listener(name: "http", port: 80, service: "http")],
                services: [BackendService(name: "http", port: 8080, slowStartSeconds: 30, servers: .group("servers"))],
                groups: [
                    ServerGroup(
                        name: "servers",
                        targets: [
                            Target(server: .address(IPAddress("10.1.0.1")!)),
                            Target(
                                server: .instance("i-1"), port: 81, weight: 0, adminState: .draining,
                                drainUntil: 1_800_000_000),
                        ])
                ])
        ], availabilityGroups: [AvailabilityGroup(name: "pool", instances: ["i-1"])],
        instances: [Instance(id: "i-1", address: IPAddress("2001:db8::1")!)])

    /// Ten listeners, services and groups a load balancer, ten targets a group.
    static func large(loadBalancers: Int = 100) -> Configuration {
        Configuration(
            loadBalancers: (0..<loadBalancers).map { number in
                LoadBalancer(
                    name: "lb-\(number)", vip: IPAddress("203.0.113.\(number)")!,
                    listeners: (0..<10).map { Listener(name: "l-\($0)", port: 80 + $0, service: "s-\($0)") },
                    services: (0..<10).map { BackendService(name: "s-\($0)", port: 8080, servers: .group("g-\($0)")) },
                    groups: (0..<10).map { group in
                        ServerGroup(
                            name: "g-\(group)",
                            targets: (0..<10).map {
                                Target(server: .address(IPAddress("10.\(number).\(group).\($0)")!), port: 8000 + $0)
                            })
                    })
            })
    }
}

func mode(of path: String) throws -> Int? {
    try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
}

func files(in directory: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
}

func contents(of path: String) throws -> Data { try Data(contentsOf: URL(filePath: path)) }
