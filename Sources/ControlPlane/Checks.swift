internal import HealthChecking
internal import NetworkTypes
internal import ServiceModel
internal import TableCompiler

/// The checks that resources ask for: one for each running target of each service that a listener uses.
func checks(of resources: CheckedConfiguration) -> [Check] {
    watchedTargets(of: resources).compactMap { loadBalancer, service, target in
        Check(service.healthCheck, of: target.endpoint, service: service.name, loadBalancer: loadBalancer.name)
    }
}

private func watchedTargets(
    of resources: CheckedConfiguration
) -> [(LoadBalancer, BackendService, ResolvedTarget)] {
    resources.configuration.loadBalancers.flatMap { loadBalancer in
        loadBalancer.services.flatMap { service in
            resources.targets(of: service, in: loadBalancer).filter(\.isRunning).map { (loadBalancer, service, $0) }
        }
    }
}

extension Controller {
    /// Writes the changes of health that came between two looks at the records into the log.
    func noteTransitions(since before: [CheckID: HealthRecord]) {
        for (loadBalancer, service, target) in watchedTargets(of: desired.resources) {
            let id = CheckID(loadBalancer: loadBalancer.name, service: service.name, target: target.endpoint)
            guard let old = before[id], let new = records[id], old.health != new.health else { continue }
            let reason = new.health == .unhealthy ? new.lastFailure.map { ": \($0.kind.rawValue), \($0.detail)" } : nil
            events.append(
                .healthChanged, "target \(loadBalancer.name)/\(service.name)/\(target.endpoint.socketDescription)",
                "\(old.health.rawValue) before, \(new.health.rawValue) now\(reason ?? "")", revision: desired.revision)
        }
    }

    /// The targets whose last word is good.
    func healthyTargets(of resources: CheckedConfiguration) -> Set<TargetKey> {
        Set(
            watchedTargets(of: resources).compactMap { loadBalancer, service, target in
                let id = CheckID(loadBalancer: loadBalancer.name, service: service.name, target: target.endpoint)
                guard records[id]?.health == .healthy else { return nil }
                return TargetKey(loadBalancer: loadBalancer.name, service: service.name, endpoint: target.endpoint)
            })
    }
}
