/// An Ethernet address.
public struct MACAddress: Sendable, Hashable {
    /// 6 of them, in the order of the wire.
    public let bytes: [UInt8]

    /// - Parameter bytes: 6 of them, in the order of the wire.
    public init(bytes: [UInt8]) {
        precondition(bytes.count == 6, "an Ethernet address has 6 bytes")
        self.bytes = bytes
    }
}

extension MACAddress {
    /// As Swift has an array of 6 bytes of C.
    package typealias WireBytes = (UInt8, UInt8, UInt8, UInt8, UInt8, UInt8)

    package init(wireBytes: WireBytes) {
        bytes = [wireBytes.0, wireBytes.1, wireBytes.2, wireBytes.3, wireBytes.4, wireBytes.5]
    }

    package var wireBytes: WireBytes { (bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5]) }
}

extension MACAddress: CustomStringConvertible {
    /// `02:00:5e:10:00:01`.
    public var description: String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: ":")
    }
}
