public import NetworkTypes

/// What a new backend service is to be.
public struct ServiceSpec: Sendable, Hashable {
    public var name: String
    public var loadBalancer: String
    public var transport: TransportProtocol
    public var port: Int
    public var healthCheck: HealthCheckSpec
    public var options: ServiceOptions

    public init(
        name: String, loadBalancer: String, transport: TransportProtocol, port: Int,
        healthCheck: HealthCheckSpec = HealthCheckSpec(), options: ServiceOptions = ServiceOptions()
    ) {
        self.name = name
        self.loadBalancer = loadBalancer
        self.transport = transport
        self.port = port
        self.healthCheck = healthCheck
        self.options = options
    }
}

/// What is to change of a backend service; `nil` stays as it is.
public struct ServiceUpdate: Sendable, Hashable {
    public var name: String?
    public var healthCheck: HealthCheckSpec?
    /// `true` switches the health check off, `false` on.
    public var closesHealthCheck: Bool?
    public var options: ServiceOptions
    /// Never changes: any other value than that of the service is refused.
    public var transport: TransportProtocol?
    /// Never changes, either.
    public var port: Int?

    public init(
        name: String? = nil, healthCheck: HealthCheckSpec? = nil, closesHealthCheck: Bool? = nil,
        options: ServiceOptions = ServiceOptions(), transport: TransportProtocol? = nil, port: Int? = nil
    ) {
        self.name = name
        self.healthCheck = healthCheck
        self.closesHealthCheck = closesHealthCheck
        self.options = options
        self.transport = transport
        self.port = port
    }
}

/// The fields of a service that may be left out when it is created, and be changed afterwards.
public struct ServiceOptions: Sendable, Hashable {
    public var algorithm: BackendService.Algorithm?
    public var forwardingMode: BackendService.ForwardingMode?
    public var drainSeconds: Int?
    public var slowStartSeconds: Int?
    public var allUnhealthyPolicy: BackendService.AllUnhealthyPolicy?
    /// Ids of virtual server groups, at most one; an empty list takes the group away.
    public var groups: [String]?
    /// Ids of availability groups, at most one; an empty list takes the availability group away.
    public var availabilityGroups: [String]?
    public var description: String?

    public init(
        algorithm: BackendService.Algorithm? = nil, forwardingMode: BackendService.ForwardingMode? = nil,
        drainSeconds: Int? = nil, slowStartSeconds: Int? = nil,
        allUnhealthyPolicy: BackendService.AllUnhealthyPolicy? = nil, groups: [String]? = nil,
        availabilityGroups: [String]? = nil, description: String? = nil
    ) {
        self.algorithm = algorithm
        self.forwardingMode = forwardingMode
        self.drainSeconds = drainSeconds
        self.slowStartSeconds = slowStartSeconds
        self.allUnhealthyPolicy = allUnhealthyPolicy
        self.groups = groups
        self.availabilityGroups = availabilityGroups
        self.description = description
    }
}

/// The fields of a health check; what is `nil` gets its default when the service is created, and stays afterwards.
public struct HealthCheckSpec: Sendable, Hashable {
    public var method: HealthCheck.Method?
    public var port: Int?
    public var timeoutSeconds: Int?
    public var intervalSeconds: Int?
    public var unhealthyThreshold: Int?
    public var healthyThreshold: Int?

    public init(
        method: HealthCheck.Method? = nil, port: Int? = nil, timeoutSeconds: Int? = nil, intervalSeconds: Int? = nil,
        unhealthyThreshold: Int? = nil, healthyThreshold: Int? = nil
    ) {
        self.method = method
        self.port = port
        self.timeoutSeconds = timeoutSeconds
        self.intervalSeconds = intervalSeconds
        self.unhealthyThreshold = unhealthyThreshold
        self.healthyThreshold = healthyThreshold
    }
}

extension Configuration {
    /// This configuration with one more backend service, whose health check is on.
    public func creatingService(
        _ spec: ServiceSpec, id: ResourceID, in surroundings: Surroundings = Surroundings(), findings: [Problem] = []
    ) throws(OperationError) -> CheckedConfiguration {
        var edit = Edit(self, findings: findings)
        let owner = try edit.owner(spec.loadBalancer)
        let place = ResourcePlace(loadBalancer: owner, index: loadBalancers[owner].services.count)
        edit.isAbout(.service(place), .service)
        var service = BackendService(id: id, name: spec.name, transport: spec.transport, port: spec.port)
        service.healthCheck.change(spec.healthCheck)
        edit.change(&service, spec.options, owner: owner)
        edit.new.loadBalancers[owner].services.append(service)
        return try edit.checked(in: surroundings)
    }

    public func updatingService(
        _ id: String, _ update: ServiceUpdate, in surroundings: Surroundings = Surroundings(),
        findings: [Problem] = []
    ) throws(OperationError) -> CheckedConfiguration {
        let place = try service(id)
        var edit = Edit(self, findings: findings)
        edit.isAbout(.service(place), .service)
        let old = loadBalancers[place.loadBalancer].services[place.index]
        var service = old
        service.name = edit.name(
            update.name, of: place.index, in: loadBalancers[place.loadBalancer].services, at: "backendName",
            listPath: FieldPath.loadBalancer(place.loadBalancer).field("services"))
        service.transport = update.transport ?? old.transport
        service.port = update.port ?? old.port
        if let healthCheck = update.healthCheck { service.healthCheck.change(healthCheck) }
        if let closes = update.closesHealthCheck { service.healthCheck.isEnabled = !closes }
        edit.change(&service, update.options, owner: place.loadBalancer)
        edit.new.loadBalancers[place.loadBalancer].services[place.index] = service
        edit.new.loadBalancers[place.loadBalancer].renameService(old.name, to: service.name)
        return try edit.checked(in: surroundings)
    }

    /// This configuration without a service; its group stays.
    ///
    /// - Throws: `.refused` with status 409 while a listener uses the service.
    public func deletingService(
        _ id: String, in surroundings: Surroundings = Surroundings()
    ) throws(OperationError) -> CheckedConfiguration {
        let place = try service(id)
        var edit = Edit(self, findings: [])
        edit.new.loadBalancers[place.loadBalancer].services.remove(at: place.index)
        return try edit.checked(in: surroundings)
    }
}

extension LoadBalancer {
    fileprivate mutating func renameService(_ old: String, to new: String) {
        for index in listeners.indices where listeners[index].service == old { listeners[index].service = new }
    }
}

extension HealthCheck {
    fileprivate mutating func change(_ spec: HealthCheckSpec) {
        method = spec.method ?? method
        port = spec.port ?? port
        timeoutSeconds = spec.timeoutSeconds ?? timeoutSeconds
        intervalSeconds = spec.intervalSeconds ?? intervalSeconds
        unhealthyThreshold = spec.unhealthyThreshold ?? unhealthyThreshold
        healthyThreshold = spec.healthyThreshold ?? healthyThreshold
    }
}

extension Edit {
    fileprivate mutating func change(_ service: inout BackendService, _ options: ServiceOptions, owner: Int) {
        service.algorithm = options.algorithm ?? service.algorithm
        service.forwardingMode = options.forwardingMode ?? service.forwardingMode
        service.drainSeconds = options.drainSeconds ?? service.drainSeconds
        service.slowStartSeconds = options.slowStartSeconds ?? service.slowStartSeconds
        service.allUnhealthyPolicy = options.allUnhealthyPolicy ?? service.allUnhealthyPolicy
        service.description = options.description ?? service.description
        service.servers = servers(options, replacing: service.servers, owner: owner)
    }

    /// The group that a service gets. A group of either kind takes the place of one of the other; an empty list takes
    /// away what is of its kind.
    private mutating func servers(
        _ options: ServiceOptions, replacing old: BackendService.Servers?, owner: Int
    ) -> BackendService.Servers? {
        let groups = options.groups ?? []
        let availabilityGroups = options.availabilityGroups ?? []
        checkIsOne(groups, at: "targetGroupIds")
        checkIsOne(availabilityGroups, at: "agIds")
        if let group = groups.first {
            if !availabilityGroups.isEmpty {
                report("agIds", .conflict("a service has a target group or an availability group, not both"))
            }
            return self.group(group, owner: owner)
        }
        if let availabilityGroup = availabilityGroups.first { return self.availabilityGroup(availabilityGroup) }
        switch old {
        case .group: return options.groups == nil ? old : nil
        case .availabilityGroup: return options.availabilityGroups == nil ? old : nil
        case nil: return nil
        }
    }

    private mutating func checkIsOne(_ list: [String], at field: String) {
        guard list.count > 1 else { return }
        report(field, .conflict("a service has one group at most, not \(list.count)"))
    }

    private mutating func group(_ id: String, owner: Int) -> BackendService.Servers? {
        if let group = old.loadBalancers[owner].groups.first(where: { $0.id?.rawValue == id }) {
            return .group(group.name)
        }
        reportMissing("target group", id, at: "targetGroupIds[0]", isElsewhere: (try? old.group(id)) != nil)
        return nil
    }

    private mutating func availabilityGroup(_ id: String) -> BackendService.Servers? {
        if let group = old.availabilityGroups.first(where: { $0.id?.rawValue == id }) {
            return .availabilityGroup(group.name)
        }
        reportMissing("availability group", id, at: "agIds[0]", isElsewhere: false)
        return nil
    }
}
