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
