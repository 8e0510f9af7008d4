// What never changes once it is there, since flows and probes are bound to it, and what does not go away.

import NetworkTypes

extension Configuration {
    /// What this configuration changes or removes although it may not, followed by the rules that it breaks.
    ///
    /// - Parameter unread: As for `problems(in:unread:)`.
    package func problems(
        replacing old: Configuration, in surroundings: Surroundings, unread: Set<String> = []
    ) -> [Problem] {
        // Who has a name that could not be read is missed without being gone.
        let gone = unread.isEmpty ? deletionProblems(replacing: old) : []
        let fixed = immutabilityProblems(replacing: old).filter { !unread.contains($0.path) } + gone
        let told = Set(fixed.map(\.path))
        return fixed + problems(in: surroundings, unread: unread).filter { !told.contains($0.path) }
    }

    /// What this configuration would change although it never may, with paths in this one.
    ///
    /// A resource is the same when its id is, or its name where there is no id. The region counts once there is
    /// something in it.
    public func immutabilityProblems(replacing old: Configuration) -> [Problem] {
        var problems: [Problem] = []
        if region != old.region, old != Configuration(region: old.region) {
            let reason = "the region is \"\(old.region)\" and never changes; what is there must be deleted first"
            problems.append(Problem(path: "region", reason: .conflict(reason)))
        }
        for (index, place) in pairs(of: loadBalancers, with: old.loadBalancers).enumerated() {
            let loadBalancer = loadBalancers[index]
            guard let existing = place.map({ old.loadBalancers[$0] }), loadBalancer != existing else { continue }
            let path = FieldPath.root.field("loadBalancers").element(index)
            if loadBalancer.subnet != existing.subnet {
                let sentence =
                    "the subnet of load balancer \(quoted(existing.name)) is \(quoted(existing.subnet)) and never changes"
                problems.append(Problem(path: path.field("subnet").description, reason: .conflict(sentence)))
            }
            problems += Self.problems(
                replacing: existing.listeners, with: loadBalancer.listeners, Fixed.init, "listener",
                at: path.field("listeners"))
            problems += Self.problems(
                replacing: existing.services, with: loadBalancer.services, Fixed.init, "backend service",
                at: path.field("services"))
        }
        return problems
    }

    private static func problems<Element: Identified>(
        replacing old: [Element], with new: [Element], _ fixed: (Element) -> Fixed, _ kind: String, at list: FieldPath
    ) -> [Problem] {
        pairs(of: new, with: old).enumerated().flatMap { index, place -> [Problem] in
            guard let existing = place.map({ fixed(old[$0]) }) else { return [] }
            let new = fixed(new[index])
            let path = list.element(index)
            func problem(_ field: String, _ value: String) -> Problem {
                let remedy = "delete the \(kind) and create it anew, or give the new one another name"
                let sentence = "the \(field) of \(kind) \"\(existing.name)\" is \(value) and never changes; \(remedy)"
                return Problem(path: path.field(field).description, reason: .conflict(sentence))
            }
            return (new.transport == existing.transport ? [] : [problem("protocol", "\(existing.transport)")])
                + (new.port == existing.port ? [] : [problem("port", "\(existing.port)")])
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
