// What never changes once it is there: flows and probes are bound to it.

import NetworkTypes

extension Configuration {
    /// What this configuration would change although it never may, with paths in this one.
    ///
    /// A resource is the same when its name is. The region counts once there is something in it.
    public func immutabilityProblems(replacing old: Configuration) -> [Problem] {
        var problems: [Problem] = []
        if region != old.region, old != Configuration(region: old.region) {
            let reason = "the region is \"\(old.region)\" and never changes; what is there must be deleted first"
            problems.append(Problem(path: "region", reason: .conflict(reason)))
        }
        let olds = Dictionary(old.loadBalancers.map { ($0.name, $0) }) { first, _ in first }
        for (index, loadBalancer) in loadBalancers.enumerated() {
            guard let existing = olds[loadBalancer.name] else { continue }
            let path = FieldPath.root.field("loadBalancers").element(index)
            problems += Self.problems(
                replacing: existing.listeners.map(Fixed.init), with: loadBalancer.listeners.map(Fixed.init), "listener",
                at: path.field("listeners"))
            problems += Self.problems(
                replacing: existing.services.map(Fixed.init), with: loadBalancer.services.map(Fixed.init),
                "backend service", at: path.field("services"))
        }
        return problems
    }

    private static func problems(
        replacing old: [Fixed], with new: [Fixed], _ kind: String, at list: FieldPath
    ) -> [Problem] {
        let olds = Dictionary(old.map { ($0.name, $0) }) { first, _ in first }
        return new.enumerated().flatMap { index, fixed -> [Problem] in
            guard let existing = olds[fixed.name] else { return [] }
            let path = list.element(index)
            func problem(_ field: String, _ value: String) -> Problem {
                let remedy = "delete the \(kind) and create it anew, or give the new one another name"
                let sentence = "the \(field) of \(kind) \"\(fixed.name)\" is \(value) and never changes; \(remedy)"
                return Problem(path: path.field(field).description, reason: .conflict(sentence))
            }
            return (fixed.transport == existing.transport ? [] : [problem("protocol", "\(existing.transport)")])
                + (fixed.port == existing.port ? [] : [problem("port", "\(existing.port)")])
        }
    }
}

/// The fields of a listener or service that never change.
private struct Fixed {
    let name: String
    let transport: TransportProtocol
    let port: Int

    init(_ listener: Listener) {
        name = listener.name
        transport = listener.transport
        port = listener.port
    }

    init(_ service: BackendService) {
        name = service.name
        transport = service.transport
        port = service.port
    }
}
