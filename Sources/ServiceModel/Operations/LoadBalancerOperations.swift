public import NetworkTypes

/// What a new load balancer is to be.
public struct LoadBalancerSpec: Sendable, Hashable {
    public var name: String
    public var subnet: String
    /// `nil` takes a free address of the subnet.
    public var vip: IPAddress?
    public var description: String?
    public var isDeletionProtected: Bool?

    public init(
        name: String, subnet: String = LoadBalancer.defaultSubnet, vip: IPAddress? = nil, description: String? = nil,
        isDeletionProtected: Bool? = nil
    ) {
        self.name = name
        self.subnet = subnet
        self.vip = vip
        self.description = description
        self.isDeletionProtected = isDeletionProtected
    }
}

/// What is to change of a load balancer; `nil` stays as it is.
public struct LoadBalancerUpdate: Sendable, Hashable {
    public var name: String?
    public var description: String?
    public var vip: IPAddress?
    public var isDeletionProtected: Bool?

    public init(
        name: String? = nil, description: String? = nil, vip: IPAddress? = nil, isDeletionProtected: Bool? = nil
    ) {
        self.name = name
        self.description = description
        self.vip = vip
        self.isDeletionProtected = isDeletionProtected
    }
}

extension Configuration {
    /// This configuration with one more load balancer.
    ///
    /// - Parameters:
    ///   - id: Of the new one; nobody else's.
    ///   - findings: What is wrong with the request's form, as for all operations: told together with broken rules.
    /// - Throws: `.refused` with everything that is wrong.
    public func creatingLoadBalancer(
        _ spec: LoadBalancerSpec, id: ResourceID, in surroundings: Surroundings = Surroundings(),
        findings: [Problem] = []
    ) throws(OperationError) -> CheckedConfiguration {
        var edit = Edit(self, findings: findings)
        let subnet = edit.subnet(spec.subnet, in: surroundings)
        let vip = edit.vip(spec.vip, from: subnet, in: surroundings)
        edit.isAbout(.loadBalancer(loadBalancers.count), .loadBalancer)
        edit.new.loadBalancers.append(
            LoadBalancer(
                id: id, name: spec.name, description: spec.description ?? "", vip: vip,
                vpc: subnet?.vpc ?? LoadBalancer.defaultVPC, subnet: spec.subnet,
                isDeletionProtected: spec.isDeletionProtected ?? false))
        return try edit.checked(in: surroundings)
    }

    /// - Throws: `.notFound` or `.refused`, as all operations on what is there.
    public func updatingLoadBalancer(
        _ id: String, _ update: LoadBalancerUpdate, in surroundings: Surroundings = Surroundings(),
        findings: [Problem] = []
    ) throws(OperationError) -> CheckedConfiguration {
        let index = try loadBalancer(id)
        var edit = Edit(self, findings: findings)
        edit.isAbout(.loadBalancer(index), .loadBalancer)
        edit.change(\.loadBalancers[index].name, to: update.name)
        edit.change(\.loadBalancers[index].description, to: update.description)
        edit.change(\.loadBalancers[index].isDeletionProtected, to: update.isDeletionProtected)
        if let vip = update.vip, vip != loadBalancers[index].vip {
            let subnet = surroundings.subnets.first { $0.name == loadBalancers[index].subnet }
            edit.new.loadBalancers[index].vip = edit.vip(vip, from: subnet, in: surroundings)
        }
        return try edit.checked(in: surroundings)
    }

    /// This configuration without a load balancer and all that is below it.
    ///
    /// - Throws: `.refused` with status 409 while the load balancer is protected.
    public func deletingLoadBalancer(
        _ id: String, in surroundings: Surroundings = Surroundings()
    ) throws(OperationError) -> CheckedConfiguration {
        var edit = Edit(self, findings: [])
        edit.new.loadBalancers.remove(at: try loadBalancer(id))
        return try edit.checked(in: surroundings)
    }

    /// Every address that a new VIP must not be.
    private var addressesInUse: Set<IPAddress> {
        let targets = loadBalancers.flatMap(\.groups).flatMap(\.targets).compactMap { target in
            if case .address(let address) = target.server { address } else { nil }
        }
        return Set(loadBalancers.map(\.vip) + instances.map(\.address) + targets)
    }

    /// A free address, lowest first.
    fileprivate func freeAddress(in prefixes: [Prefix], besides taken: Set<IPAddress>) -> IPAddress? {
        let used = addressesInUse.union(taken)
        return prefixes.lazy.compactMap { $0.firstFreeAddress(besides: used) }.first
    }
}

extension Edit {
    /// - Returns: `nil` where no subnets are configured, or none bears this name.
    fileprivate mutating func subnet(_ name: String, in surroundings: Surroundings) -> Subnet? {
        guard !surroundings.subnets.isEmpty else { return nil }
        let subnet = surroundings.subnets.first { $0.name == name }
        if subnet == nil { report("subnetId", .notFound(kind: "subnet", name: name)) }
        return subnet
    }

    /// The address asked for, or a free one; a stand-in when there is something wrong with it.
    fileprivate mutating func vip(
        _ wanted: IPAddress?, from subnet: Subnet?, in surroundings: Surroundings
    ) -> IPAddress {
        let field = "privateIpAddress"
        if let wanted {
            guard let subnet, !subnet.prefix.contains(wanted) else { return wanted }
            let rule = "inside subnet \(quoted(subnet.name)): \(subnet.prefix)"
            report(field, .malformed(found: "\(wanted)", expected: rule))
            return wanted
        }
        let blocks = subnet.map { [$0.prefix] } ?? surroundings.vipPrefixes
        if let free = old.freeAddress(in: blocks, besides: surroundings.hostAddresses) { return free }
        if blocks.isEmpty {
            report(field, .conflict("there is no block to take a VIP from; say which address it shall be"))
        } else {
            let blocks = blocks.map(\.description).joined(separator: ", ")
            report(field, .blocked("no address of \(blocks) is free"))
        }
        return IPAddress(high: 0, low: 0)
    }

    mutating func change<Value>(_ field: WritableKeyPath<Configuration, Value>, to value: Value?) {
        if let value { new[keyPath: field] = value }
    }
}
