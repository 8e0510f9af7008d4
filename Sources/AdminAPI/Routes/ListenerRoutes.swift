internal import AdminTypes
internal import Authentication
internal import ServiceModel

extension Endpoint {
    static let listeners: [Endpoint] = {
        let all = region + "/listeners/"
        let one = all + "{listenerId}"
        return [
            Endpoint(.describeListeners, .get, all, AdminAPI.describeListeners),
            Endpoint(.createListener, .post, all, AdminAPI.createListener),
            Endpoint(.describeListener, .get, one, AdminAPI.describeListener),
            Endpoint(.updateListener, .patch, one, AdminAPI.updateListener),
            Endpoint(.deleteListener, .delete, one, AdminAPI.deleteListener),
        ]
    }()
}

extension AdminAPI {
    func describeListeners(_ call: Call) async throws -> Reply {
        let page = try await configuration().listeners(call.listQuery())
        return .result(
            ListAnswer(
                name: "listeners", elements: page.elements.map(ListenerAnswer.init), totalCount: page.totalCount))
    }

    func describeListener(_ call: Call) async throws -> Reply {
        let configuration = try await configuration()
        let place = try configuration.listener(call.id("listenerId"))
        let view = configuration.views(ofListenersIn: configuration.loadBalancers[place.loadBalancer])[place.index]
        return .result(FieldAnswer("listener", ListenerAnswer(view)), version: view.listener.version)
    }

    func createListener(_ call: Call) async throws -> Reply {
        let content = try call.json().listenerSpec()
        return try await created(call, .listener, as: "listenerId") {
            (id, configuration, surroundings) throws(OperationError) in
            try configuration.creatingListener(content.spec, id: id, in: surroundings, findings: content.findings)
        }
    }

    func updateListener(_ call: Call) async throws -> Reply {
        let id = try call.id("listenerId")
        let content = try call.json().listenerUpdate()
        return try await changed(call, version: Self.listenerVersion(id)) {
            (configuration, surroundings) throws(OperationError) in
            try configuration.updatingListener(id, content.spec, in: surroundings, findings: content.findings)
        }
    }

    func deleteListener(_ call: Call) async throws -> Reply {
        let id = try call.id("listenerId")
        return try await changed(call, version: Self.listenerVersion(id)) {
            (configuration, surroundings) throws(OperationError) in
            try configuration.deletingListener(id, in: surroundings)
        }
    }

    private static func listenerVersion(_ id: String) -> Version {
        { (configuration) throws(OperationError) in
            let place = try configuration.listener(id)
            return configuration.loadBalancers[place.loadBalancer].listeners[place.index].version
        }
    }
}
