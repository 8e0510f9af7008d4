public import NetworkTypes

/// A server of a service with nothing left to look up: where packets go and how many.
public struct ResolvedTarget: Sendable, Hashable {
    public let endpoint: Endpoint
    /// 0...100; equal for all instances of an availability group.
    public let weight: Int
    /// `false` for a stopped instance, which takes no flows whatever its health.
    public let isRunning: Bool
    /// Id of the instance; `nil` for a target given by its address.
    public let instance: String?
    /// Of an availability group all are enabled.
    public let adminState: AdminState
    /// When a draining target is done, in Unix seconds: from then on it counts as disabled. `nil`: never by itself.
    public let drainUntil: Int64?

    public init(
        endpoint: Endpoint, weight: Int, isRunning: Bool = true, instance: String? = nil,
        adminState: AdminState = .enabled, drainUntil: Int64? = nil
    ) {
        self.endpoint = endpoint
        self.weight = weight
        self.isRunning = isRunning
        self.instance = instance
        self.adminState = adminState
        self.drainUntil = drainUntil
    }
}

extension CheckedConfiguration {
    /// The servers of a service in the order of its group, each endpoint once; empty for a service without a group.
    ///
    /// - Precondition: Service and load balancer are of this configuration, so that every name leads somewhere.
    public func targets(of service: BackendService, in loadBalancer: LoadBalancer) -> [ResolvedTarget] {
        switch service.servers {
        case nil: []
        case .group(let name):
            loadBalancer.groups.first { $0.name == name }!.targets.map { resolved($0, for: service) }
        case .availabilityGroup(let name):
            configuration.availabilityGroups.first { $0.name == name }!.instances.map {
                resolved(Target(server: .instance($0)), for: service)
            }
        }
    }

    private func resolved(_ target: Target, for service: BackendService) -> ResolvedTarget {
        func endpoint(_ address: IPAddress) -> Endpoint {
            let port = target.port == 0 ? service.port : target.port
            return Endpoint(address: address, port: UInt16(port), transport: service.transport)
        }
        switch target.server {
        case .address(let address):
            return ResolvedTarget(
                endpoint: endpoint(address), weight: target.weight, adminState: target.adminState,
                drainUntil: target.drainUntil)
        case .instance(let id):
            let instance = instancesByID[id]!
            return ResolvedTarget(
                endpoint: endpoint(instance.address), weight: target.weight, isRunning: instance.state == .running,
                instance: id, adminState: target.adminState, drainUntil: target.drainUntil)
        }
    }
}
