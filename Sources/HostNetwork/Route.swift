internal import CHostNetwork
public import NetworkTypes

/// The way to one destination.
public struct Route: Sendable, Hashable {
    /// The interface that packets leave through; `lo` when `isLocal`.
    public let interface: Interface.Index
    /// nil when the destination is on the link. Of an IPv4 route it may be an IPv6 address (RFC 8950).
    public let gateway: IPAddress?
    /// The address of this host that the kernel would send from.
    public let source: IPAddress?
    /// The destination is an address of this host.
    public let isLocal: Bool

    init(_ route: host_route) {
        interface = Interface.Index(rawValue: route.interface)
        gateway = route.has_gateway ? IPAddress(route.gateway) : nil
        source = route.has_source ? IPAddress(route.source) : nil
        isLocal = route.is_local
    }
}
