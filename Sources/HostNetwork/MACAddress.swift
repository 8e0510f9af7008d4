/// An Ethernet address.
public struct MACAddress: Sendable, Hashable {
    /// 6 of them, in the order of the wire.
    public let bytes: [UInt8]

    init(_ mac: (UInt8, UInt8, UInt8, UInt8, UInt8, UInt8)) {
        bytes = [mac.0, mac.1, mac.2, mac.3, mac.4, mac.5]
    }
}

extension MACAddress: CustomStringConvertible {
    /// `02:00:5e:10:00:01`.
    public var description: String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: ":")
    }
}
