public import ServiceModel

/// Resources and the number of the change that made them so.
public struct StoredConfiguration: Sendable, Hashable {
    /// 0 before the first change, then more with each. Numbers in between are those of changes of access.
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
    /// what the caller says about versions and times does not count. When nothing differs and no table is written, the
    /// revision stays.
    ///
    /// - Parameter tables: Written together with the resources, all or nothing. Those of services that are gone go in
    ///   any case, and none is put for a service that is not there.
    /// - Returns: What is stored, for good: it outlives a crash of the machine.
    func commit(
        _ configuration: Configuration, basedOn revision: UInt64, tables: TableWrites, by author: Author,
        at unixSeconds: Int64
    ) async throws(StoreError) -> StoredConfiguration

    /// The stored canonical tables by the service's id: just those that were put, and since then neither removed nor
    /// lost with their service.
    func tables() async throws(StoreError) -> [ResourceID: [UInt8]]

    /// The newest resources after each change from now on, and first those of now when they are newer than `revision`.
    ///
    /// Nothing comes before the first `read()`. Whoever is slow misses intermediate states and never the last one. Ends with the task that iterates.
    func watch(from revision: UInt64) -> AsyncStream<StoredConfiguration>

    /// Who changed what, oldest first.
    ///
    /// - Parameter limit: Ends with the last revision that fits in as many entries; one revision is always whole.
    func history(after revision: UInt64, limit: Int) async throws(StoreError) -> [HistoryEntry]

    /// The newest entries, as many as the limit says, oldest first.
    func newestHistory(after revision: UInt64, limit: Int) async throws(StoreError) -> [HistoryEntry]
}

extension ResourceStore {
    /// Commits resources and leaves the tables of services that stay as they are.
    public func commit(
        _ configuration: Configuration, basedOn revision: UInt64, by author: Author, at unixSeconds: Int64
    ) async throws(StoreError) -> StoredConfiguration {
        try await commit(configuration, basedOn: revision, tables: TableWrites(), by: author, at: unixSeconds)
    }
}

/// Canonical tables that a change stores or removes. What their bytes mean is no matter of the store.
public struct TableWrites: Sendable, Hashable {
    /// By the service's id, each in the place of an older one.
    public var puts: [ResourceID: [UInt8]]
    /// The services of which no table stays. There need be none.
    public var removals: Set<ResourceID>

    public init(puts: [ResourceID: [UInt8]] = [:], removals: Set<ResourceID> = []) {
        self.puts = puts
        self.removals = removals
    }

    public var isEmpty: Bool { puts.isEmpty && removals.isEmpty }
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
        /// Somebody who did not say who they are; they change nothing.
        case anonymous
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

/// What one change did to one resource, access key or token.
public struct HistoryEntry: Sendable, Hashable {
    /// What an entry is about.
    public enum Kind: Sendable, Hashable {
        case resource(Change.Kind)
        case accessKey
        case token
    }

    /// Of one order for all entries: each change has one of its own, higher than those before.
    public let revision: UInt64
    public let unixSeconds: Int64
    public let author: Author
    public let action: Change.Action
    public let kind: Kind
    public let id: String
    /// As in `Change`: below a load balancer with that one's name before it, as in `web/http`. Of a key or token what it
    /// is described as, or its id.
    public let name: String
    /// JSON, without what is below a load balancer and without any secret; `nil` for what was created.
    public let before: String?
    /// The same afterwards; `nil` for what was deleted, or revoked.
    public let after: String?
}

extension HistoryEntry.Kind: RawRepresentable {
    public init?(rawValue: String) {
        switch rawValue {
        case "access key": self = .accessKey
        case "token": self = .token
        default:
            guard let kind = Change.Kind(rawValue: rawValue) else { return nil }
            self = .resource(kind)
        }
    }

    public var rawValue: String {
        switch self {
        case .resource(let kind): kind.rawValue
        case .accessKey: "access key"
        case .token: "token"
        }
    }
}
