public import NetworkTypes

/// All resources of a region: what an operator wrote, before anything is known about health.
///
/// A value of this type may break rules; `problems()` finds them. What the controller works on is a `CheckedConfiguration`.
public struct Configuration: Sendable, Hashable, Codable {
    public static let defaultRegion = "local"

    public var region: String
    /// In the operator's order, which no table depends on.
    public var loadBalancers: [LoadBalancer]
    public var availabilityGroups: [AvailabilityGroup]
    public var instances: [Instance]

    public init(
        region: String = defaultRegion, loadBalancers: [LoadBalancer] = [],
        availabilityGroups: [AvailabilityGroup] = [], instances: [Instance] = []
    ) {
        self.region = region
        self.loadBalancers = loadBalancers
        self.availabilityGroups = availabilityGroups
        self.instances = instances
    }
}

/// The owner of a VIP and of the resources below it. Names are unique in its region, as is the VIP.
public struct LoadBalancer: Resource {
    public static let defaultVPC = "default"
    public static let defaultSubnet = "default"

    public var id: ResourceID?
    public var name: String
    public var description: String
    public var vip: IPAddress
    public var vpc: String
    /// Name of the subnet that the VIP comes from. Never changes.
    public var subnet: String
    /// While it is, the load balancer cannot be deleted.
    public var isDeletionProtected: Bool
    public var listeners: [Listener]
    public var services: [BackendService]
    public var groups: [ServerGroup]
    public var createdAt: Int64?
    public var version: UInt64

    public init(
        id: ResourceID? = nil, name: String, description: String = "", vip: IPAddress, vpc: String = defaultVPC,
        subnet: String = defaultSubnet, isDeletionProtected: Bool = false, listeners: [Listener] = [],
        services: [BackendService] = [], groups: [ServerGroup] = [], createdAt: Int64? = nil, version: UInt64 = 0
    ) {
        self.id = id
        self.name = name
        self.description = description
        self.vip = vip
        self.vpc = vpc
        self.subnet = subnet
        self.isDeletionProtected = isDeletionProtected
        self.listeners = listeners
        self.services = services
        self.groups = groups
        self.createdAt = createdAt
        self.version = version
    }
}

/// What a packet is matched with: VIP, protocol and port. Protocol and port are unique in a load balancer and never change.
public struct Listener: Resource {
    public var id: ResourceID?
    public var name: String
    public var description: String
    /// A disabled listener holds its port and takes no packets.
    public var isEnabled: Bool
    public var transport: TransportProtocol
    /// 1...65535.
    public var port: Int
    /// Name of a backend service of the same load balancer.
    public var service: String
    public var createdAt: Int64?
    public var version: UInt64

    public init(
        id: ResourceID? = nil, name: String, description: String = "", isEnabled: Bool = true,
        transport: TransportProtocol = .tcp, port: Int, service: String, createdAt: Int64? = nil, version: UInt64 = 0
    ) {
        self.id = id
        self.name = name
        self.description = description
        self.isEnabled = isEnabled
        self.transport = transport
        self.port = port
        self.service = service
        self.createdAt = createdAt
        self.version = version
    }
}

/// How connections are spread over the targets of one server group, and how those are watched.
public struct BackendService: Resource {
    public var id: ResourceID?
    public var name: String
    public var description: String
    /// Never changes.
    public var transport: TransportProtocol
    /// 1...65535; the port of every target that has none of its own. Never changes; services may share a port.
    public var port: Int
    public var algorithm: Algorithm
    public var forwardingMode: ForwardingMode
    /// How long a target that takes no new flows keeps those that it has, 0...3600.
    public var drainSeconds: Int
    /// How long a target that joined or recovered takes a growing part of its share, 0...3600. 0: all of it at once.
    public var slowStartSeconds: Int
    public var allUnhealthyPolicy: AllUnhealthyPolicy
    public var healthCheck: HealthCheck
    public var servers: Servers?
    public var createdAt: Int64?
    public var version: UInt64

    public init(
        id: ResourceID? = nil, name: String, description: String = "", transport: TransportProtocol = .tcp, port: Int,
        algorithm: Algorithm = .sourceIP, forwardingMode: ForwardingMode = .nat, drainSeconds: Int = 300,
        slowStartSeconds: Int = 0, allUnhealthyPolicy: AllUnhealthyPolicy = .forward,
        healthCheck: HealthCheck = HealthCheck(), servers: Servers? = nil, createdAt: Int64? = nil, version: UInt64 = 0
    ) {
        self.id = id
        self.name = name
        self.description = description
        self.transport = transport
        self.port = port
        self.algorithm = algorithm
        self.forwardingMode = forwardingMode
        self.drainSeconds = drainSeconds
        self.slowStartSeconds = slowStartSeconds
        self.allUnhealthyPolicy = allUnhealthyPolicy
        self.healthCheck = healthCheck
        self.servers = servers
        self.createdAt = createdAt
        self.version = version
    }

    /// What is hashed to pick a slot.
    public enum Algorithm: String, Sendable, Hashable, Codable, CaseIterable {
        /// Weighted source IP: all flows of a client go to one target.
        case sourceIP = "IpHash"
        /// Weighted five-tuple: protocol, both addresses, both ports.
        case fiveTuple = "QuintupleHash"
    }

    /// How a packet travels to its target.
    public enum ForwardingMode: String, Sendable, Hashable, Codable, CaseIterable {
        /// Destination address and port rewritten, source rewritten back on return; the balancer is the targets' gateway.
        case nat
        /// Destination MAC rewritten; same layer-2 network, VIP on the targets.
        case dsr
        /// Encapsulated in IP; the targets decapsulate and hold the VIP.
        case ipip
        /// Source and destination rewritten; the client address is lost.
        case fullNAT = "full_nat"
    }

    /// What happens to new flows when no target is usable.
    public enum AllUnhealthyPolicy: String, Sendable, Hashable, Codable, CaseIterable {
        /// By weight over all targets, as if they were healthy.
        case forward
        case drop
    }

    /// The servers of a service: at most one group, of one of two kinds.
    public enum Servers: Sendable, Hashable {
        /// Name of a virtual server group of the same load balancer.
        case group(String)
        /// Name of an availability group of the region.
        case availabilityGroup(String)
    }
}

/// How the health of a service's targets is found out. Ranges and defaults are those of the public API.
public struct HealthCheck: Sendable, Hashable, Codable {
    public enum Method: String, Sendable, Hashable, Codable, CaseIterable {
        case tcp = "Tcp"
        /// Only for UDP services.
        case icmp = "Icmp"
    }

    /// Off: health is N/A, and every running target takes flows.
    public var isEnabled: Bool
    public var method: Method
    /// 0...65535; 0 stands for the port that each target serves on.
    public var port: Int
    /// 2...60.
    public var timeoutSeconds: Int
    /// 5...300, from the start of one probe to the start of the next.
    public var intervalSeconds: Int
    /// Failures in a row that turn success into failure, 1...5.
    public var unhealthyThreshold: Int
    /// Successes in a row that turn failure into success, 1...5.
    public var healthyThreshold: Int

    public init(
        isEnabled: Bool = true, method: Method = .tcp, port: Int = 0, timeoutSeconds: Int = 3, intervalSeconds: Int = 5,
        unhealthyThreshold: Int = 3, healthyThreshold: Int = 3
    ) {
        self.isEnabled = isEnabled
        self.method = method
        self.port = port
        self.timeoutSeconds = timeoutSeconds
        self.intervalSeconds = intervalSeconds
        self.unhealthyThreshold = unhealthyThreshold
        self.healthyThreshold = healthyThreshold
    }
}

/// A virtual server group: targets with port and weight of their own. Services of one load balancer may share it.
public struct ServerGroup: Resource {
    /// What a group may hold. Never changes.
    public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
        /// Targets of every kind.
        case instance
        /// Targets given by address only.
        case ip
    }

    public var id: ResourceID?
    public var name: String
    public var description: String
    public var kind: Kind
    public var targets: [Target]
    public var createdAt: Int64?
    public var version: UInt64

    public init(
        id: ResourceID? = nil, name: String, description: String = "", kind: Kind = .instance, targets: [Target] = [],
        createdAt: Int64? = nil, version: UInt64 = 0
    ) {
        self.id = id
        self.name = name
        self.description = description
        self.kind = kind
        self.targets = targets
        self.createdAt = createdAt
        self.version = version
    }
}

/// One server of a virtual server group.
public struct Target: Sendable, Hashable {
    public static let defaultWeight = 10

    public enum Server: Sendable, Hashable {
        case address(IPAddress)
        /// Id of an instance of the region.
        case instance(String)
    }

    /// What the public API calls the type of a target.
    public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
        case vm, container, ip
    }

    public var id: ResourceID?
    public var server: Server
    /// Whether the instance is a container; means nothing for a target given by its address.
    public var isContainer: Bool
    /// 0...65535; 0 stands for the service's port.
    public var port: Int
    /// Share of new flows relative to the other targets, 0...100. 0 takes no new flows.
    public var weight: Int
    public var adminState: AdminState
    /// When a draining target is done, in Unix seconds: from then on it counts as disabled. `nil`: its flows stay until
    /// they end by themselves. Goes with `.draining` only; the years 1970 to 9999.
    public var drainUntil: Int64?

    public init(
        id: ResourceID? = nil, server: Server, isContainer: Bool = false, port: Int = 0, weight: Int = defaultWeight,
        adminState: AdminState = .enabled, drainUntil: Int64? = nil
    ) {
        self.id = id
        self.server = server
        self.isContainer = isContainer
        self.port = port
        self.weight = weight
        self.adminState = adminState
        self.drainUntil = drainUntil
    }

    public var kind: Kind {
        switch server {
        case .address: .ip
        case .instance: isContainer ? .container : .vm
        }
    }
}

/// What the operator wants of a target, whatever its health.
public enum AdminState: String, Sendable, Hashable, Codable, CaseIterable {
    /// Takes new flows as health and weight say.
    case enabled
    /// Takes no new flows, and keeps those that it has until `Target.drainUntil`.
    case draining
    /// Takes no flows; those that it had are cut at once.
    case disabled
}

/// Instances that serve together with equal weight, each on the service's port.
public struct AvailabilityGroup: Resource {
    public var id: ResourceID?
    public var name: String
    public var description: String
    public var vpc: String
    /// Ids of instances of the region, each once.
    public var instances: [String]
    public var createdAt: Int64?
    public var version: UInt64

    public init(
        id: ResourceID? = nil, name: String, description: String = "", vpc: String = LoadBalancer.defaultVPC,
        instances: [String] = [], createdAt: Int64? = nil, version: UInt64 = 0
    ) {
        self.id = id
        self.name = name
        self.description = description
        self.vpc = vpc
        self.instances = instances
        self.createdAt = createdAt
        self.version = version
    }
}

/// A machine that targets refer to by id.
public struct Instance: Stored {
    public enum State: String, Sendable, Hashable, Codable, CaseIterable {
        case running, stopped
    }

    /// Given by the operator; also the name.
    public var id: String
    public var description: String
    public var address: IPAddress
    public var vpc: String
    /// A stopped instance takes no flows, whatever its health.
    public var state: State
    public var createdAt: Int64?
    public var version: UInt64

    public init(
        id: String, description: String = "", address: IPAddress, vpc: String = LoadBalancer.defaultVPC,
        state: State = .running, createdAt: Int64? = nil, version: UInt64 = 0
    ) {
        self.id = id
        self.description = description
        self.address = address
        self.vpc = vpc
        self.state = state
        self.createdAt = createdAt
        self.version = version
    }
}
