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
    public func changes(to other: Configuration) -> [Change] {
        Change.changes(
            from: loadBalancers, to: other.loadBalancers, of: .loadBalancer, by: \.name,
            isSame: { $0.vip == $1.vip && $0.vpc == $1.vpc }, children: LoadBalancer.changes)
            + Change.changes(from: availabilityGroups, to: other.availabilityGroups, of: .availabilityGroup, by: \.name)
            + Change.changes(from: instances, to: other.instances, of: .instance, by: \.id)
    }
}

extension LoadBalancer {
    /// What differs below a load balancer that comes, stays or goes.
    fileprivate static func changes(from old: LoadBalancer?, to new: LoadBalancer?) -> [Change] {
        let parent = (new ?? old).map { $0.name + "/" } ?? ""
        return Change.changes(
            from: old?.listeners ?? [], to: new?.listeners ?? [], of: .listener, by: \.name, below: parent)
            + Change.changes(
                from: old?.services ?? [], to: new?.services ?? [], of: .service, by: \.name, below: parent)
            + Change.changes(from: old?.groups ?? [], to: new?.groups ?? [], of: .group, by: \.name, below: parent)
    }
}

extension Change {
    fileprivate static func changes<Resource: Equatable>(
        from old: [Resource], to new: [Resource], of kind: Kind, by name: KeyPath<Resource, String>,
        below parent: String = "", isSame: (Resource, Resource) -> Bool = { $0 == $1 },
        children: (Resource?, Resource?) -> [Change] = { _, _ in [] }
    ) -> [Change] {
        let olds = Dictionary(old.map { ($0[keyPath: name], $0) }) { first, _ in first }
        let news = Set(new.map { $0[keyPath: name] })
        func change(_ action: Action, _ resource: Resource) -> [Change] {
            [Change(action, kind, parent + resource[keyPath: name])]
        }
        let arriving = new.flatMap { resource -> [Change] in
            guard let existing = olds[resource[keyPath: name]] else {
                return change(.created, resource) + children(nil, resource)
            }
            return (isSame(existing, resource) ? [] : change(.updated, resource)) + children(existing, resource)
        }
        let leaving = old.filter { !news.contains($0[keyPath: name]) }
        return arriving + leaving.flatMap { change(.deleted, $0) + children($0, nil) }
    }
}
