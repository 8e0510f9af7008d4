internal import HealthChecking
internal import NetworkTypes
internal import ServiceModel

/// The checks that resources ask for: one for each running target of each service.
func checks(of resources: CheckedConfiguration) -> [Check] {
    var checks: [Check] = []
    for loadBalancer in resources.configuration.loadBalancers {
        for service in loadBalancer.services {
            let key = loadBalancer.key(of: service)
            for target in resources.targets(of: service, in: loadBalancer) where target.isRunning {
                let check = Check(service.healthCheck, of: TargetKey(service: key, endpoint: target.endpoint))
                if let check { checks.append(check) }
            }
        }
    }
    return checks
}
