public import NetworkTypes

/// A target of a service, named as an operator would: the key under which health is known.
public struct TargetKey: Sendable, Hashable {
    public let loadBalancer: String
    public let service: String
    public let endpoint: Endpoint

    public init(loadBalancer: String, service: String, endpoint: Endpoint) {
        self.loadBalancer = loadBalancer
        self.service = service
        self.endpoint = endpoint
    }
}

/// What is known about the health of targets when tables are made.
public struct HealthView: Sendable, Hashable {
    /// Targets whose last word is good. One that is not in here is failed or not yet proven, unless its service is not checked.
    public var healthy: Set<TargetKey>

    public init(healthy: Set<TargetKey> = []) { self.healthy = healthy }
}
