/// A secret that signs requests, and what its owner may do.
public struct AccessKey: Sendable, Hashable, Identifiable {
    public let id: String
    /// In the clear, since checking a signature takes it. The file that holds it is for root's eyes only.
    public let secret: String
    /// The name of a role; what it allows is not for the store to know.
    public let role: String
    /// Whose it is, or what it is for.
    public let description: String
    /// Seconds since 1970.
    public let createdAt: Int64
    /// Name of the author who asked for it.
    public let createdBy: String
    /// Seconds since 1970; `nil` before the first use.
    public var lastUsed: Int64?
    /// For good: a revoked key is kept only so that its id tells something in the audit log.
    public var isRevoked: Bool

    public init(
        id: String, secret: String, role: String, description: String = "", createdAt: Int64, createdBy: String,
        lastUsed: Int64? = nil, isRevoked: Bool = false
    ) {
        self.id = id
        self.secret = secret
        self.role = role
        self.description = description
        self.createdAt = createdAt
        self.createdBy = createdBy
        self.lastUsed = lastUsed
        self.isRevoked = isRevoked
    }
}

/// Printing one shows nothing of the secret.
extension AccessKey: CustomReflectable {
    public var customMirror: Mirror { Mirror(self, children: ["id": id, "role": role, "isRevoked": isRevoked]) }
}
