// Who may use the API, and who changed what.

/// An access key as it was made. The secret is told this once.
public struct NewKeyAnswer: Codable, Sendable, Hashable {
    public var accessKey: String
    public var secretKey: String
    /// `viewer`, `operator` or `admin`.
    public var role: String

    public init(accessKey: String, secretKey: String, role: String) {
        self.accessKey = accessKey
        self.secretKey = secretKey
        self.role = role
    }
}

/// An access key without its secret.
public struct KeyAnswer: Codable, Sendable, Hashable {
    public var accessKey: String
    /// `viewer`, `operator` or `admin`.
    public var role: String
    /// Empty when none was given.
    public var description: String
    /// As `2026-11-23T12:00:00Z`.
    public var createdTime: String
    /// Name of the author who asked for it.
    public var createdBy: String
    /// Absent before the first use; noted from time to time, so it may be some minutes old.
    public var lastUsedTime: String?
    /// For good.
    public var isRevoked: Bool

    public init(
        accessKey: String, role: String, description: String, createdTime: String, createdBy: String,
        lastUsedTime: String?, isRevoked: Bool
    ) {
        self.accessKey = accessKey
        self.role = role
        self.description = description
        self.createdTime = createdTime
        self.createdBy = createdBy
        self.lastUsedTime = lastUsedTime
        self.isRevoked = isRevoked
    }
}

/// All access keys, revoked ones too, oldest first.
public struct KeysAnswer: Codable, Sendable, Hashable {
    public var keys: [KeyAnswer]
    public var totalCount: Int

    public init(_ keys: [KeyAnswer]) {
        self.keys = keys
        totalCount = keys.count
    }
}

/// A bearer token as it was made. The token itself is told this once.
public struct NewTokenAnswer: Codable, Sendable, Hashable {
    /// What the token is listed and revoked by; no secret.
    public var tokenId: String
    /// What a request bears.
    public var token: String
    /// `viewer`, `operator` or `admin`.
    public var role: String

    public init(tokenId: String, token: String, role: String) {
        self.tokenId = tokenId
        self.token = token
        self.role = role
    }
}

/// A bearer token without what a request bears.
public struct TokenAnswer: Codable, Sendable, Hashable {
    public var tokenId: String
    /// `viewer`, `operator` or `admin`.
    public var role: String
    /// Empty when none was given.
    public var description: String
    /// As `2026-11-23T12:00:00Z`.
    public var createdTime: String
    /// Name of the author who asked for it.
    public var createdBy: String
    /// Absent before the first use; noted from time to time, so it may be some minutes old.
    public var lastUsedTime: String?
    /// For good.
    public var isRevoked: Bool

    public init(
        tokenId: String, role: String, description: String, createdTime: String, createdBy: String,
        lastUsedTime: String?, isRevoked: Bool
    ) {
        self.tokenId = tokenId
        self.role = role
        self.description = description
        self.createdTime = createdTime
        self.createdBy = createdBy
        self.lastUsedTime = lastUsedTime
        self.isRevoked = isRevoked
    }
}

/// All bearer tokens, revoked ones too, oldest first.
public struct TokensAnswer: Codable, Sendable, Hashable {
    public var tokens: [TokenAnswer]
    public var totalCount: Int

    public init(_ tokens: [TokenAnswer]) {
        self.tokens = tokens
        totalCount = tokens.count
    }
}

/// What one change did to one resource.
public struct AuditEntryAnswer: Codable, Sendable, Hashable {
    public struct Author: Codable, Sendable, Hashable {
        /// `socket`, `key`, `token` or `system`.
        public var kind: String
        /// Of the user, the key or the token.
        public var name: String
        public var uid: UInt32?
        /// The client's address.
        public var remote: String?

        public init(kind: String, name: String, uid: UInt32?, remote: String?) {
            self.kind = kind
            self.name = name
            self.uid = uid
            self.remote = remote
        }
    }

    /// The one that the change made.
    public var revision: UInt64
    /// As `2026-11-23T12:00:00Z`.
    public var time: String
    public var author: Author
    /// `created`, `updated` or `deleted`.
    public var action: String
    /// As in `ApplyAnswer`: `load balancer`, `listener`, `service`, `group`, `availability group` or `instance`.
    public var kind: String
    public var id: String
    /// Below a load balancer with that one's name before it, as in `web/http`.
    public var name: String
    /// The resource as the store had it, a JSON text; absent for one that was created.
    public var before: String?
    /// The resource as the store has it since, a JSON text; absent for one that was deleted.
    public var after: String?

    public init(
        revision: UInt64, time: String, author: Author, action: String, kind: String, id: String, name: String,
        before: String?, after: String?
    ) {
        self.revision = revision
        self.time = time
        self.author = author
        self.action = action
        self.kind = kind
        self.id = id
        self.name = name
        self.before = before
        self.after = after
    }
}

/// A part of the audit log.
public struct AuditAnswer: Codable, Sendable, Hashable {
    /// Oldest first.
    public var entries: [AuditEntryAnswer]
    /// What to ask for the next ones with.
    public var lastRevision: UInt64

    public init(entries: [AuditEntryAnswer], lastRevision: UInt64) {
        self.entries = entries
        self.lastRevision = lastRevision
    }
}
