public import NetworkTypes

/// What a new listener is to be.
public struct ListenerSpec: Sendable, Hashable {
    public var name: String
    public var loadBalancer: String
    public var transport: TransportProtocol
    public var port: Int
    /// Id of a backend service of the same load balancer.
    public var service: String
    public var isEnabled: Bool?
    public var description: String?

    public init(
        name: String, loadBalancer: String, transport: TransportProtocol, port: Int, service: String,
        isEnabled: Bool? = nil, description: String? = nil
    ) {
        self.name = name
        self.loadBalancer = loadBalancer
        self.transport = transport
        self.port = port
        self.service = service
        self.isEnabled = isEnabled
        self.description = description
    }
}

/// What is to change of a listener; `nil` stays as it is.
public struct ListenerUpdate: Sendable, Hashable {
    public var name: String?
    public var isEnabled: Bool?
    public var service: String?
    public var description: String?
    /// Never changes: any other value than that of the listener is refused.
    public var transport: TransportProtocol?
    /// Never changes, either.
    public var port: Int?

    public init(
        name: String? = nil, isEnabled: Bool? = nil, service: String? = nil, description: String? = nil,
        transport: TransportProtocol? = nil, port: Int? = nil
    ) {
        self.name = name
        self.isEnabled = isEnabled
        self.service = service
        self.description = description
        self.transport = transport
        self.port = port
    }
}

extension Configuration {
    /// This configuration with one more listener.
    public func creatingListener(
        _ spec: ListenerSpec, id: ResourceID, in surroundings: Surroundings = Surroundings(), findings: [Problem] = []
    ) throws(OperationError) -> CheckedConfiguration {
        var edit = Edit(self, findings: findings)
        let owner = try edit.owner(spec.loadBalancer)
        let place = ResourcePlace(loadBalancer: owner, index: loadBalancers[owner].listeners.count)
        edit.isAbout(.listener(place), .listener)
        edit.new.loadBalancers[owner].listeners.append(
            Listener(
                id: id, name: spec.name, description: spec.description ?? "", isEnabled: spec.isEnabled ?? true,
                transport: spec.transport, port: spec.port, service: edit.serviceName(spec.service, owner: owner)))
        return try edit.checked(in: surroundings)
    }

    public func updatingListener(
        _ id: String, _ update: ListenerUpdate, in surroundings: Surroundings = Surroundings(),
        findings: [Problem] = []
    ) throws(OperationError) -> CheckedConfiguration {
        let place = try listener(id)
        var edit = Edit(self, findings: findings)
        edit.isAbout(.listener(place), .listener)
        var listener = loadBalancers[place.loadBalancer].listeners[place.index]
        listener.name = update.name ?? listener.name
        listener.isEnabled = update.isEnabled ?? listener.isEnabled
        listener.description = update.description ?? listener.description
        listener.transport = update.transport ?? listener.transport
        listener.port = update.port ?? listener.port
        if let service = update.service { listener.service = edit.serviceName(service, owner: place.loadBalancer) }
        edit.new.loadBalancers[place.loadBalancer].listeners[place.index] = listener
        return try edit.checked(in: surroundings)
    }

    public func deletingListener(
        _ id: String, in surroundings: Surroundings = Surroundings()
    ) throws(OperationError) -> CheckedConfiguration {
        let place = try listener(id)
        var edit = Edit(self, findings: [])
        edit.new.loadBalancers[place.loadBalancer].listeners.remove(at: place.index)
        return try edit.checked(in: surroundings)
    }
}

extension Edit {
    /// The load balancer that a new resource goes to.
    ///
    /// - Throws: `.notFound`, or what is wrong with the request's form when that leaves it open which one is meant.
    func owner(_ id: String) throws(OperationError) -> Int {
        guard !problems.contains(where: { $0.path == "loadBalancerId" }) else { throw .refused(Problems(problems)) }
        return try old.loadBalancer(id)
    }

    /// The name of the service with an id, which must be of the same load balancer.
    fileprivate mutating func serviceName(_ id: String, owner: Int) -> String {
        let services = old.loadBalancers[owner].services
        if let service = services.first(where: { $0.id?.rawValue == id }) { return service.name }
        reportMissing("backend service", id, at: "backendId", isElsewhere: (try? old.service(id)) != nil)
        return ""
    }

    mutating func reportMissing(_ kind: String, _ id: String, at field: String, isElsewhere: Bool) {
        guard isElsewhere else { return report(field, .notFound(kind: kind, name: id)) }
        report(field, .conflict("\(kind) \(quoted(id)) is of another load balancer"))
    }
}
