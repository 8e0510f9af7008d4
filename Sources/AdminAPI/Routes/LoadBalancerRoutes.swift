internal import AdminTypes
internal import Authentication
internal import ServiceModel

extension Endpoint {
    static let loadBalancers: [Endpoint] = {
        let all = region + "/loadBalancers/"
        let one = all + "{loadBalancerId}"
        return [
            Endpoint(.describeLoadBalancers, .get, all, AdminAPI.describeLoadBalancers),
            Endpoint(.createLoadBalancer, .post, all, AdminAPI.createLoadBalancer),
            Endpoint(.describeLoadBalancer, .get, one, AdminAPI.describeLoadBalancer),
            Endpoint(.updateLoadBalancer, .patch, one, AdminAPI.updateLoadBalancer),
            Endpoint(.deleteLoadBalancer, .delete, one, AdminAPI.deleteLoadBalancer),
            Endpoint(.associateElasticIp, .post, one + ":associateElasticIp", AdminAPI.refuseElasticIP),
            Endpoint(.disassociateElasticIp, .post, one + ":disassociateElasticIp", AdminAPI.refuseElasticIP),
            Endpoint(.describeQuota, .get, region + "/quotas/", AdminAPI.describeQuota),
        ]
    }()
}

extension AdminAPI {
    func describeLoadBalancers(_ call: Call) async throws -> Reply {
        let page = try await configuration().loadBalancers(call.listQuery())
        return .result(
            ListAnswer(
                name: "loadBalancers", elements: page.elements.map(LoadBalancerAnswer.init),
                totalCount: page.totalCount))
    }

    func describeLoadBalancer(_ call: Call) async throws -> Reply {
        let configuration = try await configuration()
        let found = configuration.loadBalancers[try configuration.loadBalancer(call.id("loadBalancerId"))]
        return .result(FieldAnswer("loadBalancer", LoadBalancerAnswer(found)), version: found.version)
    }

    func createLoadBalancer(_ call: Call) async throws -> Reply {
        let content = try call.json().loadBalancerSpec()
        return try await created(call, .loadBalancer, as: "loadBalancerId") {
            (id, configuration, surroundings) throws(OperationError) in
            try configuration.creatingLoadBalancer(content.spec, id: id, in: surroundings, findings: content.findings)
        }
    }

    func updateLoadBalancer(_ call: Call) async throws -> Reply {
        let id = try call.id("loadBalancerId")
        let content = try call.json().loadBalancerUpdate()
        return try await changed(call, version: Self.loadBalancerVersion(id)) {
            (configuration, surroundings) throws(OperationError) in
            try configuration.updatingLoadBalancer(id, content.spec, in: surroundings, findings: content.findings)
        }
    }

    func deleteLoadBalancer(_ call: Call) async throws -> Reply {
        let id = try call.id("loadBalancerId")
        _ = try call.flag("deleteElasticIp")
        return try await changed(call, version: Self.loadBalancerVersion(id)) {
            (configuration, surroundings) throws(OperationError) in
            try configuration.deletingLoadBalancer(id, in: surroundings)
        }
    }

    private static func loadBalancerVersion(_ id: String) -> Version {
        { (configuration) throws(OperationError) in
            configuration.loadBalancers[try configuration.loadBalancer(id)].version
        }
    }

    /// There are no elastic IPs here: an address is a VIP, and whoever routes it says whether the world reaches it.
    func refuseElasticIP(_ call: Call) async throws -> Reply {
        let configuration = try await configuration()
        _ = try configuration.loadBalancer(call.id("loadBalancerId"))
        throw ErrorAnswer.invalid("elasticIpId", "this version has no elastic IPs; the VIP is reached as it is routed")
    }

    func describeQuota(_ call: Call) async throws -> Reply {
        if let type = call["lbType"], !["alb", "nlb", "dnlb"].contains(type) {
            throw ErrorAnswer.invalid("lbType", "must be dnlb")
        }
        guard let kind = call["type"].flatMap(QuotaAnswer.Kind.init) else {
            let allowed = QuotaAnswer.Kind.allCases.map(\.rawValue).joined(separator: ", ")
            throw ErrorAnswer.invalid("type", "must be one of \(allowed)")
        }
        let quota = try QuotaAnswer(kind, of: call["parentResourceId"], in: await configuration())
        return .result(FieldAnswer("quota", quota))
    }
}
