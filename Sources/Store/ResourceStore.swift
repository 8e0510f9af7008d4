public import ServiceModel

/// Resources and the number of the change that made them so.
public struct StoredConfiguration: Sendable, Hashable {
    /// 0 before the first change, then one more with each.
    public let revision: UInt64
    public let configuration: Configuration

    public init(revision: UInt64, configuration: Configuration) {
        self.revision = revision
        self.configuration = configuration
    }
}

/// Where resources live: one place with one order of changes, whether a file of this host or a cluster.
public protocol ResourceStore: Sendable {
    /// All resources at the newest revision.
    ///
    /// Fails only until it has succeeded once: later the newest resources known are given when the place is out of order.
    func read() async throws(StoreError) -> StoredConfiguration

    /// Replaces all resources, if nobody else has since `revision`.
    ///
    /// Only what differs is written. A resource that is new gets an id and the time, one that changed its next version;
    /// what the caller says about versions and times does not count. When nothing differs, the revision stays.
    ///
    /// - Returns: What is stored, for good: it outlives a crash of the machine.
    func commit(
        _ configuration: Configuration, basedOn revision: UInt64, by author: Author, at unixSeconds: Int64
    ) async throws(StoreError) -> StoredConfiguration

    /// The newest resources after each change from now on, and first those of now when they are newer than `revision`.
    ///
    /// Nothing comes before the first `read()`. Whoever is slow misses intermediate states and never the last one. Ends with the task that iterates.
    func watch(from revision: UInt64) -> AsyncStream<StoredConfiguration>

    /// Who changed what, oldest first.
    ///
    /// - Parameter limit: Ends with the last revision that fits in as many entries; one revision is always whole.
    func history(after revision: UInt64, limit: Int) async throws(StoreError) -> [HistoryEntry]
}

/// Who asked for a change.
public struct Author: Sendable, Hashable, Codable {
    public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
        /// A process on this host, known by its peer credentials.
        case socket
        /// The owner of an access key.
        case key
        /// The bearer of a token.
        case token
        /// The daemon itself.
        case system
    }

    public let kind: Kind
    /// Of the user, the key or the token.
    public let name: String
    public let uid: UInt32?
    /// The client's address.
    public let remote: String?

    public init(kind: Kind, name: String, uid: UInt32? = nil, remote: String? = nil) {
        self.kind = kind
        self.name = name
        self.uid = uid
        self.remote = remote
    }
}

/// What one change did to one resource.
public struct HistoryEntry: Sendable, Hashable {
    public let revision: UInt64
    public let unixSeconds: Int64
    public let author: Author
    public let action: Change.Action
    public let kind: Change.Kind
    public let id: String
    /// As in `Change`: below a load balancer with that one's name before it, as in `web/http`.
    public let name: String
    /// JSON, without what is below a load balancer; `nil` for a resource that was created.
    public let before: String?
    /// The same afterwards; `nil` for a resource that was deleted.
    public let after: String?
}
