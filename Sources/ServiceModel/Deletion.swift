// What may not go away: what is protected, and what something that stays goes on referring to.

extension Configuration {
    /// What this configuration lacks although it may not, with paths in this one.
    ///
    /// A resource that is still referred to is told at the reference, a protected one by its name.
    public func deletionProblems(replacing old: Configuration) -> [Problem] {
        let staying = Set(pairs(of: loadBalancers, with: old.loadBalancers))
        let protected = old.loadBalancers.enumerated().filter { index, loadBalancer in
            loadBalancer.isDeletionProtected && !staying.contains(index)
        }
        let protection = protected.map { _, loadBalancer in
            let path = FieldPath.root.field("loadBalancers").appending(.named(loadBalancer.name))
            let sentence =
                "load balancer \(quoted(loadBalancer.name)) is protected from deletion; switch the protection off first"
            return Problem(path: path.description, reason: .blocked(sentence))
        }
        return protection + brokenReferences(since: old)
    }

    private func brokenReferences(since old: Configuration) -> [Problem] {
        let gone = old.nodes(besides: self).subtracting(nodes(besides: old))
        guard !gone.isEmpty else { return [] }
        let before = Set(old.references.map(\.reference))
        return references.compactMap { reference, path in
            guard gone.contains(reference.used), before.contains(reference) else { return nil }
            let sentence = "\(reference.used.title) is used by \(reference.user.title) and cannot be deleted"
            return Problem(path: path().description, reason: .blocked(sentence))
        }
    }
}

/// A resource by its name.
private struct Node: Hashable {
    let kind: Change.Kind
    /// Name of the load balancer that it is below of, empty for none.
    let owner: String
    let name: String

    var title: String { "\(kind == .service ? "backend service" : kind.rawValue) \(quoted(name))" }
}

private struct Reference: Hashable {
    let user: Node
    let used: Node
}

/// A reference with the way to its path, which takes long to make.
private typealias Use = (reference: Reference, path: () -> FieldPath)

extension Configuration {
    /// What can be referred to, leaving out what is the same in the other configuration: mostly all but one load balancer.
    fileprivate func nodes(besides other: Configuration) -> Set<Node> {
        let others = Dictionary(grouping: other.loadBalancers, by: \.name)
        let changed = loadBalancers.filter { others[$0.name]?.contains($0) != true }
        let below = changed.flatMap { loadBalancer in
            loadBalancer.services.map { Node(kind: .service, owner: loadBalancer.name, name: $0.name) }
                + loadBalancer.groups.map { Node(kind: .group, owner: loadBalancer.name, name: $0.name) }
        }
        let ownGroups = availabilityGroups == other.availabilityGroups ? [] : availabilityGroups
        let ownInstances = instances == other.instances ? [] : instances
        return Set(
            below + ownGroups.map { Node(kind: .availabilityGroup, owner: "", name: $0.name) }
                + ownInstances.map { Node(kind: .instance, owner: "", name: $0.id) })
    }

    fileprivate var references: [Use] {
        let groups = availabilityGroups.enumerated().flatMap { index, group in
            let user = Node(kind: .availabilityGroup, owner: "", name: group.name)
            return group.instances.enumerated().map { position, id in
                (
                    reference: Reference(user: user, used: Node(kind: .instance, owner: "", name: id)),
                    path: {
                        FieldPath.root.field("availabilityGroups").element(index).field("instances").element(position)
                    }
                )
            }
        }
        return loadBalancers.enumerated().flatMap { $1.references(at: .loadBalancer($0)) } + groups
    }
}

extension LoadBalancer {
    fileprivate func references(at path: FieldPath) -> [Use] {
        ofListeners(at: path.field("listeners")) + ofServices(at: path.field("services"))
            + ofGroups(at: path.field("groups"))
    }

    private func node(_ kind: Change.Kind, _ own: String) -> Node { Node(kind: kind, owner: name, name: own) }

    private func ofListeners(at list: FieldPath) -> [Use] {
        listeners.enumerated().map { index, listener in
            let reference = Reference(user: node(.listener, listener.name), used: node(.service, listener.service))
            return (reference, { list.element(index).field("service") })
        }
    }

    private func ofServices(at list: FieldPath) -> [Use] {
        services.enumerated().compactMap { index, service in
            let user = node(.service, service.name)
            switch service.servers {
            case .group(let name):
                return (Reference(user: user, used: node(.group, name)), { list.element(index).field("group") })
            case .availabilityGroup(let name):
                let used = Node(kind: .availabilityGroup, owner: "", name: name)
                return (Reference(user: user, used: used), { list.element(index).field("availabilityGroup") })
            case nil: return nil
            }
        }
    }

    private func ofGroups(at list: FieldPath) -> [Use] {
        groups.enumerated().flatMap { index, group in
            group.targets.enumerated().compactMap { position, target -> Use? in
                guard case .instance(let id) = target.server else { return nil }
                let used = Node(kind: .instance, owner: "", name: id)
                return (
                    Reference(user: node(.group, group.name), used: used),
                    { list.element(index).field("targets").element(position).field("instance") }
                )
            }
        }
    }
}
