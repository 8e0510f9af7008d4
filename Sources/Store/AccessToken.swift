/// A bearer token as far as it takes to recognise it; using it takes the token itself.
public struct AccessToken: Sendable, Hashable, Identifiable {
    /// Stands in lists and in the audit log, and tells nothing about the token.
    public let id: String
    /// Of the token, as whoever checks tokens writes it; another one for each.
    public let digest: String
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
    /// For good: a revoked token is kept only so that its id tells something in the audit log.
    public var isRevoked: Bool

    public init(
        id: String, digest: String, role: String, description: String = "", createdAt: Int64, createdBy: String,
        lastUsed: Int64? = nil, isRevoked: Bool = false
    ) {
        self.id = id
        self.digest = digest
        self.role = role
        self.description = description
        self.createdAt = createdAt
        self.createdBy = createdBy
        self.lastUsed = lastUsed
        self.isRevoked = isRevoked
    }
}
