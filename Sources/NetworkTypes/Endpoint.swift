/// A transport protocol that carries ports.
public enum TransportProtocol: UInt8, Sendable, Hashable, CaseIterable {
    // Raw values: IANA protocol numbers, as in the IP header.
    case tcp = 6
    case udp = 17
}

extension TransportProtocol: CustomStringConvertible {
    public var description: String { self == .tcp ? "tcp" : "udp" }
}

extension TransportProtocol {
    /// `Tcp` or `Udp`, as the public API writes it.
    public var apiName: String {
        switch self {
        case .tcp: "Tcp"
        case .udp: "Udp"
        }
    }

    public init?(apiName: String) {
        guard let transport = Self.allCases.first(where: { $0.apiName == apiName }) else { return nil }
        self = transport
    }
}

/// Where a packet is sent to or comes from: address, port and protocol.
public struct Endpoint: Sendable, Hashable {
    public let address: IPAddress
    /// In host byte order; 0 never appears in a listener or a target.
    public let port: UInt16
    public let transport: TransportProtocol

    public init(address: IPAddress, port: UInt16, transport: TransportProtocol) {
        self.address = address
        self.port = port
        self.transport = transport
    }
}

extension Endpoint: Comparable {
    public static func < (left: Self, right: Self) -> Bool {
        (left.address, left.port, left.transport.rawValue) < (right.address, right.port, right.transport.rawValue)
    }
}

extension Endpoint: CustomStringConvertible {
    /// `203.0.113.10:80/tcp` or `[2001:db8::1]:80/tcp`.
    public var description: String {
        address.family == .ipv4 ? "\(address):\(port)/\(transport)" : "[\(address)]:\(port)/\(transport)"
    }

    /// The same without the protocol.
    public var socketDescription: String {
        address.family == .ipv4 ? "\(address):\(port)" : "[\(address)]:\(port)"
    }

    /// Reads what `socketDescription` gives; `nil` for a name, a zone, or an IPv6 address without brackets.
    public init?(socketDescription text: String, transport: TransportProtocol) {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        let host = text[..<colon]
        let digits = text[text.index(after: colon)...]
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        guard let address = IPAddress(String(isBracketed ? host.dropFirst().dropLast() : host)),
            isBracketed == host.contains(":"), let port = UInt16(digits), digits == "\(port)"
        else { return nil }
        self.init(address: address, port: port, transport: transport)
    }
}
