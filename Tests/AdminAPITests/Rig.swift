import AdminAPI
import AdminTypes
import Authentication
import ControlPlane
import Foundation
import HTTPTypes
import HealthChecking
import Hummingbird
import Logging
import NIOCore
import NIOEmbedded
import NetworkTypes
import Store
import Synchronization
import TableCompiler

/// The API with everything around it in memory or in a directory of its own; no socket and no kernel.
final class Rig: Sendable {
    static let startedAt: Int64 = 1_795_433_929  // 2026-11-23T11:38:49Z
    static let here = Peer.local(PeerCredentials(processID: 1, uid: 0, gids: [0]))
    static let elsewhere = Peer.remote(address: "192.0.2.7")
    static let access = LocalAccess(writersGroup: 990, readersGroup: 991)

    /// Where requests of this task come from.
    @TaskLocal static var peer = elsewhere

    let directory = FileManager.default.temporaryDirectory.appending(path: "shoal-api-\(UUID().uuidString)").path
    let store: SQLiteStore
    /// The same, for access only, and in the hands of the test.
    let accessStore: WatchedAccessStore
    let authenticator: Authenticator
    let clock = Clock()
    let log = LogLines()
    private let api: AdminAPI
    private let logger: Logger

    /// - Parameters:
    ///   - installed: What the kernel holds from before.
    ///   - flows: Those that are pinned, all the time.
    init(installed: Tables = Tables(), flows: [TargetID: PinCount] = [:]) async throws {
        store = SQLiteStore(path: directory + "/shoal.db")
        accessStore = WatchedAccessStore(store)
        let log = log
        logger = Logger(label: "test") { _ in log }
        let clock = clock
        authenticator = Authenticator(
            store: accessStore, localAccess: Self.access, region: "local", clock: { UnixTime(seconds: clock.now) },
            logger: logger, peer: { Self.peer })
        let controller = Controller(
            store: store, dataplane: IdleDataplane(installed: installed, flows: flows), host: IdleHost(),
            checker: HealthChecker(),
            healthFile: StateFile(path: directory + "/health.json"), logger: logger)
        try await controller.start()
        api = AdminAPI(
            controller: controller, store: store, authenticator: authenticator,
            about: .init(version: "1.2.3", processID: 1, startedAt: Date()), region: "local")
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    // MARK: Asking

    func send(_ message: Message, from peer: Peer = elsewhere) async throws -> Answer {
        try await send(message, body: Hummingbird.RequestBody(buffer: ByteBuffer(bytes: message.body)), from: peer)
    }

    func send(_ message: Message, body: Hummingbird.RequestBody, from peer: Peer = elsewhere) async throws -> Answer {
        guard let method = HTTPRequest.Method(message.method) else { throw CocoaError(.formatting) }
        var head = HTTPRequest(
            method: method, scheme: "http", authority: message.host,
            path: message.path + (message.query.isEmpty ? "" : "?" + message.query))
        for (name, value) in message.headers {
            guard let name = HTTPField.Name(name) else { throw CocoaError(.formatting) }
            head.headerFields.append(HTTPField(name: name, value: value))
        }
        let connection = ApplicationRequestContextSource(channel: NIOAsyncTestingChannel(), logger: logger)
        let response = try await Self.$peer.withValue(peer) {
            try await api.answer(Request(head: head, body: body), over: connection)
        }
        return Answer(response: response)
    }

    /// What root on this host is answered.
    func root(_ method: String, _ path: String, query: String = "", _ body: String = "") async throws -> Answer {
        try await send(Message(method, path, query: query, body: body), from: Self.here)
    }

    func newKey(_ role: String) async throws -> NewKeyAnswer {
        try await root("POST", "/v1/keys", #"{"role": "\#(role)"}"#).result()
    }

    func newToken(_ role: String) async throws -> NewTokenAnswer {
        try await root("POST", "/v1/tokens", #"{"role": "\#(role)"}"#).result()
    }

    /// All that a change could leave behind.
    func state() async throws -> [String] {
        let stored = try await store.read()
        return [
            "\(stored.revision)", try await root("GET", "/v1/regions/local:export").text(),
            "\(try await store.history(after: 0, limit: 1000))", "\(try await store.accessKeys())",
            "\(try await store.accessTokens())",
        ]
    }
}

/// A wall clock that stands still until it is told to move.
final class Clock: Sendable {
    private let seconds = Mutex(Rig.startedAt)

    var now: Int64 { seconds.withLock { $0 } }
    func advance(by more: Int64) { seconds.withLock { $0 += more } }
}

/// Everything that was logged, at any level.
final class LogLines: LogHandler, Sendable {
    private let lines = Mutex<[String]>([])

    var text: String { lines.withLock { $0.joined(separator: "\n") } }
    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }
    var logLevel: Logger.Level {
        get { .trace }
        set {}
    }
    subscript(metadataKey _: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    func log(event: LogEvent) {
        lines.withLock { $0.append("\(event.message) \(event.metadata ?? [:])") }
    }
}

/// A store of keys and tokens that can be told to fail, and counts.
final class WatchedAccessStore: AccessStore {
    private struct State {
        var failure: StoreError?
        var readCount = 0
        var notes: [[String: Int64]] = []
        var afterReading: (@Sendable () async -> Void)?
    }

    private let store: SQLiteStore
    private let state = Mutex(State())

    init(_ store: SQLiteStore) { self.store = store }

    /// What each call from now on throws; `nil` for none.
    func fail(with failure: StoreError?) { state.withLock { $0.failure = failure } }

    /// What happens once, after the next reading and before its result is told.
    func afterReading(_ body: @escaping @Sendable () async -> Void) { state.withLock { $0.afterReading = body } }

    /// How often all keys were read.
    var readCount: Int { state.withLock { $0.readCount } }
    /// The uses of keys and tokens that were stored, write by write.
    var notes: [[String: Int64]] { state.withLock { $0.notes } }

    private func check() throws(StoreError) {
        if let failure = state.withLock({ $0.failure }) { throw failure }
    }

    var accessGeneration: UInt64 { store.accessGeneration }

    func accessKeys() async throws(StoreError) -> [AccessKey] {
        try check()
        state.withLock { $0.readCount += 1 }
        return try await store.accessKeys()
    }

    func accessTokens() async throws(StoreError) -> [AccessToken] {
        try check()
        let tokens = try await store.accessTokens()
        await state.withLock { $0.afterReading.take() }?()
        return tokens
    }

    func create(_ key: AccessKey, by author: Author) async throws(StoreError) {
        try check()
        try await store.create(key, by: author)
    }

    func create(_ token: AccessToken, by author: Author) async throws(StoreError) {
        try check()
        try await store.create(token, by: author)
    }

    func revokeAccessKey(_ id: String, by author: Author, at time: Int64) async throws(StoreError) -> AccessKey? {
        try check()
        return try await store.revokeAccessKey(id, by: author, at: time)
    }

    func revokeAccessToken(_ id: String, by author: Author, at time: Int64) async throws(StoreError) -> AccessToken? {
        try check()
        return try await store.revokeAccessToken(id, by: author, at: time)
    }

    func noteUses(ofKeys keys: [String: Int64], tokens: [String: Int64]) async throws(StoreError) {
        try check()
        try await store.noteUses(ofKeys: keys, tokens: tokens)
        state.withLock { $0.notes.append(keys.merging(tokens) { first, _ in first }) }
    }
}

private struct IdleDataplane: DataplaneDriver {
    let installed: Tables
    let flows: [TargetID: PinCount]

    func tables() -> Tables { installed }
    func apply(_ plan: [MapStep], revision: UInt64) {}
    func beat(revision: UInt64) {}
    func unsettledSlots(of services: Set<ServiceID>, in tables: Tables) -> [ServiceID: [Int]] { [:] }
    func pinnedFlows() -> [TargetID: PinCount] { flows }
    func forgetPins(of targets: Set<TargetID>) {}
    func sweepPins() {}
    func setNextHops(_ hops: [IPAddress: NextHop]) {}
    func attachments() -> [AttachmentStatus] { [] }
    func detach() {}
}

private struct IdleHost: HostDriver {
    let changes = AsyncStream<Void> { _ in }

    func settle(vips: Set<IPAddress>, targets: Set<IPAddress>, neighbours: Set<IPAddress>) -> HostState { HostState() }
    func ownAddresses() -> Set<IPAddress> { [] }
}
