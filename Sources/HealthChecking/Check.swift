public import NetworkTypes
public import ServiceModel

/// How one target of one service is watched: TCP connections to an endpoint, or echo requests to its address, one every
/// interval.
public struct Check: Sendable, Hashable {
    public let id: TargetKey
    public let method: HealthCheck.Method
    /// The target's address and the check port, which is 0 for echo requests.
    public let endpoint: Endpoint
    /// How long the target may take to accept a connection, or to reply.
    public let timeout: Duration
    /// From the start of one probe to the start of the next. Longer when probes take longer.
    public let interval: Duration
    /// Failures in a row that make the target unhealthy, from 1.
    public let unhealthyThreshold: Int
    /// Successes in a row that make an unhealthy target healthy, from 1.
    public let healthyThreshold: Int

    public init(
        id: TargetKey, method: HealthCheck.Method = .tcp, endpoint: Endpoint, timeout: Duration, interval: Duration,
        unhealthyThreshold: Int,
        healthyThreshold: Int
    ) {
        precondition(timeout > .zero && interval > .zero, "a probe needs time, and so does the pause between two")
        self.id = id
        self.method = method
        self.endpoint = endpoint
        self.timeout = timeout
        self.interval = interval
        self.unhealthyThreshold = unhealthyThreshold
        self.healthyThreshold = healthyThreshold
    }

    /// The check of one target as a service of a `CheckedConfiguration` asks for it.
    ///
    /// - Returns: `nil` when the health check is off: health is N/A then.
    public init?(_ healthCheck: HealthCheck, of target: TargetKey) {
        guard healthCheck.isEnabled else { return nil }
        let endpoint =
            switch healthCheck.method {
            case .tcp:
                Endpoint(
                    address: target.endpoint.address,
                    port: healthCheck.port == 0 ? target.endpoint.port : UInt16(healthCheck.port), transport: .tcp)
            // ICMP has no ports, so that all targets at one address are probed alike.
            case .icmp: Endpoint(address: target.endpoint.address, port: 0, transport: .udp)
            }
        self.init(
            id: target, method: healthCheck.method, endpoint: endpoint,
            timeout: .seconds(healthCheck.timeoutSeconds), interval: .seconds(healthCheck.intervalSeconds),
            unhealthyThreshold: healthCheck.unhealthyThreshold, healthyThreshold: healthCheck.healthyThreshold)
    }

    /// Whether a probe made for `other` says as much about this one, and comes at the same time.
    func probesLike(_ other: Check) -> Bool {
        method == other.method && endpoint == other.endpoint && timeout == other.timeout && interval == other.interval
    }
}
