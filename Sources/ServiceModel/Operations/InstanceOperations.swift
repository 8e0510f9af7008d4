public import NetworkTypes

/// What a new instance is to be.
public struct InstanceSpec: Sendable, Hashable {
    public var id: String
    public var address: IPAddress
    public var vpc: String?
    public var state: Instance.State?
    public var description: String?

    public init(
        id: String, address: IPAddress, vpc: String? = nil, state: Instance.State? = nil, description: String? = nil
    ) {
        self.id = id
        self.address = address
        self.vpc = vpc
        self.state = state
        self.description = description
    }
}

/// What is to change of an instance; `nil` stays as it is.
public struct InstanceUpdate: Sendable, Hashable {
    public var address: IPAddress?
    public var vpc: String?
    public var state: Instance.State?
    public var description: String?

    public init(
        address: IPAddress? = nil, vpc: String? = nil, state: Instance.State? = nil, description: String? = nil
    ) {
        self.address = address
        self.vpc = vpc
        self.state = state
        self.description = description
    }
}

extension Configuration {
    /// This configuration with one more instance.
    public func creatingInstance(
        _ spec: InstanceSpec, in surroundings: Surroundings = Surroundings(), findings: [Problem] = []
    ) throws(OperationError) -> CheckedConfiguration {
        var edit = Edit(self, findings: findings)
        edit.isAbout(FieldPath.root.field("instances").element(instances.count), .instance)
        edit.new.instances.append(
            Instance(
                id: spec.id, description: spec.description ?? "", address: spec.address,
                vpc: spec.vpc ?? LoadBalancer.defaultVPC, state: spec.state ?? .running))
        return try edit.checked(in: surroundings)
    }

    public func updatingInstance(
        _ id: String, _ update: InstanceUpdate, in surroundings: Surroundings = Surroundings(),
        findings: [Problem] = []
    ) throws(OperationError) -> CheckedConfiguration {
        let index = try instance(id)
        var edit = Edit(self, findings: findings)
        edit.isAbout(FieldPath.root.field("instances").element(index), .instance)
        edit.change(\.instances[index].address, to: update.address)
        edit.change(\.instances[index].vpc, to: update.vpc)
        edit.change(\.instances[index].state, to: update.state)
        edit.change(\.instances[index].description, to: update.description)
        return try edit.checked(in: surroundings)
    }

    /// - Throws: `.refused` with status 409 while a group uses the instance.
    public func deletingInstance(
        _ id: String, in surroundings: Surroundings = Surroundings()
    ) throws(OperationError) -> CheckedConfiguration {
        let index = try instance(id)
        var edit = Edit(self, findings: [])
        edit.new.instances.remove(at: index)
        return try edit.checked(in: surroundings)
    }
}
