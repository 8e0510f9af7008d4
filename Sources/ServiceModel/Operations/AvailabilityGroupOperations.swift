/// What a new availability group is to be.
public struct AvailabilityGroupSpec: Sendable, Hashable {
    public var name: String
    public var vpc: String?
    public var description: String?
    public var instances: [String]?

    public init(name: String, vpc: String? = nil, description: String? = nil, instances: [String]? = nil) {
        self.name = name
        self.vpc = vpc
        self.description = description
        self.instances = instances
    }
}

/// What is to change of an availability group; `nil` stays as it is.
public struct AvailabilityGroupUpdate: Sendable, Hashable {
    public var name: String?
    public var description: String?
    /// All instances of the group from now on.
    public var instances: [String]?

    public init(name: String? = nil, description: String? = nil, instances: [String]? = nil) {
        self.name = name
        self.description = description
        self.instances = instances
    }
}

extension Configuration {
    /// This configuration with one more availability group.
    public func creatingAvailabilityGroup(
        _ spec: AvailabilityGroupSpec, id: ResourceID, in surroundings: Surroundings = Surroundings(),
        findings: [Problem] = []
    ) throws(OperationError) -> CheckedConfiguration {
        var edit = Edit(self, findings: findings)
        let path = FieldPath.root.field("availabilityGroups").element(availabilityGroups.count)
        edit.isAbout(path, .availabilityGroup)
        edit.new.availabilityGroups.append(
            AvailabilityGroup(
                id: id, name: spec.name, description: spec.description ?? "",
                vpc: spec.vpc ?? LoadBalancer.defaultVPC, instances: spec.instances ?? []))
        return try edit.checked(in: surroundings)
    }

    public func updatingAvailabilityGroup(
        _ id: String, _ update: AvailabilityGroupUpdate, in surroundings: Surroundings = Surroundings(),
        findings: [Problem] = []
    ) throws(OperationError) -> CheckedConfiguration {
        let index = try availabilityGroup(id)
        let old = availabilityGroups[index]
        var edit = Edit(self, findings: findings)
        let list = FieldPath.root.field("availabilityGroups")
        edit.isAbout(list.element(index), .availabilityGroup)
        let name = edit.name(update.name, of: index, in: availabilityGroups, at: "name", listPath: list)
        edit.new.availabilityGroups[index].name = name
        edit.change(\.availabilityGroups[index].description, to: update.description)
        edit.change(\.availabilityGroups[index].instances, to: update.instances)
        for owner in loadBalancers.indices {
            edit.new.loadBalancers[owner].replaceServers(
                .availabilityGroup(old.name), by: .availabilityGroup(name))
        }
        return try edit.checked(in: surroundings)
    }

    /// This configuration with more instances in an availability group.
    public func addingInstances(
        _ ids: [String], toAvailabilityGroup group: String, in surroundings: Surroundings = Surroundings(),
        findings: [Problem] = []
    ) throws(OperationError) -> CheckedConfiguration {
        let index = try availabilityGroup(group)
        var edit = Edit(self, findings: findings)
        edit.checkIsSome(ids, at: "instanceIds")
        let members = FieldPath.root.field("availabilityGroups").element(index).field("instances")
        for (position, id) in ids.enumerated() {
            let path = members.element(availabilityGroups[index].instances.count + position)
            edit.isAbout(path, .availabilityGroup, at: "instanceIds[\(position)]")
            edit.new.availabilityGroups[index].instances.append(id)
        }
        return try edit.checked(in: surroundings)
    }

    /// This configuration with fewer instances in an availability group; all of them go or none.
    public func removingInstances(
        _ ids: [String], fromAvailabilityGroup group: String, in surroundings: Surroundings = Surroundings(),
        findings: [Problem] = []
    ) throws(OperationError) -> CheckedConfiguration {
        let index = try availabilityGroup(group)
        var edit = Edit(self, findings: findings)
        edit.checkIsSome(ids, at: "instanceIds")
        let members = Set(availabilityGroups[index].instances)
        if let stranger = ids.first(where: { !members.contains($0) }) {
            throw .notFound(kind: "instance of this availability group", id: stranger)
        }
        edit.new.availabilityGroups[index].instances.removeAll { ids.contains($0) }
        return try edit.checked(in: surroundings)
    }

    /// - Throws: `.refused` with status 409 while a service uses the availability group.
    public func deletingAvailabilityGroup(
        _ id: String, in surroundings: Surroundings = Surroundings()
    ) throws(OperationError) -> CheckedConfiguration {
        let index = try availabilityGroup(id)
        var edit = Edit(self, findings: [])
        edit.new.availabilityGroups.remove(at: index)
        return try edit.checked(in: surroundings)
    }
}
