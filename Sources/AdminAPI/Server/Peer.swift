internal import NIOCore
internal import NetworkTypes

/// The other end of a connection.
package enum Peer: Sendable, Hashable {
    /// A process on this host, at the unix socket.
    case local(PeerCredentials)
    /// Somebody at this address, over TCP.
    case remote(address: String)

    /// That of the connection whose requests the task answers; `nil` when the kernel did not tell.
    @TaskLocal static var current: Peer?
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

extension IPAddress {
    /// The client's end of a TCP connection; an IPv4 client of an IPv6 socket has its IPv4 address.
    init?(remoteOf channel: any Channel) {
        guard let text = channel.remoteAddress?.ipAddress else { return nil }
        self.init(text)
    }
}
