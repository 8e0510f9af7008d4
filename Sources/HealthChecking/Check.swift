public import NetworkTypes
public import ServiceModel

/// How one target of one service is watched: TCP connections to an endpoint, one every interval.
public struct Check: Sendable, Hashable {
    public let id: TargetKey
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
        id: TargetKey, endpoint: Endpoint, timeout: Duration, interval: Duration, unhealthyThreshold: Int,
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
    /// - Returns: `nil` when the health check is off, or uses a method other than TCP: health is N/A then.
    public init?(_ healthCheck: HealthCheck, of target: TargetKey) {
        guard healthCheck.isEnabled, healthCheck.method == .tcp else { return nil }
        let port = healthCheck.port == 0 ? target.endpoint.port : UInt16(healthCheck.port)
        self.init(
            id: target, endpoint: Endpoint(address: target.endpoint.address, port: port, transport: .tcp),
            timeout: .seconds(healthCheck.timeoutSeconds), interval: .seconds(healthCheck.intervalSeconds),
            unhealthyThreshold: healthCheck.unhealthyThreshold, healthyThreshold: healthCheck.healthyThreshold)
    }

    /// Whether a probe made for `other` says as much about this one, and comes at the same time.
    func probesLike(_ other: Check) -> Bool {
        endpoint == other.endpoint && timeout == other.timeout && interval == other.interval
    }
}
