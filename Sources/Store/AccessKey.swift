/// A secret that signs requests, and what its owner may do.
public struct AccessKey: Sendable, Hashable, Identifiable {
    public let id: String
    /// In the clear, since checking a signature takes it. The file that holds it is for root's eyes only.
    public let secret: String
    /// The name of a role; what it allows is not for the store to know.
    public let role: String
    /// Seconds since 1970.
    public let createdAt: Int64
    /// Name of the author who asked for it.
    public let createdBy: String
    /// Seconds since 1970; `nil` before the first use.
    public let lastUsed: Int64?
    /// For good: a revoked key is kept only so that its id tells something in the audit log.
    public let isRevoked: Bool

    public init(
        id: String, secret: String, role: String, createdAt: Int64, createdBy: String, lastUsed: Int64? = nil,
        isRevoked: Bool = false
    ) {
        self.id = id
        self.secret = secret
        self.role = role
        self.createdAt = createdAt
        self.createdBy = createdBy
        self.lastUsed = lastUsed
        self.isRevoked = isRevoked
    }
}

/// Where access keys live.
public protocol AccessKeyStore: Sendable {
    /// - Throws: `StoreError.exists` when the id is taken.
    func create(_ key: AccessKey) async throws(StoreError)

    /// All keys, revoked ones too, oldest first.
    func accessKeys() async throws(StoreError) -> [AccessKey]

    /// - Returns: Whether there is such a key.
    func revokeAccessKey(_ id: String) async throws(StoreError) -> Bool

    /// Notes that keys were used, from time to time rather than with each request: it writes to the disk.
    func noteUses(_ unixSeconds: [String: Int64]) async throws(StoreError)
}
