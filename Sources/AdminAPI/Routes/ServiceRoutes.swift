internal import AdminTypes
internal import Authentication
internal import ControlPlane
internal import HealthChecking
internal import NetworkTypes
internal import ServiceModel

extension Endpoint {
    static let services: [Endpoint] = {
        let all = region + "/backends/"
        let one = all + "{backendId}"
        return [
            Endpoint(.describeBackends, .get, all, AdminAPI.describeBackends),
            Endpoint(.createBackend, .post, all, AdminAPI.createBackend),
            Endpoint(.describeBackend, .get, one, AdminAPI.describeBackend),
            Endpoint(.updateBackend, .patch, one, AdminAPI.updateBackend),
            Endpoint(.deleteBackend, .delete, one, AdminAPI.deleteBackend),
            Endpoint(.describeTargetHealth, .get, one + "/health", AdminAPI.describeTargetHealth),
            Endpoint(.describeAgTargets, .get, one + "/agTargets", AdminAPI.describeAgTargets),
            Endpoint(.updateAgTargets, .patch, one + ":updateAgTargets", AdminAPI.refuseUpdateAgTargets),
        ]
    }()
}

extension AdminAPI {
    func describeBackends(_ call: Call) async throws -> Reply {
        let page = try await configuration().services(call.listQuery())
        return .result(
            ListAnswer(
                name: "backends", elements: page.elements.map(BackendAnswer.init), totalCount: page.totalCount))
    }

    func describeBackend(_ call: Call) async throws -> Reply {
        let configuration = try await configuration()
        let place = try configuration.service(call.id("backendId"))
        let view = configuration.views(ofServicesIn: configuration.loadBalancers[place.loadBalancer])[place.index]
        return .result(FieldAnswer("backend", BackendAnswer(view)), version: view.service.version)
    }

    func createBackend(_ call: Call) async throws -> Reply {
        let content = try call.json().serviceSpec()
        return try await created(call, .service, as: "backendId") {
            (id, configuration, surroundings) throws(OperationError) in
            try configuration.creatingService(content.spec, id: id, in: surroundings, findings: content.findings)
        }
    }

    func updateBackend(_ call: Call) async throws -> Reply {
        let id = try call.id("backendId")
        let content = try call.json().serviceUpdate()
        return try await changed(call, version: Self.serviceVersion(id)) {
            (configuration, surroundings) throws(OperationError) in
            try configuration.updatingService(id, content.spec, in: surroundings, findings: content.findings)
        }
    }

    func deleteBackend(_ call: Call) async throws -> Reply {
        let id = try call.id("backendId")
        return try await changed(call, version: Self.serviceVersion(id)) {
            (configuration, surroundings) throws(OperationError) in
            try configuration.deletingService(id, in: surroundings)
        }
    }

    func describeTargetHealth(_ call: Call) async throws -> Reply {
        let query = try call.listQuery(standardPageSize: nil)
        let id = try call.id("backendId")
        let configuration = try await configuration()
        let place = try configuration.service(id)
        let service = configuration.loadBalancers[place.loadBalancer].services[place.index]
        let states = await controller.services().first { $0.service.id?.rawValue == id }?.targets ?? []
        let byEndpoint = Dictionary(states.map { ($0.endpoint, $0) }) { first, _ in first }
        let healths = configuration.targets(ofServiceAt: place).map { target in
            TargetHealthAnswer(target, of: service, byEndpoint)
        }
        let page = try query.page(of: healths)
        return .result(ListAnswer(name: "targetHealths", elements: page.elements, totalCount: page.totalCount))
    }

    /// The members of the availability group that a service uses.
    func describeAgTargets(_ call: Call) async throws -> Reply {
        let configuration = try await configuration()
        let place = try configuration.service(call.id("backendId"))
        let service = configuration.loadBalancers[place.loadBalancer].services[place.index]
        let group = configuration.availabilityGroups.first { service.servers == .availabilityGroup($0.name) }
        let page = try configuration.members(of: group ?? AvailabilityGroup(name: ""), call.listQuery())
        return .result(
            ListAnswer(
                name: "targets", elements: page.elements.map(TargetAnswer.init), totalCount: page.totalCount))
    }

    /// Members of an availability group are all equal, so there is nothing to update.
    func refuseUpdateAgTargets(_ call: Call) async throws -> Reply {
        _ = try await configuration().service(call.id("backendId"))
        throw ErrorAnswer.invalid(
            "targetUpdateSpecs",
            "members of an availability group have equal weight and the service's port; use a virtual server group")
    }

    private static func serviceVersion(_ id: String) -> Version {
        { (configuration) throws(OperationError) in
            let place = try configuration.service(id)
            return configuration.loadBalancers[place.loadBalancer].services[place.index].version
        }
    }
}

extension Configuration {
    /// All targets of a service, of whichever kind its group is.
    fileprivate func targets(ofServiceAt place: ResourcePlace) -> [TargetAnswer] {
        let loadBalancer = loadBalancers[place.loadBalancer]
        switch loadBalancer.services[place.index].servers {
        case nil: return []
        case .group(let name):
            return loadBalancer.groups.first { $0.name == name }.map {
                views(ofTargetsIn: $0).map(TargetAnswer.init)
            } ?? []
        case .availabilityGroup(let name):
            return availabilityGroups.first { $0.name == name }.map { views(ofMembersIn: $0).map(TargetAnswer.init) }
                ?? []
        }
    }
}

extension TargetHealthAnswer {
    /// - Parameter states: What the controller knows; a target that it does not know yet is `initial`.
    fileprivate init(
        _ target: TargetAnswer, of service: BackendService, _ states: [NetworkTypes.Endpoint: TargetStatus]
    ) {
        let port = target.port == 0 ? service.port : target.port
        let endpoint = target.ipAddress.flatMap(IPAddress.init).map {
            NetworkTypes.Endpoint(address: $0, port: UInt16(port), transport: service.transport)
        }
        let state = endpoint.flatMap { states[$0] }
        let health = state?.health ?? (service.healthCheck.isEnabled ? .initial : .notApplicable)
        self.init(
            target, port: service.healthCheck.port == 0 ? port : service.healthCheck.port, status: health.rawValue,
            unhealthReason: health == .unhealthy ? state?.failure.map(UnhealthReason.init) : nil)
    }
}

extension TargetHealthAnswer.UnhealthReason {
    /// The public API has three words for what goes wrong with a TCP connection; the detail tells ours.
    fileprivate init(_ failure: ProbeFailure) {
        let word =
            switch failure.kind {
            case .connectTimeout, .echoTimeout: "CONNECT_TIMEOUT"
            case .connectReset: "CONNECT_INTERRUPT"
            case .connectRefused, .unreachable: "CONNECT_FAILED"
            }
        self.init(reason: word, detail: "\(failure.kind.rawValue): \(failure.detail)")
    }
}
