/// The other end of a connection.
package enum Peer: Sendable, Hashable {
    /// A process on this host, at the unix socket.
    case local(PeerCredentials)
    /// Somebody at this address, over TCP.
    case remote(address: String)
}

/// Whom the kernel says that a process is (unix(7), `SO_PEERCRED` and `SO_PEERGROUPS`), as of when it connected.
public struct PeerCredentials: Sendable, Hashable {
    public let processID: Int32
    public let uid: UInt32
    /// Primary and supplementary groups.
    public let gids: [UInt32]

    public init(processID: Int32, uid: UInt32, gids: [UInt32]) {
        self.processID = processID
        self.uid = uid
        self.gids = gids
    }
}
