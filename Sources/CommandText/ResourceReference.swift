// How people name resources on the command line.

package import AdminTypes
internal import NetworkTypes
internal import ServiceModel

/// What stands for a resource: its id, or its name, also behind that of its load balancer, as in `web/http`.
package struct ResourceReference: Sendable, Hashable {
    /// Name or id of the load balancer; `nil` when only the resource's own is said.
    package let owner: String?
    /// Name or id.
    package let name: String

    package init(_ text: String) throws(ReferenceError) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard (1...2).contains(parts.count), !parts.contains("") else { throw .malformed(text) }
        owner = parts.count == 2 ? parts[0] : nil
        name = parts[parts.count - 1]
    }

    private init(owner: String?, name: String) {
        self.owner = owner
        self.name = name
    }

    /// The same below a load balancer, unless one is said.
    package func below(_ standardOwner: String?) -> ResourceReference {
        ResourceReference(owner: owner ?? standardOwner, name: name)
    }

    /// The load balancer that is said to be the owner; `nil` when none is said.
    package func owner(among loadBalancers: [LoadBalancerAnswer]) throws(ReferenceError) -> LoadBalancerAnswer? {
        guard let owner else { return nil }
        return try ResourceReference(owner).choose(from: loadBalancers, Names())
    }

    /// The one resource that is meant. An id means its resource, whatever others are called.
    ///
    /// - Parameters:
    ///   - candidates: Of one kind; those below the owner only, where one is said.
    ///   - names: Of their load balancers, to tell ambiguous ones apart.
    /// - Throws: `.notFound` and `.ambiguous`.
    package func choose<Answer: ResourceAnswer>(
        from candidates: [Answer], _ names: Names
    ) throws(ReferenceError) -> Answer {
        if let answer = candidates.first(where: { $0.id == name }) { return answer }
        let found = candidates.filter { $0.name == name }
        guard let answer = found.first else {
            throw .notFound(noun: Answer.kind.noun, text: owner.map { $0 + "/" + name } ?? name)
        }
        guard found.count == 1 else {
            let labels = found.map { "\(names.label(of: $0)) (\($0.id))" }
            throw .ambiguous(noun: Answer.kind.noun, text: name, candidates: labels)
        }
        return answer
    }
}

extension [TargetAnswer] {
    /// The target with an id, an address, or the instance of an id.
    ///
    /// - Parameter group: What the group of these targets is called.
    package func choose(_ text: String, of group: String) throws(ReferenceError) -> TargetAnswer {
        if let target = first(where: { $0.targetId == text }) { return target }
        let address = IPAddress(text)
        let found = filter { target in
            target.instanceId == text || address != nil && target.ipAddress.flatMap { IPAddress($0) } == address
        }
        guard let target = found.first else { throw .notFound(noun: "target of \(group)", text: text) }
        guard found.count == 1 else {
            let labels = found.map { "\($0.instanceId ?? $0.ipAddress ?? "") (\($0.targetId))" }
            throw .ambiguous(noun: "target", text: text, candidates: labels)
        }
        return target
    }
}

/// Why it is not known which resource is meant.
package enum ReferenceError: Error, Sendable, Hashable {
    case malformed(String)
    /// `noun` is the kind that was looked for.
    case notFound(noun: String, text: String)
    /// `candidates` each with its id.
    case ambiguous(noun: String, text: String, candidates: [String])
}

extension ReferenceError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .malformed(let text): "\(quoted(text)) is neither a name, nor LOAD-BALANCER/NAME, nor an id"
        case .notFound(let noun, let text): "there is no \(noun) \(quoted(text))"
        case .ambiguous(let noun, let text, let candidates):
            "there are \(candidates.count) \(noun)s \(quoted(text)); say which:\n"
                + candidates.map { "  " + $0 }.joined(separator: "\n")
        }
    }
}
