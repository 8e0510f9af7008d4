public import NetworkTypes

/// What a new target of a virtual server group is to be.
public struct TargetSpec: Sendable, Hashable {
    /// `nil` is `ip` where there is an address and no instance, else `vm`.
    public var kind: Target.Kind?
    /// For a target of kind vm or container.
    public var instance: String?
    /// For a target of kind ip; of an instance it may be told, if it is right.
    public var address: IPAddress?
    public var port: Int?
    public var weight: Int?
    public var adminState: AdminState?
    /// Unix seconds.
    public var drainUntil: Int64?

    public init(
        kind: Target.Kind? = nil, instance: String? = nil, address: IPAddress? = nil, port: Int? = nil,
        weight: Int? = nil, adminState: AdminState? = nil, drainUntil: Int64? = nil
    ) {
        self.kind = kind
        self.instance = instance
        self.address = address
        self.port = port
        self.weight = weight
        self.adminState = adminState
        self.drainUntil = drainUntil
    }
}

/// What is to change of a target; `nil` stays as it is.
public struct TargetUpdate: Sendable, Hashable {
    /// When a target is to be done draining.
    public enum Deadline: Sendable, Hashable {
        /// Unix seconds.
        case time(Int64)
        /// 0...86400 from when the change is made.
        case seconds(Int)
    }

    public var id: String
    public var port: Int?
    public var weight: Int?
    /// A target that is not to drain loses its deadline.
    public var adminState: AdminState?
    public var deadline: Deadline?

    public init(
        id: String, port: Int? = nil, weight: Int? = nil, adminState: AdminState? = nil, deadline: Deadline? = nil
    ) {
        self.id = id
        self.port = port
        self.weight = weight
        self.adminState = adminState
        self.deadline = deadline
    }
}

extension Configuration {
    /// This configuration with more targets in a group; all of them or none. They get their ids when they are stored.
    public func registeringTargets(
        _ specs: [TargetSpec], in group: String, _ surroundings: Surroundings = Surroundings(),
        findings: [Problem] = []
    ) throws(OperationError) -> CheckedConfiguration {
        let place = try self.group(group)
        var edit = Edit(self, findings: findings)
        edit.checkIsSome(specs, at: "targetSpecs")
        for (index, spec) in specs.enumerated() {
            let count = edit.new.loadBalancers[place.loadBalancer].groups[place.index].targets.count
            let path = FieldPath.group(place).field("targets").element(count)
            let field = FieldPath.root.field("targetSpecs").element(index)
            edit.isAbout(path, .target, at: field.description)
            let target = edit.target(spec, at: field)
            edit.new.loadBalancers[place.loadBalancer].groups[place.index].targets.append(target)
        }
        return try edit.checked(in: surroundings)
    }

    /// This configuration without some targets of a group; all of them go or none.
    ///
    /// - Throws: `.notFound` for the first id that no target of the group bears.
    public func deregisteringTargets(
        _ ids: [String], from group: String, _ surroundings: Surroundings = Surroundings(), findings: [Problem] = []
    ) throws(OperationError) -> CheckedConfiguration {
        let place = try self.group(group)
        var edit = Edit(self, findings: findings)
        edit.checkIsSome(ids, at: "targetIds")
        guard findings.isEmpty else { return try edit.checked(in: surroundings) }
        let positions = Set(try targetPositions(of: ids, in: place))
        let kept = loadBalancers[place.loadBalancer].groups[place.index].targets.enumerated().filter {
            !positions.contains($0.offset)
        }
        edit.new.loadBalancers[place.loadBalancer].groups[place.index].targets = kept.map(\.element)
        return try edit.checked(in: surroundings)
    }

    /// This configuration with other ports, weights or admin states of some targets of a group; all of them or none.
    ///
    /// - Parameter unixSeconds: When the change is made, which deadlines may be counted from.
    /// - Throws: `.notFound` for the first id that no target of the group bears.
    public func updatingTargets(
        _ updates: [TargetUpdate], in group: String, at unixSeconds: Int64,
        _ surroundings: Surroundings = Surroundings(), findings: [Problem] = []
    ) throws(OperationError) -> CheckedConfiguration {
        let place = try self.group(group)
        var edit = Edit(self, findings: findings)
        edit.checkIsSome(updates, at: "targetUpdateSpecs")
        guard findings.isEmpty else { return try edit.checked(in: surroundings) }
        var firsts: [String: Int] = [:]
        for (index, update) in updates.enumerated() {
            if let first = firsts[update.id] {
                let sentence = "is named by targetUpdateSpecs[\(first)] too; one change for each target"
                edit.report("targetUpdateSpecs[\(index)].targetId", .conflict(sentence))
            } else {
                firsts[update.id] = index
            }
        }
        for (index, position) in try targetPositions(of: updates.map(\.id), in: place).enumerated() {
            let path = FieldPath.group(place).field("targets").element(position)
            let field = FieldPath.root.field("targetUpdateSpecs").element(index)
            edit.isAbout(path, updates[index].names, at: field.description)
            edit.change(\.[targetAt: place, position].port, to: updates[index].port)
            edit.change(\.[targetAt: place, position].weight, to: updates[index].weight)
            if let adminState = updates[index].adminState {
                edit.new[targetAt: place, position].adminState = adminState
                if adminState != .draining { edit.new[targetAt: place, position].drainUntil = nil }
            }
            let drainUntil = edit.drainUntil(updates[index].deadline, from: unixSeconds, at: field)
            if let drainUntil { edit.new[targetAt: place, position].drainUntil = drainUntil }
        }
        return try edit.checked(in: surroundings)
    }

    fileprivate subscript(targetAt place: ResourcePlace, index: Int) -> Target {
        get { loadBalancers[place.loadBalancer].groups[place.index].targets[index] }
        set { loadBalancers[place.loadBalancer].groups[place.index].targets[index] = newValue }
    }

    private func targetPositions(of ids: [String], in place: ResourcePlace) throws(OperationError) -> [Int] {
        let targets = loadBalancers[place.loadBalancer].groups[place.index].targets
        let positions = Dictionary(
            targets.enumerated().compactMap { position, target in target.id.map { ($0.rawValue, position) } }
        ) { first, _ in first }
        var found: [Int] = []
        for id in ids {
            guard let position = positions[id] else { throw .notFound(kind: "target", id: id) }
            found.append(position)
        }
        return found
    }
}

extension TargetUpdate {
    /// Who counts seconds is told about these.
    fileprivate var names: RequestNames {
        if case .seconds = deadline { .drainingTarget } else { .target }
    }
}

extension Edit {
    mutating func checkIsSome(_ list: [some Any], at field: String) {
        if list.isEmpty { report(field, .conflict("names nothing; at least one is needed")) }
    }

    fileprivate mutating func target(_ spec: TargetSpec, at path: FieldPath) -> Target {
        let kind = spec.kind ?? (spec.address != nil && spec.instance == nil ? .ip : .vm)
        return Target(
            server: kind == .ip ? addressServer(spec, at: path) : instanceServer(spec, at: path),
            isContainer: kind == .container, port: spec.port ?? 0, weight: spec.weight ?? Target.defaultWeight,
            adminState: spec.adminState ?? .enabled,
            // Whether it goes with a state that could not be read, nobody can tell.
            drainUntil: isUnread(path.field("adminState").description) ? nil : spec.drainUntil)
    }

    /// - Returns: Unix seconds; `nil` where no deadline is asked for, or one that is out of range.
    fileprivate mutating func drainUntil(
        _ deadline: TargetUpdate.Deadline?, from unixSeconds: Int64, at path: FieldPath
    ) -> Int64? {
        switch deadline {
        case nil: return nil
        case .time(let time): return time
        case .seconds(let seconds) where Limits.deadlineSeconds.contains(seconds): return unixSeconds + Int64(seconds)
        case .seconds(let seconds):
            let reason = Problem.Reason.outOfRange(value: seconds, allowed: Limits.deadlineSeconds)
            report(path.field("drainSeconds").description, reason)
            return nil
        }
    }

    private mutating func addressServer(_ spec: TargetSpec, at path: FieldPath) -> Target.Server {
        if spec.instance != nil {
            report(path.field("instanceId").description, .conflict("a target of type ip has no instance"))
        }
        if spec.address == nil { report(path.field("ipAddress").description, .missing) }
        return .address(spec.address ?? IPAddress(high: 0, low: 0))
    }

    private mutating func instanceServer(_ spec: TargetSpec, at path: FieldPath) -> Target.Server {
        guard let id = spec.instance else {
            report(path.field("instanceId").description, .missing)
            return .instance("")
        }
        let known = old.instances.first { $0.id == id }?.address
        if let known, let stated = spec.address, known != stated {
            let sentence = "instance \(quoted(id)) has the address \(known), not \(stated)"
            report(path.field("ipAddress").description, .conflict(sentence))
        }
        return .instance(id)
    }
}
