public import NetworkTypes
public import TableCompiler

/// What the controller needs of a data plane.
public protocol DataplaneDriver: Sendable {
    /// What is installed.
    func tables() async throws -> Tables

    /// Carries out a plan in its order and then notes the revision. After an error some prefix of it is done.
    func apply(_ plan: [MapStep], revision: UInt64) async throws

    /// Leaves a sign of life where tools find it.
    func beat(revision: UInt64) async throws

    /// The slots of these services in which a live flow is pinned to another target than the slot's.
    func unsettledSlots(of services: Set<ServiceID>, in tables: Tables) async throws -> [ServiceID: [Int]]

    /// The live flows that are pinned, by their targets.
    func pinnedFlows() async throws -> [TargetID: PinCount]

    /// Frees the pins of targets that no slot names any more.
    func forgetPins(of targets: Set<TargetID>) async throws

    /// Frees pins whose flows have been silent for long.
    func sweepPins() async throws

    /// The interfaces and how the program runs on them.
    func attachments() async -> [AttachmentStatus]

    /// Sends packets to these targets the known way. For others the program asks the kernel, packet by packet.
    func setNextHops(_ hops: [IPAddress: NextHop]) async throws

    /// Stops forwarding and removes every trace.
    func detach() async throws
}

/// The program on one interface.
public struct AttachmentStatus: Sendable, Hashable {
    public let interface: String
    /// `native` or `generic`.
    public let mode: String
    /// What an operator should know about it, or `nil`.
    public let warning: String?

    public init(interface: String, mode: String, warning: String?) {
        self.interface = interface
        self.mode = mode
        self.warning = warning
    }
}

/// What the controller needs of the host's network around the data plane.
public protocol HostDriver: Sendable {
    /// Makes the host own these VIPs and no others that Shoal once gave it, and keeps the next hops of these targets known.
    /// Of the targets, `neighbours` are of no use behind a gateway.
    ///
    /// To be called again now and then, and after each element of `changes`.
    func settle(vips: Set<IPAddress>, targets: Set<IPAddress>, neighbours: Set<IPAddress>) async -> HostState

    /// Tells when `settle(vips:targets:neighbours:)` may find something else than before.
    var changes: AsyncStream<Void> { get }

    /// The host's addresses, without the VIPs that Shoal gave it.
    func ownAddresses() async -> Set<IPAddress>
}

/// The host's network around the data plane, as it was found and left.
public struct HostState: Sendable, Hashable {
    /// What stands in the way, a sentence with a remedy each. Trying again later may help.
    public var problems: [String]
    /// The ways to targets that are known to be right for every packet.
    public var nextHops: [IPAddress: NextHop]

    public init(problems: [String] = [], nextHops: [IPAddress: NextHop] = [:]) {
        self.problems = problems
        self.nextHops = nextHops
    }
}
