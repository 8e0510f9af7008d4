internal import CHostNetwork
public import NetworkTypes

/// An entry of the kernel's neighbour table (ARP or neighbour discovery) as it was when it was read.
public struct Neighbour: Sendable, Hashable {
    /// How sure the kernel is of the MAC address (RFC 4861, section 7.3.2).
    public enum State: String, Sendable, Hashable, CaseIterable {
        // Raw values: as `ip neigh` prints them.
        case none = "NONE"
        case incomplete = "INCOMPLETE"
        case reachable = "REACHABLE"
        case stale = "STALE"
        case delay = "DELAY"
        case probe = "PROBE"
        case failed = "FAILED"
        /// The interface needs no resolution.
        case noARP = "NOARP"
        case permanent = "PERMANENT"
    }

    /// What `HostNetwork.keepWarm(_:on:)` did.
    public enum Keeping: Sendable, Hashable {
        /// The kernel now keeps the neighbour for us.
        case started
        /// It did so already, for us or for someone else.
        case already
        /// The entry is permanent or needs no resolution; it was left as it is.
        case needless
    }

    public let address: IPAddress
    public let interface: Interface.Index
    public let state: State
    /// nil while the kernel doesn't know it, or when it isn't Ethernet.
    public let macAddress: MACAddress?
    /// The kernel keeps it fresh without traffic.
    public let isManaged: Bool
    /// It does so because of `HostNetwork.keepWarm(_:on:)`, in this process or an earlier one.
    public let isOurs: Bool

    /// Whether the kernel would send to `macAddress` now, if only to see whether it is still right.
    public var isUsable: Bool {
        guard macAddress != nil else { return false }
        switch state {
        case .reachable, .stale, .delay, .probe, .permanent: return true
        case .none, .incomplete, .failed, .noARP: return false
        }
    }

    init(_ neighbour: host_neighbour) {
        address = IPAddress(neighbour.ip)
        interface = Interface.Index(rawValue: neighbour.interface)
        state = State(number: neighbour.state)
        macAddress = neighbour.has_mac ? MACAddress(wireBytes: neighbour.mac) : nil
        isManaged = neighbour.is_managed
        isOurs = neighbour.is_ours
    }
}

extension Neighbour.State {
    /// - Parameter number: `NUD_*` of linux/neighbour.h.
    init(number: UInt16) {
        switch number {
        case 0x01: self = .incomplete
        case 0x02: self = .reachable
        case 0x04: self = .stale
        case 0x08: self = .delay
        case 0x10: self = .probe
        case 0x20: self = .failed
        case 0x40: self = .noARP
        case 0x80: self = .permanent
        default: self = .none
        }
    }
}

extension Neighbour.Keeping {
    init(_ result: Int32) {
        switch host_neighbour_keeping(rawValue: UInt32(result)) {
        case HOST_NEIGHBOUR_FIXED: self = .needless
        case HOST_NEIGHBOUR_KEPT: self = .already
        default: self = .started
        }
    }
}
