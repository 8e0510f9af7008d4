internal import AdminTypes
internal import Authentication
internal import ServiceModel

extension Endpoint {
    static let groups: [Endpoint] = {
        let all = region + "/targetGroups/"
        let one = all + "{targetGroupId}"
        return [
            Endpoint(.describeTargetGroups, .get, all, AdminAPI.describeTargetGroups),
            Endpoint(.createTargetGroup, .post, all, AdminAPI.createTargetGroup),
            Endpoint(.describeTargetGroup, .get, one, AdminAPI.describeTargetGroup),
            Endpoint(.updateTargetGroup, .patch, one, AdminAPI.updateTargetGroup),
            Endpoint(.deleteTargetGroup, .delete, one, AdminAPI.deleteTargetGroup),
        ]
    }()
}

extension AdminAPI {
    func describeTargetGroups(_ call: Call) async throws -> Reply {
        let page = try await configuration().groups(call.listQuery())
        return .result(
            ListAnswer(
                name: "targetGroups", elements: page.elements.map(TargetGroupAnswer.init), totalCount: page.totalCount))
    }

    func describeTargetGroup(_ call: Call) async throws -> Reply {
        let configuration = try await configuration()
        let place = try configuration.group(call.id("targetGroupId"))
        let view = configuration.views(ofGroupsIn: configuration.loadBalancers[place.loadBalancer])[place.index]
        return .result(FieldAnswer("targetGroup", TargetGroupAnswer(view)), version: view.group.version)
    }

    func createTargetGroup(_ call: Call) async throws -> Reply {
        let content = try call.json().groupSpec()
        return try await created(call, .group, as: "targetGroupId") {
            (id, configuration, surroundings) throws(OperationError) in
            try configuration.creatingGroup(content.spec, id: id, in: surroundings, findings: content.findings)
        }
    }

    func updateTargetGroup(_ call: Call) async throws -> Reply {
        let id = try call.id("targetGroupId")
        let content = try call.json().groupUpdate()
        return try await changed(call, version: Self.groupVersion(id)) {
            (configuration, surroundings) throws(OperationError) in
            try configuration.updatingGroup(id, content.spec, in: surroundings, findings: content.findings)
        }
    }

    func deleteTargetGroup(_ call: Call) async throws -> Reply {
        let id = try call.id("targetGroupId")
        return try await changed(call, version: Self.groupVersion(id)) {
            (configuration, surroundings) throws(OperationError) in
            try configuration.deletingGroup(id, in: surroundings)
        }
    }

    /// Targets count as part of their group.
    static func groupVersion(_ id: String) -> Version {
        { (configuration) throws(OperationError) in
            let place = try configuration.group(id)
            return configuration.loadBalancers[place.loadBalancer].groups[place.index].version
        }
    }
}
