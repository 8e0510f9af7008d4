public import NetworkTypes

/// What the rules need to know about the place where a configuration is to run.
public struct Surroundings: Sendable, Hashable {
    /// The region that a configuration must be of; `nil` allows every one.
    public var region: String?
    /// Blocks that VIPs must come from; empty allows every address.
    public var vipPrefixes: [Prefix]
    /// Blocks that targets must come from; empty allows every address.
    public var targetPrefixes: [Prefix]
    /// Addresses that this host already has, which are no VIPs unless forced.
    public var hostAddresses: Set<IPAddress>
    /// Where load balancers can be created; when empty, any name stands for one subnet of the default VPC, and VIPs
    /// are taken from `vipPrefixes`.
    public var subnets: [Subnet]

    public init(
        region: String? = nil, vipPrefixes: [Prefix] = [], targetPrefixes: [Prefix] = [],
        hostAddresses: Set<IPAddress> = [], subnets: [Subnet] = []
    ) {
        self.region = region
        self.vipPrefixes = vipPrefixes
        self.targetPrefixes = targetPrefixes
        self.hostAddresses = hostAddresses
        self.subnets = subnets
    }
}

/// A block of a VPC that VIPs come from.
public struct Subnet: Sendable, Hashable {
    public let name: String
    public let vpc: String
    public let prefix: Prefix

    public init(name: String, vpc: String = LoadBalancer.defaultVPC, prefix: Prefix) {
        self.name = name
        self.vpc = vpc
        self.prefix = prefix
    }
}

/// Every rule that a configuration breaks, in document order.
public struct Problems: Error, Sendable, Hashable {
    public let list: [Problem]

    public init(_ list: [Problem]) {
        precondition(!list.isEmpty, "an error without a problem tells nobody anything")
        self.list = list
    }
}

extension Problems {
    /// The HTTP status of an answer that tells them all: 400 when mending the request mends one of them, else 429
    /// when there is too much of something, else 409.
    public var status: Int {
        let statuses = Set(list.map(\.status))
        return [400, 429].first { statuses.contains($0) } ?? 409
    }
}

extension Problems: CustomStringConvertible {
    public var description: String { list.map(\.description).joined(separator: "\n") }
}

/// A configuration that breaks no rule: names resolve, ports and weights are in range, the packet path can serve it.
public struct CheckedConfiguration: Sendable, Hashable {
    public let configuration: Configuration
    /// For looking up targets; says nothing that `configuration` does not.
    let instancesByID: [String: Instance]

    /// - Throws: All problems at once.
    public init(_ configuration: Configuration, in surroundings: Surroundings = Surroundings()) throws(Problems) {
        let problems = configuration.problems(in: surroundings)
        guard problems.isEmpty else { throw Problems(problems) }
        self.init(unchecked: configuration)
    }

    /// Checks also that nothing changes or goes away that may not.
    ///
    /// - Throws: All problems at once.
    public init(
        _ configuration: Configuration, replacing old: Configuration, in surroundings: Surroundings = Surroundings()
    ) throws(Problems) {
        let problems = configuration.problems(replacing: old, in: surroundings)
        guard problems.isEmpty else { throw Problems(problems) }
        self.init(unchecked: configuration)
    }

    /// The same with what the store adds; see `Configuration.stamped(replacing:at:newID:)`.
    public func stamped(
        replacing old: Configuration, at unixSeconds: Int64, newID: (ResourceID.Kind) -> ResourceID
    ) -> CheckedConfiguration {
        CheckedConfiguration(unchecked: configuration.stamped(replacing: old, at: unixSeconds, newID: newID))
    }

    /// The same with the ids, times and versions that the store gave it.
    ///
    /// - Parameter stored: What the store made of this configuration, and of no other.
    public func stored(as stored: Configuration) -> CheckedConfiguration { CheckedConfiguration(unchecked: stored) }

    /// Nothing to serve.
    public static let empty = CheckedConfiguration(unchecked: Configuration())

    private init(unchecked configuration: Configuration) {
        self.configuration = configuration
        instancesByID = Dictionary(configuration.instances.map { ($0.id, $0) }) { first, _ in first }
    }

    public static func == (left: Self, right: Self) -> Bool { left.configuration == right.configuration }
    public func hash(into hasher: inout Hasher) { hasher.combine(configuration) }
}
