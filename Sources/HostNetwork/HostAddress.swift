internal import CHostNetwork
public import NetworkTypes

/// An address that this host holds.
public struct HostAddress: Sendable, Hashable {
    public let address: IPAddress
    /// 0...32 or 0...128, by the family of the address.
    public let prefixLength: Int
    public let interface: Interface.Index

    init(_ address: host_address) {
        self.address = IPAddress(address.ip)
        prefixLength = Int(address.prefix_length)
        interface = Interface.Index(rawValue: address.interface)
    }
}

extension HostAddress: CustomStringConvertible {
    /// `203.0.113.10/32 on interface 1`.
    public var description: String { "\(address)/\(prefixLength) on \(interface)" }
}

extension IPAddress {
    init(_ ip: host_ip) { self.init(high: ip.high, low: ip.low) }
}

extension host_ip {
    init(_ address: IPAddress) {
        func number(_ part: ArraySlice<UInt8>) -> UInt64 { part.reduce(0) { $0 << 8 | UInt64($1) } }
        let bytes = address.bytes
        self.init(high: number(bytes[0..<8]), low: number(bytes[8..<16]))
    }
}
