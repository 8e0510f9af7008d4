internal import CHostNetwork
public import NetworkTypes

/// A network interface as it was when it was read.
public struct Interface: Sendable, Hashable, Identifiable {
    /// The kernel's number of an interface; unique in its namespace and never 0.
    public struct Index: RawRepresentable, Sendable, Hashable {
        public let rawValue: UInt32

        public init(rawValue: UInt32) { self.rawValue = rawValue }
    }

    public let index: Index
    public let name: String
    /// Switched on by the administrator (`IFF_UP` of netdevice(7)); `hasCarrier` says whether it is of use.
    public let isUp: Bool
    /// The link works (`IFF_LOWER_UP`); false of anything that isn't up.
    public let hasCarrier: Bool
    /// nil unless the interface is Ethernet.
    public let macAddress: MACAddress?
    /// Largest packet in bytes, without the Ethernet header.
    public let mtu: Int

    public var id: Index { index }

    init(_ interface: host_interface) {
        index = Index(rawValue: interface.index)
        // An array of C is a tuple here; its bytes are the only way to a text of any length.
        name = withUnsafeBytes(of: interface.name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        isUp = interface.is_up
        hasCarrier = interface.has_carrier
        macAddress = interface.has_mac ? MACAddress(wireBytes: interface.mac) : nil
        mtu = Int(interface.mtu)
    }
}

extension Interface.Index: CustomStringConvertible {
    public var description: String { "interface \(rawValue)" }
}
