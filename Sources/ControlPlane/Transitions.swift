internal import HealthChecking
internal import NetworkTypes
internal import ServiceModel

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

    /// `LOAD-BALANCER/NAME` of every service.
    private func serviceNames() -> [ResourceID: String] {
        let pairs = desired.resources.configuration.loadBalancers.flatMap { loadBalancer in
            loadBalancer.services.map { (loadBalancer.key(of: $0), "\(loadBalancer.name)/\($0.name)") }
        }
        return Dictionary(pairs) { first, _ in first }
    }
}
