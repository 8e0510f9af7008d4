internal import AdminTypes
internal import Authentication
internal import ServiceModel

extension Endpoint {
    static let instances: [Endpoint] = {
        let all = region + "/instances/"
        let one = all + "{instanceId}"
        return [
            Endpoint(.describeInstances, .get, all, AdminAPI.describeInstances),
            Endpoint(.createInstance, .post, all, AdminAPI.createInstance),
            Endpoint(.describeInstance, .get, one, AdminAPI.describeInstance),
            Endpoint(.updateInstance, .patch, one, AdminAPI.updateInstance),
            Endpoint(.deleteInstance, .delete, one, AdminAPI.deleteInstance),
        ]
    }()
}

extension AdminAPI {
    func describeInstances(_ call: Call) async throws -> Reply {
        let page = try await configuration().instances(call.listQuery())
        return .result(
            ListAnswer(
                name: "instances", elements: page.elements.map(InstanceAnswer.init), totalCount: page.totalCount))
    }

    func describeInstance(_ call: Call) async throws -> Reply {
        let configuration = try await configuration()
        let instance = configuration.instances[try configuration.instance(call.id("instanceId"))]
        return .result(FieldAnswer("instance", InstanceAnswer(instance)), version: instance.version)
    }

    /// An instance has the id that its owner knows it by.
    func createInstance(_ call: Call) async throws -> Reply {
        let content = try call.json().instanceSpec()
        let outcome = try await change(call) { (configuration, surroundings) throws(OperationError) in
            try configuration.creatingInstance(content.spec, in: surroundings, findings: content.findings)
        }
        return .result(ChangeAnswer(id: ("instanceId", content.spec.id), outcome: outcome))
    }

    func updateInstance(_ call: Call) async throws -> Reply {
        let id = try call.id("instanceId")
        let content = try call.json().instanceUpdate()
        return try await changed(call, version: Self.instanceVersion(id)) {
            (configuration, surroundings) throws(OperationError) in
            try configuration.updatingInstance(id, content.spec, in: surroundings, findings: content.findings)
        }
    }

    func deleteInstance(_ call: Call) async throws -> Reply {
        let id = try call.id("instanceId")
        return try await changed(call, version: Self.instanceVersion(id)) {
            (configuration, surroundings) throws(OperationError) in
            try configuration.deletingInstance(id, in: surroundings)
        }
    }

    private static func instanceVersion(_ id: String) -> Version {
        { (configuration) throws(OperationError) in configuration.instances[try configuration.instance(id)].version }
    }
}
