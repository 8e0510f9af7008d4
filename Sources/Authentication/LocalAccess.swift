/// Whom the unix socket lets in: root, and two groups of this machine.
///
/// Groups are known by name and looked up where the daemon starts, since a number can mean another group elsewhere.
public struct LocalAccess: Sendable, Hashable {
    /// That of group `shoal`; `nil` when there is none.
    public let writersGroup: UInt32?
    /// That of group `shoal-read`; `nil` when there is none.
    public let readersGroup: UInt32?

    public init(writersGroup: UInt32?, readersGroup: UInt32?) {
        self.writersGroup = writersGroup
        self.readersGroup = readersGroup
    }

    /// What the process at the other end may do, or `nil` when it has no business here.
    ///
    /// Writers are operators, not admins: an admin can make keys, and those outlive a membership.
    ///
    /// - Parameter gids: Its primary and supplementary groups (`SO_PEERCRED` and `SO_PEERGROUPS`).
    public func role(uid: UInt32, gids: some Sequence<UInt32>) -> Role? {
        if uid == 0 { return .admin }
        let gids = Set(gids)
        if let writersGroup, gids.contains(writersGroup) { return .operator }
        if let readersGroup, gids.contains(readersGroup) { return .viewer }
        return nil
    }
}
