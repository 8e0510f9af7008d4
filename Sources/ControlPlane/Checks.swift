internal import HealthChecking
internal import NetworkTypes
internal import ServiceModel
internal import TableCompiler

/// The checks that resources ask for: one for each running target of each service.
func checks(of resources: CheckedConfiguration) -> [Check] {
    watchedTargets(of: resources).compactMap { service, target in Check(service.healthCheck, of: target) }
}

private func watchedTargets(of resources: CheckedConfiguration) -> [(BackendService, TargetKey)] {
    resources.configuration.loadBalancers.flatMap { loadBalancer in
        loadBalancer.services.flatMap { service in
            let key = loadBalancer.key(of: service)
            return resources.targets(of: service, in: loadBalancer).filter(\.isRunning).map {
                (service, TargetKey(service: key, endpoint: $0.endpoint))
            }
        }
    }
}

extension Controller {
    /// The targets whose last word is good.
    func healthyTargets(of resources: CheckedConfiguration) -> Set<TargetKey> {
        Set(
            watchedTargets(of: resources).compactMap { _, target in
                records[target]?.health == .healthy ? target : nil
            })
    }
}

// MARK: - The file of health

/// Records as the file holds them: by the text of their key.
func textualRecords(_ records: [TargetKey: HealthRecord]) -> [String: HealthRecord] {
    Dictionary(records.map { ($0.key.description, $0.value) }) { first, _ in first }
}

/// What the file says about the targets of these resources. Earlier versions wrote the names of a service for its id.
func restoredRecords(
    _ file: [String: HealthRecord], of resources: CheckedConfiguration
) -> [TargetKey: HealthRecord] {
    var restored: [TargetKey: HealthRecord] = [:]
    for loadBalancer in resources.configuration.loadBalancers {
        for service in loadBalancer.services {
            for target in resources.targets(of: service, in: loadBalancer) {
                let key = TargetKey(service: loadBalancer.key(of: service), endpoint: target.endpoint)
                let former = TargetKey(service: loadBalancer.nameKey(of: service), endpoint: target.endpoint)
                restored[key] = file[key.description] ?? file[former.description]
            }
        }
    }
    return restored
}
