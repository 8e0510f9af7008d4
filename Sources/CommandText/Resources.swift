// The kinds of resources: where the API has them, and what a table shows of each.

package import AdminTypes
internal import ServiceModel

extension LoadBalancerAnswer: ResourceAnswer {
    package static let kind = ResourceKind(
        Change.Kind.loadBalancer.rawValue, collection: "loadBalancers", singular: "loadBalancer",
        idKey: "loadBalancerId", idFilter: "loadBalancerId", nameFilter: "loadBalancerName",
        isBelowLoadBalancer: false)

    package var id: String { loadBalancerId }
    package var name: String { loadBalancerName }

    package static let columns: [Column<Self>] = [
        Column("NAME") { answer, _ in answer.name },
        Column("VIP") { answer, _ in answer.privateIp.privateIpAddress },
        Column("VPC") { answer, _ in answer.vpcId },
        Column("SUBNET") { answer, _ in answer.subnetId },
        Column("PROTECTED") { answer, _ in answer.deleteProtection ? "yes" : "no" },
        Column("ID") { answer, _ in answer.id },
    ]

    package static let details: [Column<Self>] = [
        Column("DESCRIPTION") { answer, _ in answer.description },
        Column("CREATED") { answer, _ in answer.createdTime },
    ]
}

extension ListenerAnswer: ResourceAnswer {
    package static let kind = ResourceKind(
        Change.Kind.listener.rawValue, collection: "listeners", singular: "listener", idKey: "listenerId",
        idFilter: "listenerId", nameFilter: "listenerName", isBelowLoadBalancer: true)
    package static let relatives: [any ResourceAnswer.Type] = [LoadBalancerAnswer.self, BackendAnswer.self]

    package var id: String { listenerId }
    package var name: String { listenerName }
    package var ownerID: String? { loadBalancerId }

    package static let columns: [Column<Self>] = [
        Column("NAME") { answer, names in names.label(of: answer) },
        Column("PROTOCOL") { answer, _ in answer.protocol },
        Column("PORT") { answer, _ in "\(answer.port)" },
        Column("SERVICE") { answer, names in names[answer.backendId] },
        Column("STATUS") { answer, _ in answer.status },
        Column("ID") { answer, _ in answer.id },
    ]

    package static let details: [Column<Self>] = [
        Column("DESCRIPTION") { answer, _ in answer.description },
        Column("CREATED") { answer, _ in answer.createdTime },
    ]
}

extension BackendAnswer: ResourceAnswer {
    package static let kind = ResourceKind(
        Change.Kind.service.rawValue, collection: "backends", singular: "backend", idKey: "backendId",
        idFilter: "backendId", nameFilter: "backendName", isBelowLoadBalancer: true)
    package static let relatives: [any ResourceAnswer.Type] = [
        LoadBalancerAnswer.self, TargetGroupAnswer.self, AvailabilityGroupAnswer.self,
    ]

    package var id: String { backendId }
    package var name: String { backendName }
    package var ownerID: String? { loadBalancerId }

    package static let columns: [Column<Self>] = [
        Column("NAME") { answer, names in names.label(of: answer) },
        Column("PROTOCOL") { answer, _ in answer.protocol },
        Column("PORT") { answer, _ in "\(answer.port)" },
        Column("ALGORITHM") { answer, _ in answer.algorithm },
        Column("MODE") { answer, _ in answer.forwardingMode },
        Column("HEALTH CHECK") { answer, _ in answer.healthCheckText },
        Column("GROUP") { answer, names in answer.groupText(names) },
        Column("ID") { answer, _ in answer.id },
    ]

    package static let details: [Column<Self>] = [
        Column("CHECK PORT") { answer, _ in answer.checkPortText },
        Column("CHECK TIMEOUT") { answer, _ in "\(answer.healthCheck.checkTimeoutSeconds) s" },
        Column("UNHEALTHY AFTER") { answer, _ in "\(answer.healthCheck.unhealthyThresholdCount) failures in a row" },
        Column("HEALTHY AFTER") { answer, _ in "\(answer.healthCheck.healthyThresholdCount) successes in a row" },
        Column("ALL UNHEALTHY") { answer, _ in answer.allUnhealthyPolicy },
        Column("DRAIN") { answer, _ in "\(answer.drainSeconds) s" },
        Column("SLOW START") { answer, _ in answer.slowStartSeconds == 0 ? "off" : "\(answer.slowStartSeconds) s" },
        Column("DESCRIPTION") { answer, _ in answer.description },
        Column("CREATED") { answer, _ in answer.createdTime },
    ]

    private var healthCheckText: String {
        closeHealthCheck ? "off" : "\(healthCheck.protocol) every \(healthCheck.intervalSeconds) s"
    }

    private var checkPortText: String { healthCheck.port == 0 ? "the target's" : "\(healthCheck.port)" }

    private func groupText(_ names: Names) -> String {
        if let id = targetGroupIds.first { return names[id] }
        return agIds.first.map { "availability group " + names[$0] } ?? ""
    }
}

extension TargetGroupAnswer: ResourceAnswer {
    package static let kind = ResourceKind(
        Change.Kind.group.rawValue, collection: "targetGroups", singular: "targetGroup", idKey: "targetGroupId",
        idFilter: "targetGroupId", nameFilter: "targetGroupName", isBelowLoadBalancer: true)
    package static let relatives: [any ResourceAnswer.Type] = [LoadBalancerAnswer.self]

    package var id: String { targetGroupId }
    package var name: String { targetGroupName }
    package var ownerID: String? { loadBalancerId }

    package static let columns: [Column<Self>] = [
        Column("NAME") { answer, names in names.label(of: answer) },
        Column("TYPE") { answer, _ in answer.type },
        Column("ID") { answer, _ in answer.id },
        Column("DESCRIPTION") { answer, _ in answer.description },
    ]

    package static let details: [Column<Self>] = [
        Column("CREATED") { answer, _ in answer.createdTime }
    ]
}

extension AvailabilityGroupAnswer: ResourceAnswer {
    package static let kind = ResourceKind(
        Change.Kind.availabilityGroup.rawValue, collection: "availabilityGroups", singular: "availabilityGroup",
        idKey: "agId", idFilter: "id", nameFilter: "name", isBelowLoadBalancer: false)

    package static let columns: [Column<Self>] = [
        Column("NAME") { answer, _ in answer.name },
        Column("VPC") { answer, _ in answer.vpcId },
        Column("INSTANCES") { answer, _ in "\(answer.count)" },
        Column("ID") { answer, _ in answer.id },
    ]

    package static let details: [Column<Self>] = [
        Column("MEMBERS") { answer, _ in answer.instances.map(\.id).joined(separator: " ") },
        Column("DESCRIPTION") { answer, _ in answer.description },
        Column("CREATED") { answer, _ in answer.createTime },
    ]
}

extension InstanceAnswer: ResourceAnswer {
    package static let kind = ResourceKind(
        Change.Kind.instance.rawValue, collection: "instances", singular: "instance", idKey: "instanceId",
        idFilter: "instanceId", nameFilter: "instanceId", isBelowLoadBalancer: false)

    package var id: String { instanceId }
    package var name: String { instanceId }

    package static let columns: [Column<Self>] = [
        Column("ID") { answer, _ in answer.id },
        Column("ADDRESS") { answer, _ in answer.privateIpAddress },
        Column("VPC") { answer, _ in answer.vpcId },
        Column("STATE") { answer, _ in answer.status },
        Column("DESCRIPTION") { answer, _ in answer.description },
    ]

    package static let details: [Column<Self>] = [
        Column("CREATED") { answer, _ in answer.createdTime }
    ]
}

extension TargetAnswer: Tabulated {
    package static let columns: [Column<Self>] = [
        Column("ADDRESS") { answer, _ in answer.ipAddress ?? "" },
        Column("INSTANCE") { answer, _ in answer.instanceId ?? "" },
        Column("TYPE") { answer, _ in answer.type },
        Column("PORT") { answer, _ in answer.port == 0 ? "the service's" : "\(answer.port)" },
        Column("WEIGHT") { answer, _ in "\(answer.weight)" },
        Column("STATE") { answer, _ in answer.stateText },
        Column("ID") { answer, _ in answer.targetId },
    ]

    /// `enabled`, `draining until 2026-11-23T22:00:00Z`.
    package var stateText: String { adminState + (drainUntil.map { " until " + $0 } ?? "") }
}
