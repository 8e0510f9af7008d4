public import NetworkTypes

/// What the rules need to know about the place where a configuration is to run.
public struct Surroundings: Sendable, Hashable {
    /// Blocks that VIPs must come from; empty allows every address.
    public var vipPrefixes: [Prefix]
    /// Blocks that targets must come from; empty allows every address.
    public var targetPrefixes: [Prefix]
    /// Addresses that this host already has, which are no VIPs unless forced.
    public var hostAddresses: Set<IPAddress>

    public init(vipPrefixes: [Prefix] = [], targetPrefixes: [Prefix] = [], hostAddresses: Set<IPAddress> = []) {
        self.vipPrefixes = vipPrefixes
        self.targetPrefixes = targetPrefixes
        self.hostAddresses = hostAddresses
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

    /// Nothing to serve.
    public static let empty = CheckedConfiguration(unchecked: Configuration())

    private init(unchecked configuration: Configuration) {
        self.configuration = configuration
        instancesByID = Dictionary(configuration.instances.map { ($0.id, $0) }) { first, _ in first }
    }

    public static func == (left: Self, right: Self) -> Bool { left.configuration == right.configuration }
    public func hash(into hasher: inout Hasher) { hasher.combine(configuration) }
}
