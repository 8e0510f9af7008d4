// Resources by the ids that the API knows them by.

/// Where a resource of a load balancer stands.
public struct ResourcePlace: Sendable, Hashable {
    /// Index of the load balancer.
    public let loadBalancer: Int
    /// Index in that one's list.
    public let index: Int
}

extension Configuration {
    /// The index of a load balancer.
    public func loadBalancer(_ id: String) throws(OperationError) -> Int {
        guard let index = loadBalancers.firstIndex(where: { $0.id?.rawValue == id }) else {
            throw .notFound(kind: "load balancer", id: id)
        }
        return index
    }

    public func listener(_ id: String) throws(OperationError) -> ResourcePlace {
        try place(of: id, in: \.listeners, kind: "listener")
    }

    public func service(_ id: String) throws(OperationError) -> ResourcePlace {
        try place(of: id, in: \.services, kind: "backend service")
    }

    public func group(_ id: String) throws(OperationError) -> ResourcePlace {
        try place(of: id, in: \.groups, kind: "target group")
    }

    /// The index of an availability group.
    public func availabilityGroup(_ id: String) throws(OperationError) -> Int {
        guard let index = availabilityGroups.firstIndex(where: { $0.id?.rawValue == id }) else {
            throw .notFound(kind: "availability group", id: id)
        }
        return index
    }

    /// The index of an instance.
    public func instance(_ id: String) throws(OperationError) -> Int {
        guard let index = instances.firstIndex(where: { $0.id == id }) else {
            throw .notFound(kind: "instance", id: id)
        }
        return index
    }

    private func place<Element: Resource>(
        of id: String, in list: KeyPath<LoadBalancer, [Element]>, kind: String
    ) throws(OperationError) -> ResourcePlace {
        for (index, loadBalancer) in loadBalancers.enumerated() {
            if let position = loadBalancer[keyPath: list].firstIndex(where: { $0.id?.rawValue == id }) {
                return ResourcePlace(loadBalancer: index, index: position)
            }
        }
        throw .notFound(kind: kind, id: id)
    }
}

extension FieldPath {
    static func loadBalancer(_ index: Int) -> FieldPath { root.field("loadBalancers").element(index) }
    static func listener(_ place: ResourcePlace) -> FieldPath { below(place, "listeners") }
    static func service(_ place: ResourcePlace) -> FieldPath { below(place, "services") }
    static func group(_ place: ResourcePlace) -> FieldPath { below(place, "groups") }

    private static func below(_ place: ResourcePlace, _ list: String) -> FieldPath {
        loadBalancer(place.loadBalancer).field(list).element(place.index)
    }
}
