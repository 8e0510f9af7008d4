internal import CHostNetwork
internal import Dispatch
internal import Glibc
internal import Synchronization

/// Tells when the network stack of this host changes: links, addresses, routes, rules and neighbours.
///
/// The network namespace is that of the thread that makes the watch. Ends with its last reference.
public final class NetworkWatch: Sendable {
    /// What has changed, or may have: messages of the kernel that were lost count as everything.
    public struct Changes: OptionSet, Sendable, Hashable {
        public let rawValue: Int32

        public init(rawValue: Int32) { self.rawValue = rawValue }

        /// Routes, or what they depend on: links, addresses and rules.
        public static let routes = Changes(rawValue: Int32(HOST_CHANGE_ROUTES.rawValue))
        public static let neighbours = Changes(rawValue: Int32(HOST_CHANGE_NEIGHBOURS.rawValue))
    }

    /// An element for changes that nobody has taken yet. For one consumer.
    public let wakeUps: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    private let untaken = Mutex<Changes>([])
    // Dispatch's sources may be used from any thread; their type doesn't say so.
    private nonisolated(unsafe) let source: any DispatchSourceRead

    /// - Throws: What socket(2), bind(2) and setsockopt(2) answer for netlink(7); hardly ever.
    public init() throws(HostNetworkError) {
        let descriptor = try check(host_watch_open(), .watch, "")
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        wakeUps = stream
        self.continuation = continuation
        source = DispatchSource.makeReadSource(
            fileDescriptor: descriptor, queue: DispatchQueue(label: "shoal.network-watch"))
        source.setCancelHandler {
            close(descriptor)
            continuation.finish()
        }
        source.setEventHandler { [weak self] in
            // An error that stays is as good as a change: whoever looks finds out.
            let result = host_watch_read(descriptor)
            self?.note(result < 0 ? [.routes, .neighbours] : Changes(rawValue: result))
            continuation.yield()
        }
        source.activate()
    }

    deinit { source.cancel() }

    /// Adds an element, for a consumer that has left something for later.
    public func wake() { continuation.yield() }

    private func note(_ changes: Changes) { untaken.withLock { $0.formUnion(changes) } }

    /// What has changed since this was called last.
    public func take() -> Changes {
        untaken.withLock { changes in
            defer { changes = [] }
            return changes
        }
    }
}
