// Who asks, and how much they may.

/// What somebody may do; each may all that the one before may.
public enum Role: String, Sendable, Hashable, CaseIterable {
    /// Reads.
    case viewer
    /// Changes resources.
    case `operator`
    /// Gives and takes access, stops forwarding, takes copies of the store.
    case admin
}

extension Role: Comparable {
    public static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }

    private var rank: Int {
        switch self {
        case .viewer: 0
        case .operator: 1
        case .admin: 2
        }
    }
}

/// Somebody who proved who they are, for as long as one request takes.
public struct Principal: Sendable, Hashable {
    public let identity: Identity
    public let role: Role

    public enum Identity: Sendable, Hashable {
        /// Over the unix socket.
        case localUser(uid: UInt32)
        case accessKey(AccessKeyID)
        /// By the name that it was given when it was made.
        case bearerToken(name: String)
    }

    public init(_ identity: Identity, role: Role) {
        self.identity = identity
        self.role = role
    }
}

extension Principal.Identity: CustomStringConvertible {
    /// As the audit log writes it: `uid 0`, `key AK…`, `token NAME`.
    public var description: String {
        switch self {
        case .localUser(let uid): "uid \(uid)"
        case .accessKey(let id): "key \(id)"
        case .bearerToken(let name): "token \(name)"
        }
    }
}
