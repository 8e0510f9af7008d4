// Resources as the public API writes them: names and shapes are those that its clients read.

import NetworkTypes
public import ServiceModel

/// What all of our load balancers are.
private let loadBalancerType = "dnlb"

public struct LoadBalancerAnswer: Codable, Sendable, Hashable {
    public struct State: Codable, Sendable, Hashable {
        public var code = "ACTIVE"
        public var reason: String?
    }

    public struct PrivateIP: Codable, Sendable, Hashable {
        public var privateIpAddress: String
    }

    public var loadBalancerId: String
    public var loadBalancerName: String
    public var subnetId: String
    public var vpcId: String
    public var type = loadBalancerType
    public var state = State()
    public var azs: [String] = []
    public var azType = "standard"
    public var privateIp: PrivateIP
    public var description: String
    public var deleteProtection: Bool
    public var createdTime: String

    public init(_ loadBalancer: LoadBalancer) {
        loadBalancerId = loadBalancer.id?.rawValue ?? ""
        loadBalancerName = loadBalancer.name
        subnetId = loadBalancer.subnet
        vpcId = loadBalancer.vpc
        privateIp = PrivateIP(privateIpAddress: "\(loadBalancer.vip)")
        description = loadBalancer.description
        deleteProtection = loadBalancer.isDeletionProtected
        createdTime = UTCTime.text(loadBalancer.createdAt)
    }
}

public struct ListenerAnswer: Codable, Sendable, Hashable {
    public var listenerId: String
    public var listenerName: String
    /// `On` or `Off`.
    public var status: String
    public var loadBalancerId: String
    public var loadBalancerType = AdminTypes.loadBalancerType
    public var `protocol`: String
    public var port: Int
    public var action = "Forward"
    public var backendId: String
    public var description: String
    public var createdTime: String

    public init(_ view: ListenerView) {
        listenerId = view.listener.id?.rawValue ?? ""
        listenerName = view.listener.name
        status = view.listener.isEnabled ? "On" : "Off"
        loadBalancerId = view.loadBalancer.id?.rawValue ?? ""
        `protocol` = view.listener.transport.apiName
        port = view.listener.port
        backendId = view.serviceID?.rawValue ?? ""
        description = view.listener.description
        createdTime = UTCTime.text(view.listener.createdAt)
    }
}

public struct BackendAnswer: Codable, Sendable, Hashable {
    public struct AgInfo: Codable, Sendable, Hashable {
        public var agId: String
        public var defaultWeight = Target.defaultWeight
    }

    public struct HealthCheckAnswer: Codable, Sendable, Hashable {
        public var `protocol`: String
        public var healthyThresholdCount: Int
        public var unhealthyThresholdCount: Int
        public var checkTimeoutSeconds: Int
        public var intervalSeconds: Int
        public var port: Int
    }

    public var backendId: String
    public var backendName: String
    public var loadBalancerId: String
    public var loadBalancerType = AdminTypes.loadBalancerType
    public var `protocol`: String
    public var port: Int
    public var algorithm: String
    public var targetGroupIds: [String]
    public var agIds: [String]
    public var agInfos: [AgInfo]
    public var description: String
    public var healthCheck: HealthCheckAnswer
    /// Whether the health check is off; ours, as are the next four.
    public var closeHealthCheck: Bool
    public var forwardingMode: String
    public var drainSeconds: Int
    public var slowStartSeconds: Int
    public var allUnhealthyPolicy: String
    public var createdTime: String

    public init(_ view: ServiceView) {
        let service = view.service
        backendId = service.id?.rawValue ?? ""
        backendName = service.name
        loadBalancerId = view.loadBalancer.id?.rawValue ?? ""
        `protocol` = service.transport.apiName
        port = service.port
        algorithm = service.algorithm.rawValue
        targetGroupIds = view.groupID.map { [$0.rawValue] } ?? []
        agIds = view.availabilityGroupID.map { [$0.rawValue] } ?? []
        agInfos = agIds.map { AgInfo(agId: $0) }
        description = service.description
        healthCheck = HealthCheckAnswer(
            protocol: service.healthCheck.method.rawValue,
            healthyThresholdCount: service.healthCheck.healthyThreshold,
            unhealthyThresholdCount: service.healthCheck.unhealthyThreshold,
            checkTimeoutSeconds: service.healthCheck.timeoutSeconds,
            intervalSeconds: service.healthCheck.intervalSeconds, port: service.healthCheck.port)
        closeHealthCheck = !service.healthCheck.isEnabled
        forwardingMode = service.forwardingMode.rawValue
        drainSeconds = service.drainSeconds
        slowStartSeconds = service.slowStartSeconds
        allUnhealthyPolicy = service.allUnhealthyPolicy.rawValue
        createdTime = UTCTime.text(service.createdAt)
    }
}

public struct TargetGroupAnswer: Codable, Sendable, Hashable {
    public var targetGroupId: String
    public var targetGroupName: String
    public var loadBalancerId: String
    public var loadBalancerType = AdminTypes.loadBalancerType
    public var loadBalancerName: String
    public var description: String
    /// `instance` or `ip`.
    public var type: String
    public var createdTime: String

    public init(_ view: GroupView) {
        targetGroupId = view.group.id?.rawValue ?? ""
        targetGroupName = view.group.name
        loadBalancerId = view.loadBalancer.id?.rawValue ?? ""
        loadBalancerName = view.loadBalancer.name
        description = view.group.description
        type = view.group.kind.rawValue
        createdTime = UTCTime.text(view.group.createdAt)
    }
}

/// A target of a virtual server group or, with `agId`, a member of an availability group.
public struct TargetAnswer: Codable, Sendable, Hashable {
    public var targetId: String
    public var targetGroupId: String?
    public var agId: String?
    /// `vm`, `container` or `ip`.
    public var type: String
    public var instanceId: String?
    /// 0 stands for the service's port.
    public var port: Int
    public var weight: Int
    public var privateIpAddress: String?
    public var ipAddress: String?
    /// `enabled`, `draining` or `disabled`; ours, as is the next.
    public var adminState: String
    /// When a draining target is done; absent when only its flows say when.
    public var drainUntil: String?

    public init(_ view: TargetView) {
        targetId = view.target.id?.rawValue ?? ""
        targetGroupId = view.groupID?.rawValue
        type = view.target.kind.rawValue
        if case .instance(let id) = view.target.server { instanceId = id }
        port = view.target.port
        weight = view.target.weight
        ipAddress = view.address.map { "\($0)" }
        privateIpAddress = ipAddress
        adminState = view.target.adminState.rawValue
        drainUntil = view.target.drainUntil.map { UTCTime.text($0) }
    }

    /// `drainUntil` in Unix seconds.
    public var deadline: Int64? { drainUntil.flatMap { UTCTime.unixSeconds($0) } }

    public init(_ view: MemberView) {
        targetId = view.instance.id
        agId = view.groupID?.rawValue
        type = Target.Kind.vm.rawValue
        instanceId = view.instance.id
        port = 0
        weight = Target.defaultWeight
        ipAddress = "\(view.instance.address)"
        privateIpAddress = ipAddress
        adminState = AdminState.enabled.rawValue
    }
}

/// The health of one target of one backend service.
public struct TargetHealthAnswer: Codable, Sendable, Hashable {
    public struct UnhealthReason: Codable, Sendable, Hashable {
        /// `CONNECT_FAILED`, `CONNECT_TIMEOUT` or `CONNECT_INTERRUPT`.
        public var reason: String
        public var detail: String

        public init(reason: String, detail: String) {
            self.reason = reason
            self.detail = detail
        }
    }

    public var targetGroupId: String?
    public var agId: String?
    public var type: String
    public var instanceId: String?
    public var ipAddress: String
    /// The port that is checked.
    public var port: Int
    public var weight: Int
    /// `healthy`, `unhealthy`, `initial`, or `N/A` when it is not checked.
    public var status: String
    public var unhealthReason: UnhealthReason?

    /// - Parameter target: The target, of which this takes everything that is no matter of health.
    public init(_ target: TargetAnswer, port: Int, status: String, unhealthReason: UnhealthReason? = nil) {
        targetGroupId = target.targetGroupId
        agId = target.agId
        type = target.type
        instanceId = target.instanceId
        ipAddress = target.ipAddress ?? ""
        self.port = port
        weight = target.weight
        self.status = status
        self.unhealthReason = unhealthReason
    }
}

public struct AvailabilityGroupAnswer: Codable, Sendable, Hashable {
    public struct Member: Codable, Sendable, Hashable {
        public var id: String
    }

    public var id: String
    public var name: String
    public var description: String
    public var vpcId: String
    public var agType = Target.Kind.vm.rawValue
    public var count: Int
    public var instances: [Member]
    public var createTime: String

    public init(_ group: AvailabilityGroup) {
        id = group.id?.rawValue ?? ""
        name = group.name
        description = group.description
        vpcId = group.vpc
        count = group.instances.count
        instances = group.instances.map { Member(id: $0) }
        createTime = UTCTime.text(group.createdAt)
    }
}

public struct InstanceAnswer: Codable, Sendable, Hashable {
    public var instanceId: String
    public var privateIpAddress: String
    public var vpcId: String
    /// `running` or `stopped`.
    public var status: String
    public var description: String
    public var createdTime: String

    public init(_ instance: Instance) {
        instanceId = instance.id
        privateIpAddress = "\(instance.address)"
        vpcId = instance.vpc
        status = instance.state.rawValue
        description = instance.description
        createdTime = UTCTime.text(instance.createdAt)
    }
}

/// How many of a kind there may be, and are.
public struct QuotaAnswer: Codable, Sendable, Hashable {
    public enum Kind: String, Codable, Sendable, Hashable, CaseIterable {
        case loadBalancer = "loadbalancer"
        case listener, backend, target
        case targetGroup = "target_group"
    }

    public var type: Kind
    /// Id of the load balancer; of the group for targets; absent for load balancers.
    public var parentResourceId: String?
    public var maxLimit: Int
    public var count: Int

    /// - Throws: `.notFound` when nothing bears the parent's id.
    public init(_ kind: Kind, of parent: String?, in configuration: Configuration) throws(OperationError) {
        type = kind
        parentResourceId = kind == .loadBalancer ? nil : parent
        let parent = parent ?? ""
        switch kind {
        case .loadBalancer:
            (maxLimit, count) = (Limits.loadBalancers, configuration.loadBalancers.count)
        case .listener:
            let owner = configuration.loadBalancers[try configuration.loadBalancer(parent)]
            (maxLimit, count) = (Limits.listenersPerLoadBalancer, owner.listeners.count)
        case .backend:
            let owner = configuration.loadBalancers[try configuration.loadBalancer(parent)]
            (maxLimit, count) = (Limits.servicesPerLoadBalancer, owner.services.count)
        case .targetGroup:
            let owner = configuration.loadBalancers[try configuration.loadBalancer(parent)]
            (maxLimit, count) = (Limits.groupsPerLoadBalancer, owner.groups.count)
        case .target:
            let place = try configuration.group(parent)
            let group = configuration.loadBalancers[place.loadBalancer].groups[place.index]
            (maxLimit, count) = (Limits.targetsPerGroup, group.targets.count)
        }
    }
}
