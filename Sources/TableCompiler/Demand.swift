internal import NetworkTypes
internal import ServiceModel

/// What one service asks of the maps, as resources and health have it: equal demands are met by equal entries.
struct Demand: Sendable, Hashable {
    /// Of the service, never 0.
    let identity: UInt64
    let algorithm: ServiceEntry.Algorithm
    /// VIP, port and protocol of its enabled listeners, at least one.
    let listeners: [Endpoint]
    /// Its targets, each endpoint once.
    let targets: [Target]

    struct Target: Sendable, Hashable {
        let endpoint: Endpoint
        let weight: Int
        /// Whether it gets new flows, if its weight is not 0.
        let takesFlows: Bool
    }
}

extension CheckedConfiguration {
    /// The demands of the services of a load balancer that an enabled listener uses, in their order.
    func demands(of loadBalancer: LoadBalancer, health: HealthView) -> [Demand] {
        let listeners = Dictionary(grouping: loadBalancer.listeners.filter(\.isEnabled), by: \.service)
        return loadBalancer.services.compactMap { service in
            guard let listeners = listeners[service.name] else { return nil }
            return Demand(
                identity: serviceIdentity(loadBalancer.key(of: service)), algorithm: service.algorithm.entry,
                listeners: listeners.map {
                    Endpoint(address: loadBalancer.vip, port: UInt16($0.port), transport: $0.transport)
                },
                targets: demandedTargets(of: service, in: loadBalancer, health: health))
        }
    }

    /// New flows go to those that run and are healthy; if there are none of any weight, by the service's policy to all that
    /// run.
    private func demandedTargets(
        of service: BackendService, in loadBalancer: LoadBalancer, health: HealthView
    ) -> [Demand.Target] {
        let targets = targets(of: service, in: loadBalancer)
        let key = loadBalancer.key(of: service)
        func isUsable(_ target: ResolvedTarget) -> Bool {
            guard service.healthCheck.isEnabled else { return target.isRunning }
            return target.isRunning && health.healthy.contains(TargetKey(service: key, endpoint: target.endpoint))
        }
        let usable = targets.map(isUsable)
        let hasTaker = zip(targets, usable).contains { target, isUsable in isUsable && target.weight > 0 }
        let isForced = !hasTaker && service.allUnhealthyPolicy == .forward
        return zip(targets, usable).map { target, isUsable in
            Demand.Target(
                endpoint: target.endpoint, weight: target.weight, takesFlows: isForced ? target.isRunning : isUsable)
        }
    }
}

extension BackendService.Algorithm {
    fileprivate var entry: ServiceEntry.Algorithm { self == .sourceIP ? .sourceIP : .fiveTuple }
}

/// FNV-1a with 64 bits (Fowler, Noll, Vo; RFC 9923), never 0. It need only tell some thousand services apart.
func serviceIdentity(_ key: ResourceID) -> UInt64 {
    let hash = key.rawValue.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { hash, byte in
        (hash ^ UInt64(byte)) &* 0x100_0000_01b3
    }
    return max(hash, 1)
}
