public import NetworkTypes
public import ServiceModel

/// Names one target of one service, the same before and after a restart and through every change of the health check.
public struct CheckID: Sendable, Hashable {
    public let loadBalancer: String
    public let service: String
    /// Where the target serves, as `Endpoint.description` writes it; it may be checked on another port.
    public let target: String

    /// - Parameters:
    ///   - loadBalancer: Its name, which has no slash.
    ///   - service: Its name, which has no slash either.
    public init(loadBalancer: String, service: String, target: Endpoint) {
        self.loadBalancer = loadBalancer
        self.service = service
        self.target = target.description
    }
}

extension CheckID: LosslessStringConvertible {
    /// `web/web-http/10.1.0.11:8080/tcp`.
    public var description: String { "\(loadBalancer)/\(service)/\(target)" }

    public init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3 else { return nil }
        loadBalancer = String(parts[0])
        service = String(parts[1])
        target = String(parts[2])
    }
}

extension CheckID: Codable, CodingKeyRepresentable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let id = CheckID(text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "\(text) is not load balancer/service/target")
        }
        self = id
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    // So that a dictionary of records is an object in JSON, and not an array of keys and values in turn.

    public var codingKey: any CodingKey { Key(stringValue: description) }

    public init?(codingKey: some CodingKey) { self.init(codingKey.stringValue) }

    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}

/// How one target of one service is watched: TCP connections to an endpoint, one every interval.
public struct Check: Sendable, Hashable {
    public let id: CheckID
    /// The target's address and the check port.
    public let endpoint: Endpoint
    /// How long the target may take to accept a connection.
    public let timeout: Duration
    /// From the start of one probe to the start of the next. Longer when probes take longer.
    public let interval: Duration
    /// Failures in a row that make the target unhealthy, from 1.
    public let unhealthyThreshold: Int
    /// Successes in a row that make an unhealthy target healthy, from 1.
    public let healthyThreshold: Int

    public init(
        id: CheckID, endpoint: Endpoint, timeout: Duration, interval: Duration, unhealthyThreshold: Int,
        healthyThreshold: Int
    ) {
        precondition(timeout > .zero && interval > .zero, "a probe needs time, and so does the pause between two")
        self.id = id
        self.endpoint = endpoint
        self.timeout = timeout
        self.interval = interval
        self.unhealthyThreshold = unhealthyThreshold
        self.healthyThreshold = healthyThreshold
    }

    /// The check of one target as a service of a `CheckedConfiguration` asks for it.
    ///
    /// - Parameter target: Where the target serves, port filled in.
    /// - Returns: `nil` when the health check is off, or uses a method other than TCP: health is N/A then.
    public init?(_ healthCheck: HealthCheck, of target: Endpoint, service: String, loadBalancer: String) {
        guard healthCheck.isEnabled, healthCheck.method == .tcp else { return nil }
        let port = healthCheck.port == 0 ? target.port : UInt16(healthCheck.port)
        self.init(
            id: CheckID(loadBalancer: loadBalancer, service: service, target: target),
            endpoint: Endpoint(address: target.address, port: port, transport: .tcp),
            timeout: .seconds(healthCheck.timeoutSeconds), interval: .seconds(healthCheck.intervalSeconds),
            unhealthyThreshold: healthCheck.unhealthyThreshold, healthyThreshold: healthCheck.healthyThreshold)
    }

    /// Whether a probe made for `other` says as much about this one, and comes at the same time.
    func probesLike(_ other: Check) -> Bool {
        endpoint == other.endpoint && timeout == other.timeout && interval == other.interval
    }
}
