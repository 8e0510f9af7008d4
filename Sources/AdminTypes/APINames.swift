// How the public API writes what the packet path calls by number. Other enumerations bear the API's names themselves.

public import NetworkTypes

extension TransportProtocol {
    /// `Tcp` or `Udp`.
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
