internal import AdminTypes
internal import Authentication
internal import ServiceModel

extension Endpoint {
    static let availabilityGroups: [Endpoint] = {
        let all = region + "/availabilityGroups/"
        let one = all + "{agId}"
        return [
            Endpoint(.describeAgs, .get, all, AdminAPI.describeAgs),
            Endpoint(.createAg, .post, all, AdminAPI.createAg),
            Endpoint(.describeAg, .get, one, AdminAPI.describeAg),
            Endpoint(.updateAg, .patch, one, AdminAPI.updateAg),
            Endpoint(.deleteAg, .delete, one, AdminAPI.deleteAg),
            Endpoint(.addInstances, .post, one + ":addInstances", AdminAPI.addInstances),
            Endpoint(.removeInstances, .post, one + ":removeInstances", AdminAPI.removeInstances),
        ]
    }()
}

extension AdminAPI {
    func describeAgs(_ call: Call) async throws -> Reply {
        let page = try await configuration().availabilityGroups(call.listQuery())
        return .result(
            ListAnswer(
                name: "availabilityGroups", elements: page.elements.map(AvailabilityGroupAnswer.init),
                totalCount: page.totalCount))
    }

    func describeAg(_ call: Call) async throws -> Reply {
        let configuration = try await configuration()
        let group = configuration.availabilityGroups[try configuration.availabilityGroup(call.id("agId"))]
        return .result(FieldAnswer("availabilityGroup", AvailabilityGroupAnswer(group)), version: group.version)
    }

    func createAg(_ call: Call) async throws -> Reply {
        let content = try call.json().availabilityGroupSpec()
        return try await created(call, .availabilityGroup, as: "agId") {
            (id, configuration, surroundings) throws(OperationError) in
            try configuration.creatingAvailabilityGroup(
                content.spec, id: id, in: surroundings, findings: content.findings)
        }
    }

    func updateAg(_ call: Call) async throws -> Reply {
        let id = try call.id("agId")
        let content = try call.json().availabilityGroupUpdate()
        return try await changed(call, version: Self.availabilityGroupVersion(id)) {
            (configuration, surroundings) throws(OperationError) in
            try configuration.updatingAvailabilityGroup(id, content.spec, in: surroundings, findings: content.findings)
        }
    }

    func deleteAg(_ call: Call) async throws -> Reply {
        let id = try call.id("agId")
        return try await changed(call, version: Self.availabilityGroupVersion(id)) {
            (configuration, surroundings) throws(OperationError) in
            try configuration.deletingAvailabilityGroup(id, in: surroundings)
        }
    }

    func addInstances(_ call: Call) async throws -> Reply {
        let id = try call.id("agId")
        let content = try call.json().instanceIDs()
        return try await changed(call, version: Self.availabilityGroupVersion(id)) {
            (configuration, surroundings) throws(OperationError) in
            try configuration.addingInstances(
                content.spec, toAvailabilityGroup: id, in: surroundings, findings: content.findings)
        }
    }

    func removeInstances(_ call: Call) async throws -> Reply {
        let id = try call.id("agId")
        let content = try call.json().instanceIDs()
        return try await changed(call, version: Self.availabilityGroupVersion(id)) {
            (configuration, surroundings) throws(OperationError) in
            try configuration.removingInstances(
                content.spec, fromAvailabilityGroup: id, in: surroundings, findings: content.findings)
        }
    }

    private static func availabilityGroupVersion(_ id: String) -> Version {
        { (configuration) throws(OperationError) in
            configuration.availabilityGroups[try configuration.availabilityGroup(id)].version
        }
    }
}
