// Access keys, tokens and the audit log, as the daemon writes them and the CLI reads them.

/// An access key as lists tell of it, without its secret.
public struct KeyAnswer: Codable, Sendable, Hashable {
    public var accessKey: String
    /// `viewer`, `operator` or `admin`.
    public var role: String
    public var description: String
    /// UTC, as in `2026-11-23T12:00:00Z`.
    public var createdTime: String
    /// Name of the user, key or token that asked for it.
    public var createdBy: String
    /// Exact to a minute or so; absent before the first use.
    public var lastUsedTime: String?
    public var isRevoked: Bool

    /// - Parameters:
    ///   - createdAt: Seconds since 1970.
    ///   - lastUsed: The same.
    public init(
        accessKey: String, role: String, description: String, createdAt: Int64, createdBy: String, lastUsed: Int64?,
        isRevoked: Bool
    ) {
        self.accessKey = accessKey
        self.role = role
        self.description = description
        createdTime = UTCTime.text(createdAt)
        self.createdBy = createdBy
        lastUsedTime = lastUsed.map(UTCTime.text)
        self.isRevoked = isRevoked
    }
}

/// An access key that was just made: the only answer with its secret.
public struct NewKeyAnswer: Codable, Sendable, Hashable {
    public var accessKey: String
    public var secretKey: String
    public var role: String

    public init(accessKey: String, secretKey: String, role: String) {
        self.accessKey = accessKey
        self.secretKey = secretKey
        self.role = role
    }
}

/// A bearer token as lists tell of it, without the token itself.
public struct TokenAnswer: Codable, Sendable, Hashable {
    public var tokenId: String
    /// `viewer`, `operator` or `admin`.
    public var role: String
    public var description: String
    /// UTC, as in `2026-11-23T12:00:00Z`.
    public var createdTime: String
    /// Name of the user, key or token that asked for it.
    public var createdBy: String
    /// Exact to a minute or so; absent before the first use.
    public var lastUsedTime: String?
    public var isRevoked: Bool

    /// - Parameters:
    ///   - createdAt: Seconds since 1970.
    ///   - lastUsed: The same.
    public init(
        tokenId: String, role: String, description: String, createdAt: Int64, createdBy: String, lastUsed: Int64?,
        isRevoked: Bool
    ) {
        self.tokenId = tokenId
        self.role = role
        self.description = description
        createdTime = UTCTime.text(createdAt)
        self.createdBy = createdBy
        lastUsedTime = lastUsed.map(UTCTime.text)
        self.isRevoked = isRevoked
    }
}

/// A token that was just made: the only answer with the token itself.
public struct NewTokenAnswer: Codable, Sendable, Hashable {
    public var tokenId: String
    public var token: String
    public var role: String

    public init(tokenId: String, token: String, role: String) {
        self.tokenId = tokenId
        self.token = token
        self.role = role
    }
}

/// What one change did to one resource, access key or token.
public struct AuditEntryAnswer: Codable, Sendable, Hashable {
    public struct Author: Codable, Sendable, Hashable {
        /// `socket` for a process on the daemon's host, `key`, `token`, or `system` for the daemon itself.
        public var kind: String
        /// Of the user, or the id of the key or token.
        public var name: String
        /// Of the process, when it came over the unix socket.
        public var uid: UInt32?
        /// The client's address, when it came over TCP.
        public var remote: String?

        public init(kind: String, name: String, uid: UInt32?, remote: String?) {
            self.kind = kind
            self.name = name
            self.uid = uid
            self.remote = remote
        }
    }

    /// Entries of one change have the same; later changes have higher ones.
    public var revision: UInt64
    /// UTC, as in `2026-11-23T12:00:00Z`.
    public var time: String
    public var author: Author
    /// `created`, `updated` or `deleted`.
    public var action: String
    /// As in `listener`, `access key` or `token`.
    public var kind: String
    public var id: String
    public var name: String
    /// JSON; absent for what was created.
    public var before: String?
    /// The same afterwards; absent for what was deleted.
    public var after: String?

    /// - Parameter unixSeconds: Since 1970.
    public init(
        revision: UInt64, unixSeconds: Int64, author: Author, action: String, kind: String, id: String, name: String,
        before: String?, after: String?
    ) {
        self.revision = revision
        time = UTCTime.text(unixSeconds)
        self.author = author
        self.action = action
        self.kind = kind
        self.id = id
        self.name = name
        self.before = before
        self.after = after
    }
}

/// Who changed what.
public struct AuditAnswer: Codable, Sendable, Hashable {
    /// Oldest first.
    public var entries: [AuditEntryAnswer]
    /// Where to go on: what to ask for entries after.
    public var lastRevision: UInt64

    public init(entries: [AuditEntryAnswer], lastRevision: UInt64) {
        self.entries = entries
        self.lastRevision = lastRevision
    }
}
