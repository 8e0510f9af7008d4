internal import CHostNetwork

/// Who connected to a unix socket of ours, as the kernel saw it then (unix(7), `SO_PEERCRED` and `SO_PEERGROUPS`).
public struct ConnectedProcess: Sendable, Hashable {
    /// 0 for a process of a pid namespace that is not seen from here.
    public let processID: Int32
    public let uid: UInt32
    /// The primary group, then the supplementary ones.
    public let gids: [UInt32]

    init(_ peer: host_peer, supplementary: [UInt32]) {
        processID = peer.process
        uid = peer.user
        gids = [peer.group] + supplementary
    }
}
