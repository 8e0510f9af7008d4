internal import HealthChecking
internal import NetworkTypes
internal import ServiceModel
internal import TableCompiler

extension Controller {
    /// Takes over what the checker knows by now, and writes what has become another into the log.
    func lookAtHealth() async {
        let now = await checker.snapshot()
        noteTransitions(from: health.records, to: now.records)
        health = now
    }

    /// Writes the changes of health that came between two looks at the records into the log.
    private func noteTransitions(from old: [TargetKey: HealthRecord], to new: [TargetKey: HealthRecord]) {
        let changed = new.filter { key, record in
            guard let before = old[key] else { return false }
            return before.health != record.health
        }
        guard !changed.isEmpty else { return }
        let names = serviceNames()
        for (key, record) in changed {
            guard let name = names[key.service], let before = old[key] else { continue }
            let reason =
                record.health == .unhealthy ? record.lastFailure.map { ": \($0.kind.rawValue), \($0.detail)" } : nil
            events.append(
                .healthChanged, "target \(name)/\(key.endpoint.socketDescription)",
                "\(before.health.rawValue) before, \(record.health.rawValue) now\(reason ?? "")",
                revision: desired.revision)
        }
    }

    /// Writes into the log which services have lost their last usable target, and which have one again.
    func noteUnusable(_ desired: Desired, _ conditions: Conditions) {
        var now: Set<ResourceID> = []
        for loadBalancer in desired.resources.configuration.loadBalancers {
            let listened = Set(loadBalancer.listeners.filter(\.isEnabled).map(\.service))
            for service in loadBalancer.services where listened.contains(service.name) {
                let key = loadBalancer.key(of: service)
                let targets = desired.resources.targets(of: service, in: loadBalancer)
                let isUsable = targets.contains {
                    $0.weight > 0 && conditions.isTaker($0, of: service, key: key)
                }
                if !isUsable, !targets.isEmpty { now.insert(key) }
                guard now.contains(key) != unusable.contains(key) else { continue }
                let consequence =
                    service.allUnhealthyPolicy == .forward
                    ? "new connections go to all that run and are enabled, by weight" : "new connections are dropped"
                events.append(
                    .usability, "service \(loadBalancer.name)/\(service.name)",
                    isUsable || targets.isEmpty
                        ? "a target is usable again" : "none of its \(targets.count) targets is usable: \(consequence)",
                    revision: desired.revision)
            }
        }
        unusable = now
    }

    /// `LOAD-BALANCER/NAME` of every service.
    private func serviceNames() -> [ResourceID: String] {
        let pairs = desired.resources.configuration.loadBalancers.flatMap { loadBalancer in
            loadBalancer.services.map { (loadBalancer.key(of: $0), "\(loadBalancer.name)/\($0.name)") }
        }
        return Dictionary(pairs) { first, _ in first }
    }
}
