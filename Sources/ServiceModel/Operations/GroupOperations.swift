/// What a new virtual server group is to be.
public struct GroupSpec: Sendable, Hashable {
    public var name: String
    public var loadBalancer: String
    public var kind: ServerGroup.Kind?
    public var description: String?

    public init(
        name: String, loadBalancer: String, kind: ServerGroup.Kind? = nil, description: String? = nil
    ) {
        self.name = name
        self.loadBalancer = loadBalancer
        self.kind = kind
        self.description = description
    }
}

/// What is to change of a virtual server group; `nil` stays as it is.
public struct GroupUpdate: Sendable, Hashable {
    public var name: String?
    public var description: String?

    public init(name: String? = nil, description: String? = nil) {
        self.name = name
        self.description = description
    }
}

extension Configuration {
    /// This configuration with one more virtual server group, without targets.
    public func creatingGroup(
        _ spec: GroupSpec, id: ResourceID, in surroundings: Surroundings = Surroundings(), findings: [Problem] = []
    ) throws(OperationError) -> CheckedConfiguration {
        var edit = Edit(self, findings: findings)
        let owner = try edit.owner(spec.loadBalancer)
        let place = ResourcePlace(loadBalancer: owner, index: loadBalancers[owner].groups.count)
        edit.isAbout(.group(place), .group)
        edit.new.loadBalancers[owner].groups.append(
            ServerGroup(
                id: id, name: spec.name, description: spec.description ?? "", kind: spec.kind ?? .instance))
        return try edit.checked(in: surroundings)
    }

    public func updatingGroup(
        _ id: String, _ update: GroupUpdate, in surroundings: Surroundings = Surroundings(), findings: [Problem] = []
    ) throws(OperationError) -> CheckedConfiguration {
        let place = try group(id)
        var edit = Edit(self, findings: findings)
        edit.isAbout(.group(place), .group)
        let old = loadBalancers[place.loadBalancer].groups[place.index]
        var group = old
        group.name = edit.name(
            update.name, of: place.index, in: loadBalancers[place.loadBalancer].groups, at: "targetGroupName",
            listPath: FieldPath.loadBalancer(place.loadBalancer).field("groups"))
        group.description = update.description ?? old.description
        edit.new.loadBalancers[place.loadBalancer].groups[place.index] = group
        edit.new.loadBalancers[place.loadBalancer].replaceServers(.group(old.name), by: .group(group.name))
        return try edit.checked(in: surroundings)
    }

    /// - Throws: `.refused` with status 409 while a service uses the group.
    public func deletingGroup(
        _ id: String, in surroundings: Surroundings = Surroundings()
    ) throws(OperationError) -> CheckedConfiguration {
        let place = try group(id)
        var edit = Edit(self, findings: [])
        edit.new.loadBalancers[place.loadBalancer].groups.remove(at: place.index)
        return try edit.checked(in: surroundings)
    }
}

extension LoadBalancer {
    mutating func replaceServers(_ old: BackendService.Servers, by new: BackendService.Servers) {
        for index in services.indices where services[index].servers == old { services[index].servers = new }
    }
}
