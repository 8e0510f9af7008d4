// The lists of the API, each with the filters that its clients know.

import NetworkTypes

extension Configuration {
    public func loadBalancers(_ query: ListQuery) throws(Problems) -> Page<LoadBalancer> {
        try query.page(
            of: loadBalancers,
            by: Self.common(\.self).merging([
                "privateIpAddresses": .text { "\($0.vip)" },
                "vpcId": .text(\.vpc),
                "subnetId": .text(\.subnet),
                "azType": .texts { _ in ["standard", "all"] },
                "azs": .texts { _ in [] },
                "ipv6Addresses": .text { $0.vip.family == .ipv6 ? "\($0.vip)" : nil },
                "serviceCodes": .texts { _ in [] },
                "serviceIds": .texts { _ in [] },
                "tags": .texts { _ in [] },
                "elasticIpAddress": .texts { _ in [] },
                "customizedConfigurationIds": .texts { _ in [] },
                "targetPrivateIpAddress": .texts { loadBalancer in
                    loadBalancer.groups.flatMap { views(ofTargetsIn: $0) }.compactMap { $0.address.map { "\($0)" } }
                },
                "createdTime": .number { Int($0.createdAt ?? 0) },
            ]) { $1 })
    }

    public func listeners(_ query: ListQuery) throws(Problems) -> Page<ListenerView> {
        try query.page(
            of: loadBalancers.flatMap { views(ofListenersIn: $0) },
            by: Self.common(\ListenerView.loadBalancer).merging(Self.own("listener", \ListenerView.listener)) { $1 }
                .merging([
                    "backendId": .text { $0.serviceID?.rawValue },
                    "protocol": .text(\.listener.transport.apiName),
                    "port": .number(\.listener.port),
                    "status": .text { $0.listener.isEnabled ? "On" : "Off" },
                    "urlMapIds": .texts { _ in [] },
                    "securityPolicyIds": .texts { _ in [] },
                ]) { $1 })
    }

    public func services(_ query: ListQuery) throws(Problems) -> Page<ServiceView> {
        try query.page(
            of: loadBalancers.flatMap { views(ofServicesIn: $0) },
            by: Self.common(\ServiceView.loadBalancer).merging(Self.own("backend", \ServiceView.service)) { $1 }
                .merging([
                    "agId": .text { $0.availabilityGroupID?.rawValue },
                    "targetGroupId": .text { $0.groupID?.rawValue },
                    "protocol": .text(\.service.transport.apiName),
                    "port": .number(\.service.port),
                    "algorithm": .text(\.service.algorithm.rawValue),
                ]) { $1 })
    }

    public func groups(_ query: ListQuery) throws(Problems) -> Page<GroupView> {
        try query.page(
            of: loadBalancers.flatMap { owner in owner.groups.map { GroupView(group: $0, loadBalancer: owner) } },
            by: Self.common(\GroupView.loadBalancer).merging(Self.own("targetGroup", \GroupView.group)) { $1 }
                .merging(["type": .text(\.group.kind.rawValue)]) { $1 })
    }

    /// The targets of a virtual server group.
    public func targets(of group: ServerGroup, _ query: ListQuery) throws(Problems) -> Page<TargetView> {
        try query.page(
            of: views(ofTargetsIn: group),
            by: [
                "targetIds": .text { $0.target.id?.rawValue },
                "instanceId": .text {
                    if case .instance(let id) = $0.target.server { id } else { nil }
                },
                "ipAddress": .text { $0.address.map { "\($0)" } },
                "type": .text(\.target.kind.rawValue),
                "port": .number(\.target.port),
                "weight": .number(\.target.weight),
            ])
    }

    /// The members of an availability group, those of the newest instances first unless another order is asked for.
    public func members(of group: AvailabilityGroup, _ query: ListQuery) throws(Problems) -> Page<MemberView> {
        var query = query
        if query.sorts.isEmpty { query.sorts = [ListQuery.Sort("createdTime", isDescending: true)] }
        return try query.page(
            of: views(ofMembersIn: group),
            by: [
                "targetIds": .text(\.instance.id),
                "instanceId": .text(\.instance.id),
                "ipAddress": .text { "\($0.instance.address)" },
                "weight": .number { _ in Target.defaultWeight },
                "createdTime": .number { Int($0.instance.createdAt ?? 0) },
            ])
    }

    public func availabilityGroups(_ query: ListQuery) throws(Problems) -> Page<AvailabilityGroup> {
        try query.page(
            of: availabilityGroups,
            by: [
                "id": .text { $0.id?.rawValue }, "agIds": .text { $0.id?.rawValue },
                "name": .text(\.name), "agNames": .text(\.name),
                "vpcId": .text(\.vpc),
                "instanceId": .texts(\.instances),
                "createdTime": .number { Int($0.createdAt ?? 0) },
            ])
    }

    public func instances(_ query: ListQuery) throws(Problems) -> Page<Instance> {
        try query.page(
            of: instances,
            by: [
                "instanceId": .text(\.id), "instanceIds": .text(\.id),
                "privateIpAddress": .text { "\($0.address)" },
                "vpcId": .text(\.vpc),
                "status": .text(\.state.rawValue),
                "createdTime": .number { Int($0.createdAt ?? 0) },
            ])
    }

    /// What is told of the load balancer in every list.
    private static func common<Element>(
        _ loadBalancer: @escaping (Element) -> LoadBalancer
    ) -> [String: ListField<Element>] {
        [
            "loadBalancerType": .texts { _ in ["dnlb"] },
            "loadBalancerId": .text { loadBalancer($0).id?.rawValue },
            "loadBalancerIds": .text { loadBalancer($0).id?.rawValue },
            "loadBalancerName": .text { loadBalancer($0).name },
            "loadBalancerNames": .text { loadBalancer($0).name },
        ]
    }

    /// Id and name under the names that a kind's clients know, in the singular and the plural.
    private static func own<Element, Own: Resource>(
        _ kind: String, _ resource: @escaping (Element) -> Own
    ) -> [String: ListField<Element>] {
        [
            "\(kind)Id": .text { resource($0).id?.rawValue },
            "\(kind)Ids": .text { resource($0).id?.rawValue },
            "\(kind)Name": .text { resource($0).name },
            "\(kind)Names": .text { resource($0).name },
            "createdTime": .number { Int(resource($0).createdAt ?? 0) },
        ]
    }
}
