// What groups, targets and instances must keep to.

import NetworkTypes

/// A server as far as one can be told from another: by address where that is known.
private enum ServerIdentity: Hashable {
    case address(IPAddress)
    case instance(String)
}

/// What is unique in a group.
private struct ServedPort: Hashable {
    let server: ServerIdentity
    let port: Int
}

// MARK: - Virtual server groups

extension Rules {
    mutating func checkGroups(in scope: Scope) {
        let list = scope.path.field("groups")
        let groups = scope.loadBalancer.groups
        checkCount(of: groups, limit: Limits.groupsPerLoadBalancer, "groups", at: list)
        var names: [String: FieldPath] = [:]
        for (index, group) in groups.enumerated() {
            let path = list.element(index)
            checkName(group.name, of: path, in: &names)
            checkDescription(group.description, at: path)
            checkTargets(of: group, at: path, in: scope)
        }
    }

    private mutating func checkTargets(of group: ServerGroup, at groupPath: FieldPath, in scope: Scope) {
        let list = groupPath.field("targets")
        checkCount(of: group.targets, limit: Limits.targetsPerGroup, "targets", at: list)
        let users = users(of: group, in: scope)
        let servicePorts = Set(users.map { $0.port })
        let mode = users.lazy.map(\.forwardingMode).first(where: \.keepsFamily)
        var owners: [ServedPort: Int] = [:]
        owners.reserveCapacity(group.targets.count)
        for (index, target) in group.targets.enumerated() {
            // There are 10,000 of them: no path is made unless there is something to report.
            func path() -> FieldPath { list.element(index) }
            checkServer(of: target, at: path(), in: scope, mode: mode)
            checkKind(of: target, in: group, at: path())
            check(target.port, in: Limits.portOrNone, at: path().field("port"))
            check(target.weight, in: Limits.weight, at: path().field("weight"))
            checkDeadline(of: target, at: path())
            checkIsAlone(index, of: group.targets, at: list, servicePorts: servicePorts, in: &owners)
        }
    }

    /// The services that send flows to a group.
    private func users(of group: ServerGroup, in scope: Scope) -> [BackendService] {
        scope.loadBalancer.services.filter { $0.servers == .group(group.name) }
    }

    /// - Parameter mode: One of those that send flows to the target and keep the family; `nil` when none does.
    private mutating func checkServer(
        of target: Target, at path: @autoclosure () -> FieldPath, in scope: Scope, mode: BackendService.ForwardingMode?
    ) {
        let field: String
        let address: IPAddress
        switch target.server {
        case .address(let own):
            field = "address"
            address = own
            guard checkServerAddress(own, at: path().field(field)) else { return }
        case .instance(let id):
            field = "instance"
            guard
                let instance = checkInstance(
                    id, at: path().field(field), vpc: scope.loadBalancer.vpc, of: scope.path)
            else { return }
            address = instance.address
        }
        if let mode { checkFamily(of: "\(address)", address.family, mode, at: path().field(field), in: scope) }
    }

    private mutating func checkKind(
        of target: Target, in group: ServerGroup, at path: @autoclosure () -> FieldPath
    ) {
        guard group.kind == .ip, case .instance(let id) = target.server else { return }
        let sentence = "group \(quoted(group.name)) is of type ip and takes addresses only, not instance \(quoted(id))"
        report(path().field("instance"), .conflict(sentence))
    }

    private mutating func checkDeadline(of target: Target, at path: @autoclosure () -> FieldPath) {
        guard let drainUntil = target.drainUntil else { return }
        let path = path()
        check(Int(drainUntil), in: Limits.drainUntil, at: path.field("drainUntil"))
        guard target.adminState != .draining, knows(path.field("adminState")) else { return }
        let sentence = "goes with adminState draining only, and this target is \(target.adminState.rawValue)"
        report(path.field("drainUntil"), .conflict(sentence))
    }

    /// One entry per server and port; port 0 is the port of every service that uses the group.
    private mutating func checkIsAlone(
        _ index: Int, of targets: [Target], at list: FieldPath, servicePorts: Set<Int>,
        in owners: inout [ServedPort: Int]
    ) {
        func field(_ name: String) -> FieldPath { list.element(index).field(name) }
        guard knows(field("address")), knows(field("instance")), knows(field("port")) else { return }
        let target = targets[index]
        let server = identity(of: target.server)
        var first: Int?
        for port in target.port == 0 ? servicePorts.union([0]) : [target.port] {
            let key = ServedPort(server: server, port: port)
            guard let owner = owners.updateValue(index, forKey: key) else { continue }
            owners[key] = owner
            first = first ?? owner
        }
        guard let first else { return }
        let path = list.element(first).description
        report(list.element(index), .duplicate(what: description(of: target), first: path))
    }

    private func description(of target: Target) -> String {
        let server =
            switch target.server {
            case .address(let address): "\(address)"
            case .instance(let id): "instance \(quoted(id))"
            }
        return target.port == 0 ? "\(server) on the service's port" : "\(server) on port \(target.port)"
    }

    private func identity(of server: Target.Server) -> ServerIdentity {
        switch server {
        case .address(let address): .address(address)
        case .instance(let id): knownAddress(of: id).map { .address($0) } ?? .instance(id)
        }
    }
}

// MARK: - The servers of a service

extension Rules {
    mutating func checkServers(of service: BackendService, at path: FieldPath, in scope: Scope) {
        switch service.servers {
        case nil: break
        case .group(let name):
            guard scope.groups[name] == nil else { break }
            reportNotFound("group", name, in: scope.path.field("groups"), at: path.field("group"))
        case .availabilityGroup(let name):
            checkAvailabilityGroup(name, of: service, at: path.field("availabilityGroup"), in: scope)
        }
    }

    private mutating func checkAvailabilityGroup(
        _ name: String, of service: BackendService, at path: FieldPath, in scope: Scope
    ) {
        let list = FieldPath.root.field("availabilityGroups")
        guard let index = availabilityGroups[name] else {
            reportNotFound("availability group", name, in: list, at: path)
            return
        }
        let group = configuration.availabilityGroups[index]
        let vpc = scope.loadBalancer.vpc
        if group.vpc != vpc, knows(list.element(index).field("vpc")), knows(scope.path.field("vpc")) {
            let sentence = "availability group \(quoted(name)) is in VPC \(quoted(group.vpc)), not in \(quoted(vpc))"
            report(path, .blocked(sentence))
        }
        let mode = service.forwardingMode
        guard mode.keepsFamily else { return }
        let foreign = group.instances.first { id in
            knownAddress(of: id).map { $0.family != scope.loadBalancer.vip.family } ?? false
        }
        if let foreign, let address = knownAddress(of: foreign) {
            checkFamily(of: "instance \(quoted(foreign)) with \(address)", address.family, mode, at: path, in: scope)
        }
    }

    private mutating func checkFamily(
        of server: @autoclosure () -> String, _ family: IPAddress.Family, _ mode: BackendService.ForwardingMode,
        at path: @autoclosure () -> FieldPath, in scope: Scope
    ) {
        let vip = scope.loadBalancer.vip
        guard family != vip.family, knows(scope.path.field("vip")) else { return }
        let sentence =
            "\(server()) is \(family.name) and the VIP \(vip) is \(vip.family.name); mode \(mode.rawValue) keeps the family"
        report(path(), .conflict(sentence))
    }
}

// MARK: - Availability groups and instances

extension Rules {
    mutating func checkAvailabilityGroups() {
        let list = FieldPath.root.field("availabilityGroups")
        var names: [String: FieldPath] = [:]
        for (index, group) in configuration.availabilityGroups.enumerated() {
            let path = list.element(index)
            checkName(group.name, of: path, in: &names)
            checkDescription(group.description, at: path)
            checkName(group.vpc, at: path.field("vpc"))
            checkMembers(of: group, at: path)
        }
    }

    private mutating func checkMembers(of group: AvailabilityGroup, at path: FieldPath) {
        let list = path.field("instances")
        checkCount(of: group.instances, limit: Limits.targetsPerGroup, "instances", at: list)
        var owners: [ServerIdentity: FieldPath] = [:]
        for (index, id) in group.instances.enumerated() {
            let member = list.element(index)
            guard knows(member) else { continue }
            _ = checkInstance(id, at: member, vpc: group.vpc, of: path)
            let identity = identity(of: .instance(id))
            claim(identity, "the server of instance \(quoted(id))", at: member, owner: member, in: &owners)
        }
    }

    mutating func checkInstances() {
        let list = FieldPath.root.field("instances")
        var ids: [String: FieldPath] = [:]
        for (index, instance) in configuration.instances.enumerated() {
            let path = list.element(index)
            checkName(instance.id, field: "id", of: path, in: &ids)
            checkDescription(instance.description, at: path)
            _ = checkServerAddress(instance.address, at: path.field("address"))
            checkName(instance.vpc, at: path.field("vpc"))
        }
    }

    /// Checks a reference to an instance from a resource of a VPC.
    ///
    /// - Parameter owner: Path of the resource whose field `vpc` holds `vpc`.
    /// - Returns: The instance when it exists and its address could be read.
    private mutating func checkInstance(
        _ id: String, at path: @autoclosure () -> FieldPath, vpc: String, of owner: FieldPath
    ) -> Instance? {
        let list = FieldPath.root.field("instances")
        guard knows(path()) else { return nil }
        guard let index = instances[id] else {
            reportNotFound("instance", id, in: list, at: path())
            return nil
        }
        let instance = configuration.instances[index]
        if instance.vpc != vpc, knows(list.element(index).field("vpc")), knows(owner.field("vpc")) {
            report(path(), .blocked("instance \(quoted(id)) is in VPC \(quoted(instance.vpc)), not in \(quoted(vpc))"))
        }
        return knows(list.element(index).field("address")) ? instance : nil
    }

    func knownAddress(of id: String) -> IPAddress? {
        guard let index = instances[id], knows(FieldPath.root.field("instances").element(index).field("address")) else {
            return nil
        }
        return configuration.instances[index].address
    }
}

// MARK: - Addresses

extension Rules {
    /// - Returns: Whether packets can be sent there.
    private mutating func checkServerAddress(
        _ address: IPAddress, at path: @autoclosure () -> FieldPath
    ) -> Bool {
        guard knows(path()) else { return false }
        if let use = address.specialUse {
            report(path(), .malformed(found: "\(address)", expected: "usable as a server's address: it is \(use)"))
            return false
        }
        if let owner = vips[address] {
            let name = configuration.loadBalancers[owner].name
            let sentence =
                "\(address) is the VIP of load balancer \(quoted(name)); a server needs an address of its own"
            report(path(), .conflict(sentence))
            return false
        }
        checkAddress(address, isInside: surroundings.targetPrefixes, for: "targets", at: path())
        return true
    }

    mutating func checkAddress(
        _ address: IPAddress, isInside prefixes: [Prefix], for use: String, at path: @autoclosure () -> FieldPath
    ) {
        guard !prefixes.isEmpty, !prefixes.contains(where: { $0.contains(address) }) else { return }
        let blocks = prefixes.map { $0.description }.joined(separator: ", ")
        report(path(), .malformed(found: "\(address)", expected: "inside the blocks for \(use): \(blocks)"))
    }
}

extension IPAddress {
    /// Why no server can be reached at this address from another host, if so.
    var specialUse: String? {
        if isUnspecified { return "the unspecified address" }
        if isLoopback { return "a loopback address" }
        if isLinkLocal { return "a link-local address" }
        if isMulticast { return "a multicast address" }
        if isBroadcast { return "the broadcast address" }
        return nil
    }
}

extension IPAddress.Family {
    fileprivate var name: String { self == .ipv4 ? "IPv4" : "IPv6" }
}
