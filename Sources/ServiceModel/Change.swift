/// One resource that differs between two configurations.
public struct Change: Sendable, Hashable {
    public enum Action: String, Sendable, Hashable, CaseIterable {
        case created, updated, deleted
    }

    public enum Kind: String, Sendable, Hashable, CaseIterable {
        case loadBalancer = "load balancer"
        case listener
        case service
        case group
        case availabilityGroup = "availability group"
        case instance
    }

    public let action: Action
    public let kind: Kind
    /// The resource's name; below a load balancer with that one's name before it, as in `web/http`.
    public let name: String

    public init(_ action: Action, _ kind: Kind, _ name: String) {
        self.action = action
        self.kind = kind
        self.name = name
    }
}

extension Change: CustomStringConvertible {
    /// `listener web/http created`.
    public var description: String { "\(kind.rawValue) \(name) \(action.rawValue)" }
}

extension Configuration {
    /// What must happen to the resources of this configuration to turn it into another; empty when nothing must.
    ///
    /// In the order of the other configuration, each load balancer followed by what is below it; what goes away comes
    /// last in its list. The place of a resource in its list is no difference; the order of a group's targets is.
    /// Ids, times and versions are none either. Resources with an id are the same when that is, others by name.
    public func changes(to other: Configuration) -> [Change] {
        Change.changes(
            from: loadBalancers, to: other.loadBalancers, of: .loadBalancer, children: LoadBalancer.changes)
            + Change.changes(from: availabilityGroups, to: other.availabilityGroups, of: .availabilityGroup)
            + Change.changes(from: instances, to: other.instances, of: .instance)
    }
}

extension LoadBalancer {
    /// What differs below a load balancer that comes, stays or goes.
    fileprivate static func changes(from old: LoadBalancer?, to new: LoadBalancer?) -> [Change] {
        let parent = (new ?? old).map { $0.name + "/" } ?? ""
        return Change.changes(from: old?.listeners ?? [], to: new?.listeners ?? [], of: .listener, below: parent)
            + Change.changes(from: old?.services ?? [], to: new?.services ?? [], of: .service, below: parent)
            + Change.changes(from: old?.groups ?? [], to: new?.groups ?? [], of: .group, below: parent)
    }
}

extension Change {
    fileprivate static func changes<Element: Identified>(
        from old: [Element], to new: [Element], of kind: Kind, below parent: String = "",
        children: (Element?, Element?) -> [Change] = { _, _ in [] }
    ) -> [Change] {
        if old == new { return [] }
        let pairs = pairs(of: new, with: old)
        func change(_ action: Action, _ element: Element) -> [Change] { [Change(action, kind, parent + element.key)] }
        let arriving = zip(new, pairs).flatMap { element, place -> [Change] in
            guard let place else { return change(.created, element) + children(nil, element) }
            let existing = old[place]
            if existing == element { return [] }
            return (existing.content == element.content ? [] : change(.updated, element)) + children(existing, element)
        }
        let staying = Set(pairs)
        let leaving = old.indices.filter { !staying.contains($0) }.map { old[$0] }
        return arriving + leaving.flatMap { change(.deleted, $0) + children($0, nil) }
    }
}
