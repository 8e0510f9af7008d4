public import NetworkTypes

/// All resources of a region: what an operator wrote, before anything is known about health.
///
/// A value of this type may break rules; `problems()` finds them. What the controller works on is a `CheckedConfiguration`.
public struct Configuration: Sendable, Hashable {
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
public struct LoadBalancer: Sendable, Hashable {
    public static let defaultVPC = "default"

    public var name: String
    public var vip: IPAddress
    public var vpc: String
    public var listeners: [Listener]
    public var services: [BackendService]
    public var groups: [ServerGroup]

    public init(
        name: String, vip: IPAddress, vpc: String = defaultVPC, listeners: [Listener] = [],
        services: [BackendService] = [], groups: [ServerGroup] = []
    ) {
        self.name = name
        self.vip = vip
        self.vpc = vpc
        self.listeners = listeners
        self.services = services
        self.groups = groups
    }
}

/// What a packet is matched with: VIP, protocol and port. Protocol and port are unique in a load balancer and never change.
public struct Listener: Sendable, Hashable {
    public var name: String
    public var transport: TransportProtocol
    /// 1...65535.
    public var port: Int
    /// Name of a backend service of the same load balancer.
    public var service: String

    public init(name: String, transport: TransportProtocol = .tcp, port: Int, service: String) {
        self.name = name
        self.transport = transport
        self.port = port
        self.service = service
    }
}

/// How connections are spread over the targets of one server group, and how those are watched.
public struct BackendService: Sendable, Hashable {
    public var name: String
    /// Never changes.
    public var transport: TransportProtocol
    /// 1...65535; the port of every target that has none of its own. Never changes; services may share a port.
    public var port: Int
    public var algorithm: Algorithm
    public var forwardingMode: ForwardingMode
    /// How long a target that takes no new flows keeps those that it has, 0...3600.
    public var drainSeconds: Int
    public var allUnhealthyPolicy: AllUnhealthyPolicy
    public var healthCheck: HealthCheck
    public var servers: Servers?

    public init(
        name: String, transport: TransportProtocol = .tcp, port: Int, algorithm: Algorithm = .sourceIP,
        forwardingMode: ForwardingMode = .nat, drainSeconds: Int = 300,
        allUnhealthyPolicy: AllUnhealthyPolicy = .forward,
        healthCheck: HealthCheck = HealthCheck(), servers: Servers? = nil
    ) {
        self.name = name
        self.transport = transport
        self.port = port
        self.algorithm = algorithm
        self.forwardingMode = forwardingMode
        self.drainSeconds = drainSeconds
        self.allUnhealthyPolicy = allUnhealthyPolicy
        self.healthCheck = healthCheck
        self.servers = servers
    }

    /// What is hashed to pick a slot.
    public enum Algorithm: String, Sendable, Hashable, CaseIterable {
        /// Weighted source IP: all flows of a client go to one target.
        case sourceIP = "IpHash"
        /// Weighted five-tuple: protocol, both addresses, both ports.
        case fiveTuple = "QuintupleHash"
    }

    /// How a packet travels to its target.
    public enum ForwardingMode: String, Sendable, Hashable, CaseIterable {
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
    public enum AllUnhealthyPolicy: String, Sendable, Hashable, CaseIterable {
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
public struct HealthCheck: Sendable, Hashable {
    public enum Method: String, Sendable, Hashable, CaseIterable {
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
public struct ServerGroup: Sendable, Hashable {
    public var name: String
    public var targets: [Target]

    public init(name: String, targets: [Target] = []) {
        self.name = name
        self.targets = targets
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

    public var server: Server
    /// 0...65535; 0 stands for the service's port.
    public var port: Int
    /// Share of new flows relative to the other targets, 0...100. 0 takes no new flows.
    public var weight: Int

    public init(server: Server, port: Int = 0, weight: Int = defaultWeight) {
        self.server = server
        self.port = port
        self.weight = weight
    }
}

/// Instances that serve together with equal weight, each on the service's port.
public struct AvailabilityGroup: Sendable, Hashable {
    public var name: String
    public var vpc: String
    /// Ids of instances of the region, each once.
    public var instances: [String]

    public init(name: String, vpc: String = LoadBalancer.defaultVPC, instances: [String] = []) {
        self.name = name
        self.vpc = vpc
        self.instances = instances
    }
}

/// A machine that targets refer to by id.
public struct Instance: Sendable, Hashable {
    public enum State: String, Sendable, Hashable, CaseIterable {
        case running, stopped
    }

    public var id: String
    public var address: IPAddress
    public var vpc: String
    /// A stopped instance takes no flows, whatever its health.
    public var state: State

    public init(id: String, address: IPAddress, vpc: String = LoadBalancer.defaultVPC, state: State = .running) {
        self.id = id
        self.address = address
        self.vpc = vpc
        self.state = state
    }
}
