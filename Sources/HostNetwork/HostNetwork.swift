// What the controller asks of the host's network stack. The work is done in CHostNetwork; see host_network.h.

internal import CHostNetwork
internal import Glibc
public import NetworkTypes

/// The network stack of this host: interfaces, addresses, routes, neighbours and settings.
///
/// Everything acts in the network namespace of the calling thread. Nothing is held between calls, so a value is free
/// to make and to share; a call costs one netlink or raw socket and one to three system calls on it (tens of
/// microseconds) and blocks for nothing but the kernel. Changes need `CAP_NET_ADMIN`, announcements `CAP_NET_RAW`.
public struct HostNetwork: Sendable {
    public init() {}

    // MARK: Interfaces

    /// All interfaces, in the kernel's order.
    ///
    /// - Throws: What `RTM_GETLINK` of rtnetlink(7) answers; hardly ever.
    /// - Complexity: One message an interface.
    public func interfaces() throws(HostNetworkError) -> [Interface] {
        try list(of: host_interface(), HostNetworkError.Operation.listInterfaces, host_interfaces).map(Interface.init)
    }

    /// The interface with this name or alternative name.
    ///
    /// - Throws: `ENODEV` when there is none, or a name longer than the 15 bytes the kernel has for it.
    public func interface(named name: String) throws(HostNetworkError) -> Interface {
        var found = host_interface()
        try check(host_interface_by_name(name, &found), .findInterface, name)
        return Interface(found)
    }

    /// The interface with this index.
    ///
    /// - Throws: `ENODEV` when there is none.
    public func interface(_ index: Interface.Index) throws(HostNetworkError) -> Interface {
        var found = host_interface()
        try check(host_interface_by_index(index.rawValue, &found), .findInterface, "\(index.rawValue)")
        return Interface(found)
    }

    // MARK: Addresses

    /// All addresses of this host, of both families and on all interfaces, link-local ones included.
    ///
    /// - Throws: What `RTM_GETADDR` of rtnetlink(7) answers; hardly ever.
    /// - Complexity: One message an address.
    public func addresses() throws(HostNetworkError) -> [HostAddress] {
        try list(of: host_address(), HostNetworkError.Operation.listAddresses, host_addresses).map(HostAddress.init)
    }

    /// Makes `address` one of this host, as a /32 or /128 that brings no route to other hosts.
    ///
    /// IPv4 answers ARP for an address of any of its interfaces, `lo` included; IPv6 answers neighbour solicitations
    /// only on the interface that holds the address, so an IPv6 VIP belongs on the one it is reached through. There it
    /// skips duplicate detection (`IFA_F_NODAD` of linux/if_addr.h), as two nodes may hold it for a moment, and has
    /// a preferred lifetime of 0, so that the host avoids it as a source of its own. The kernel adds its local route
    /// shortly after the call, and takes the address away when the interface is switched off.
    ///
    /// - Returns: True when it was added; false when it was there already, for IPv6 with whatever prefix length.
    /// - Throws: `EPERM`, `ENODEV` without such an interface, `EACCES` where IPv6 is disabled, or what else
    ///   `RTM_NEWADDR` of rtnetlink(7) answers.
    @discardableResult
    public func hold(_ address: IPAddress, on interface: Interface.Index) throws(HostNetworkError) -> Bool {
        let result = host_address_add(host_ip(address), interface.rawValue)
        return try check(result, .holdAddress, "\(address) on \(interface)") == 1
    }

    /// Takes a /32 or /128 away from the interface; addresses with another prefix length stay.
    ///
    /// - Returns: True when it was removed; false when it was gone already, with its interface perhaps.
    /// - Throws: `EPERM`, or what else `RTM_DELADDR` of rtnetlink(7) answers.
    @discardableResult
    public func release(_ address: IPAddress, on interface: Interface.Index) throws(HostNetworkError) -> Bool {
        let result = host_address_remove(host_ip(address), interface.rawValue)
        return try check(result, .releaseAddress, "\(address) on \(interface)") == 1
    }

    /// Tells everyone on the link that the addresses are to be found here, twice without a pause.
    ///
    /// IPv4: a gratuitous ARP request and reply, which update those who know the address (RFC 5944, section 4.6).
    /// IPv6: a neighbour advertisement with the override flag to ff02::1 (RFC 4861, section 7.2.6).
    ///
    /// - Throws: The first failure, after trying all: `EOPNOTSUPP` when the interface isn't Ethernet (`lo` for one),
    ///   `ENETDOWN` or `ENETUNREACH` when it is down, `EADDRNOTAVAIL` for an IPv6 address that the host doesn't hold,
    ///   `EPERM`, `ENODEV`, or what else packet(7) and ipv6(7) answer.
    /// - Complexity: About 10 ms with IPv4 among them, however many there are: closing a packet socket waits
    ///   for all processors to have passed through the scheduler. So announce all addresses of an interface at once.
    public func announce(_ addresses: [IPAddress], on interface: Interface.Index) throws(HostNetworkError) {
        guard !addresses.isEmpty else { return }
        var failed = 0
        let result = host_announce(addresses.map { host_ip($0) }, addresses.count, interface.rawValue, &failed)
        try check(result, .announceAddress, "\(addresses[failed]) on \(interface)")
    }

    // MARK: Routes

    /// The route that a packet from this host to `destination` would take now, as `ip route get` shows it.
    ///
    /// - Throws: `ENETUNREACH` without a route; `EHOSTUNREACH`, `EACCES` or `EINVAL` for a route that is `unreachable`,
    ///   `prohibit` or `blackhole`.
    public func route(to destination: IPAddress) throws(HostNetworkError) -> Route {
        var route = host_route()
        try check(host_route_to(host_ip(destination), &route), .findRoute, "\(destination)")
        return Route(route)
    }

    /// Whether the way to a destination may depend on more than the destination, such as the source (ip-rule(8)).
    ///
    /// - Throws: What `RTM_GETRULE` of rtnetlink(7) answers; hardly ever.
    public func hasPolicyRouting() throws(HostNetworkError) -> Bool {
        try check(host_policy_rules(), .listRules, "") > 0
    }

    // MARK: Neighbours

    /// What the kernel knows about a neighbour; nil when it has no entry.
    ///
    /// - Throws: `ENODEV` without such an interface, or what else `RTM_GETNEIGH` of rtnetlink(7) answers.
    public func neighbour(
        _ address: IPAddress, on interface: Interface.Index
    ) throws(HostNetworkError) -> Neighbour? {
        var found = host_neighbour()
        let result = host_neighbour_read(host_ip(address), interface.rawValue, &found)
        guard result != -ENOENT else { return nil }
        try check(result, .findNeighbour, "\(address) on \(interface)")
        return Neighbour(found)
    }

    /// All neighbours of both families, those included that could not be resolved.
    ///
    /// - Throws: What `RTM_GETNEIGH` of rtnetlink(7) answers; hardly ever.
    /// - Complexity: One message an entry.
    public func neighbours() throws(HostNetworkError) -> [Neighbour] {
        try list(of: host_neighbour(), HostNetworkError.Operation.listNeighbours, host_neighbours)
            .map(Neighbour.init)
    }

    /// Those that the kernel keeps fresh, for us or for someone else.
    public func managedNeighbours() throws(HostNetworkError) -> [Neighbour] {
        try neighbours().filter(\.isManaged)
    }

    /// Has the kernel resolve a neighbour now and keep its MAC address fresh without any traffic.
    ///
    /// That is `NTF_EXT_MANAGED` of linux/neighbour.h, kernel 5.16 or later; earlier ones ignore it. Resolution goes on
    /// after the call; `neighbour(_:on:)` tells how far it is. The entry goes when the interface loses its carrier
    /// and when somebody flushes the table (`ip neigh flush`), so ask again now and then: while the neighbour is
    /// kept, asking changes nothing.
    ///
    /// - Throws: `EPERM`, `ENODEV` without such an interface, or what else `RTM_NEWNEIGH` of rtnetlink(7) answers.
    @discardableResult
    public func keepWarm(
        _ address: IPAddress, on interface: Interface.Index
    ) throws(HostNetworkError) -> Neighbour.Keeping {
        let result = host_neighbour_keep(host_ip(address), interface.rawValue)
        return Neighbour.Keeping(try check(result, .keepNeighbour, "\(address) on \(interface)"))
    }

    /// Ends `keepWarm(_:on:)`: a resolved neighbour becomes an ordinary one and ages, any other is deleted.
    ///
    /// - Returns: True when that was done; false when there is no such entry or someone else manages it.
    /// - Throws: `EPERM`, or what else `RTM_NEWNEIGH` and `RTM_DELNEIGH` of rtnetlink(7) answer.
    @discardableResult
    public func stopKeepingWarm(
        _ address: IPAddress, on interface: Interface.Index
    ) throws(HostNetworkError) -> Bool {
        let result = host_neighbour_release(host_ip(address), interface.rawValue)
        return try check(result, .releaseNeighbour, "\(address) on \(interface)") == 1
    }

    // MARK: Settings

    /// What a kernel setting is now, without the line end.
    ///
    /// - Throws: `ENOENT` when this kernel or interface has no such setting, `EACCES`.
    public func value(of setting: KernelSetting) throws(HostNetworkError) -> String {
        var text = [CChar](repeating: 0, count: 4096)
        let length = try check(host_sysctl_read(setting.path, &text, text.count), .readSetting, setting.path)
        let line = text.prefix(Int(length)).map { UInt8(bitPattern: $0) }.prefix { $0 != UInt8(ascii: "\n") }
        return String(decoding: line, as: UTF8.self)
    }

    /// Changes a kernel setting at once, until someone changes it again or the host restarts.
    ///
    /// - Throws: `ENOENT` when this kernel or interface has no such setting, `EINVAL` for a value it doesn't take,
    ///   `EACCES`, `EROFS` where /proc/sys is read-only.
    public func set(_ setting: KernelSetting, to value: String) throws(HostNetworkError) {
        try check(host_sysctl_write(setting.path, value), .writeSetting, "\(setting.path) = \(value)")
    }
}

extension HostNetwork {
    // MARK: Processes and groups

    /// The process at the other end of a connected unix socket.
    ///
    /// - Parameter descriptor: Of the socket that was accepted; stays open and with its owner.
    /// - Throws: `ENOTCONN` when nobody connected, `ENOTSOCK`, or what else getsockopt(2) answers.
    public func process(connectedTo descriptor: Int32) throws(HostNetworkError) -> ConnectedProcess {
        var peer = host_peer()
        try check(host_peer_read(descriptor, &peer), .findPeer, "descriptor \(descriptor)")
        let groups = try list(of: UInt32(0), HostNetworkError.Operation.findPeer) { pointer, capacity in
            host_peer_groups(descriptor, pointer, capacity)
        }
        return ConnectedProcess(peer, supplementary: groups)
    }

    /// Lets members of a further group use a socket or file, beside its owner and its own group; others may not.
    ///
    /// - Throws: `EOPNOTSUPP` where the file system has no access control lists (acl(5)), `ENOENT`, `EPERM`.
    public func letGroup(_ group: UInt32, use path: String) throws(HostNetworkError) {
        try check(host_file_let_group(path, group), .letGroup, path)
    }

    /// The number of a group of this host; nil when there is none of that name.
    ///
    /// - Throws: What getgrnam(3) answers; hardly ever.
    /// - Complexity: A look at /etc/group, or at what else nsswitch.conf(5) names, which may wait for a network.
    public func groupID(named name: String) throws(HostNetworkError) -> UInt32? {
        var group: UInt32 = 0
        let result = host_group_by_name(name, &group)
        guard result != -ENOENT else { return nil }
        try check(result, .findGroup, name)
        return group
    }
}

// MARK: - Results of C functions

/// Returns a result of CHostNetwork unless it is an errno, negated.
@discardableResult
func check(
    _ result: Int32, _ operation: HostNetworkError.Operation, _ subject: String
) throws(HostNetworkError) -> Int32 {
    guard result >= 0 else {
        throw HostNetworkError(operation: operation, subject: subject, errorNumber: -result)
    }
    return result
}

/// Calls a list function of CHostNetwork until the list fits and didn't change under way.
///
/// - Parameter fill: One of `host_interfaces`, `host_addresses` and `host_neighbours`; the pointer
///   is to an array of as many entries as the number says.
private func list<Entry>(
    of empty: Entry, _ operation: HostNetworkError.Operation, _ fill: (UnsafeMutablePointer<Entry>?, Int) -> Int32
) throws(HostNetworkError) -> [Entry] {
    let attemptsMax = 10
    var entries = [Entry](repeating: empty, count: 64)
    for _ in 0..<attemptsMax {
        let result = fill(&entries, entries.count)
        guard result != -EAGAIN else { continue }
        let count = Int(try check(result, operation, ""))
        if count <= entries.count { return Array(entries.prefix(count)) }
        entries = [Entry](repeating: empty, count: 2 * count)
    }
    throw HostNetworkError(operation: operation, subject: "", errorNumber: EAGAIN)
}
