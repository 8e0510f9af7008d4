internal import AdminTypes
internal import Authentication
internal import ServiceModel

extension Endpoint {
    static let targets: [Endpoint] = {
        let group = region + "/targetGroups/{targetGroupId}"
        return [
            Endpoint(.describeTargets, .get, group + ":describeTargets", AdminAPI.describeTargets),
            Endpoint(.registerTargets, .post, group + ":registerTargets", AdminAPI.registerTargets),
            Endpoint(.deRegisterTargets, .post, group + ":deregisterTargets", AdminAPI.deregisterTargets),
            Endpoint(.updateTargets, .post, group + ":updateTargets", AdminAPI.updateTargets),
        ]
    }()
}

extension AdminAPI {
    func describeTargets(_ call: Call) async throws -> Reply {
        let configuration = try await configuration()
        let place = try configuration.group(call.id("targetGroupId"))
        let group = configuration.loadBalancers[place.loadBalancer].groups[place.index]
        let page = try configuration.targets(of: group, call.listQuery())
        return .result(
            ListAnswer(
                name: "targets", elements: page.elements.map(TargetAnswer.init), totalCount: page.totalCount),
            version: group.version)
    }

    func registerTargets(_ call: Call) async throws -> Reply {
        let id = try call.id("targetGroupId")
        let content = try call.json().targetSpecs()
        return try await changed(call, version: Self.groupVersion(id)) {
            (configuration, surroundings) throws(OperationError) in
            try configuration.registeringTargets(content.spec, in: id, surroundings, findings: content.findings)
        }
    }

    func deregisterTargets(_ call: Call) async throws -> Reply {
        let id = try call.id("targetGroupId")
        let content = try call.json().targetIDs()
        return try await changed(call, version: Self.groupVersion(id)) {
            (configuration, surroundings) throws(OperationError) in
            try configuration.deregisteringTargets(content.spec, from: id, surroundings, findings: content.findings)
        }
    }

    func updateTargets(_ call: Call) async throws -> Reply {
        let id = try call.id("targetGroupId")
        let content = try call.json().targetUpdates()
        let now = authenticator.clock().seconds
        return try await changed(call, version: Self.groupVersion(id)) {
            (configuration, surroundings) throws(OperationError) in
            try configuration.updatingTargets(content.spec, in: id, at: now, surroundings, findings: content.findings)
        }
    }
}
