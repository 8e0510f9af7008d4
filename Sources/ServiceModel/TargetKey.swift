public import NetworkTypes

/// One target of one backend service: what its health is known by, before and after a restart and through every change
/// of a name, a weight or a health check.
public struct TargetKey: Sendable, Hashable {
    /// As `LoadBalancer.key(of:)` gives it.
    public let service: ResourceID
    /// Where the target serves; it may be checked on another port.
    public let endpoint: Endpoint

    public init(service: ResourceID, endpoint: Endpoint) {
        self.service = service
        self.endpoint = endpoint
    }
}

extension TargetKey: CustomStringConvertible {
    /// `backend-3f9a0c1d2e/10.1.0.11:8080/tcp`.
    public var description: String { "\(service)/\(endpoint)" }
}

extension LoadBalancer {
    /// What a service of this load balancer is known by as long as it exists: its id, which no new name changes; before
    /// it is stored its names.
    public func key(of service: BackendService) -> ResourceID { service.id ?? nameKey(of: service) }

    /// `web/web-http`, which is no id of anything: what a service is known by before it has one, and was known by in what
    /// earlier versions left behind.
    public func nameKey(of service: BackendService) -> ResourceID {
        ResourceID(rawValue: "\(name)/\(service.name)")
    }
}
