// What the kernel's maps hold, in words of the domain: the value that compilation gives, that the plan compares and
// that the dataplane reads back.

public import ConsistentHashing
public import NetworkTypes

/// Index of a listener's counters.
public struct ListenerID: Sendable, Hashable, RawRepresentable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }
}

/// Index of a backend service in the kernel's maps.
public struct ServiceID: Sendable, Hashable, RawRepresentable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }
}

/// Index of a target of one service in the kernel's maps, 1...65535; 0 is nobody.
public struct TargetID: Sendable, Hashable, RawRepresentable {
    public static let nobody = TargetID(rawValue: 0)

    public let rawValue: UInt16
    public init(rawValue: UInt16) { self.rawValue = rawValue }
}

/// A run of slots in the one array that holds all tables.
public struct SlotRange: Sendable, Hashable {
    /// Even, since the array keeps two slots in a value.
    public let offset: UInt32
    /// Slots, at least 1.
    public let count: UInt32

    public init(offset: UInt32, count: UInt32) {
        self.offset = offset
        self.count = count
    }

    /// One past the last slot that nobody else may use: an odd end leaves half a value empty.
    var end: UInt32 { offset + count + count & 1 }

    func overlaps(_ other: SlotRange) -> Bool { offset < other.end && other.offset < end }
}

public struct ListenerEntry: Sendable, Hashable {
    public let id: ListenerID
    public let service: ServiceID

    public init(id: ListenerID, service: ServiceID) {
        self.id = id
        self.service = service
    }
}

public struct ServiceEntry: Sendable, Hashable {
    public enum Algorithm: Sendable, Hashable, CaseIterable { case sourceIP, fiveTuple }
    public enum Mode: Sendable, Hashable, CaseIterable { case nat, dsr }

    /// Hash of the resource, never 0: how a restarted controller knows the service again.
    public let identity: UInt64
    public let algorithm: Algorithm
    public let mode: Mode
    /// `nil` when nobody may take a flow: every packet is dropped.
    public let range: SlotRange?
    /// Counts the tables that this service has had; wraps.
    public let generation: UInt32

    public init(identity: UInt64, algorithm: Algorithm, mode: Mode, range: SlotRange?, generation: UInt32) {
        self.identity = identity
        self.algorithm = algorithm
        self.mode = mode
        self.range = range
        self.generation = generation
    }
}

public struct TargetEntry: Sendable, Hashable {
    public let endpoint: Endpoint
    public let service: ServiceID

    public init(endpoint: Endpoint, service: ServiceID) {
        self.endpoint = endpoint
        self.service = service
    }
}

/// How the replies of a target become the VIP's.
public struct ReturnPathEntry: Sendable, Hashable {
    public let vip: Endpoint
    public let target: TargetID
    public let targetAddress: IPAddress
    public let listener: ListenerID

    public init(vip: Endpoint, target: TargetID, targetAddress: IPAddress, listener: ListenerID) {
        self.vip = vip
        self.target = target
        self.targetAddress = targetAddress
        self.listener = listener
    }
}

extension Tables {
    /// The table of a service with the names of the owners: what nodes compare to know that they forward alike, wherever no
    /// slot moves. `nil` where nobody may take a flow.
    public func namedTable(of service: ServiceID) -> NamedTable? {
        guard let table = slots[service] else { return nil }
        // Of those who own slots; nobody is one without bytes.
        let owners = Array(Set(table.owners)).sorted { $0.rawValue < $1.rawValue }
        var places = [UInt16](repeating: 0, count: Int(UInt16.max) + 1)
        for (place, owner) in owners.enumerated() { places[Int(owner.rawValue)] = UInt16(place) }
        return NamedTable(
            identities: owners.map { targets[$0]?.endpoint.identity ?? [] },
            slots: table.owners.map { places[Int($0.rawValue)] })
    }
}

/// The content of all maps that the controller writes.
public struct Tables: Sendable, Hashable {
    /// By VIP, port and protocol.
    public var listeners: [Endpoint: ListenerEntry]
    public var services: [ServiceID: ServiceEntry]
    /// Who gets the flows of each slot, for every service that has a range; as many slots as the range counts.
    public var slots: [ServiceID: ForwardingTable<TargetID>]
    public var targets: [TargetID: TargetEntry]
    /// By the target's address, port and protocol.
    public var returnPaths: [Endpoint: ReturnPathEntry]

    public init(
        listeners: [Endpoint: ListenerEntry] = [:], services: [ServiceID: ServiceEntry] = [:],
        slots: [ServiceID: ForwardingTable<TargetID>] = [:], targets: [TargetID: TargetEntry] = [:],
        returnPaths: [Endpoint: ReturnPathEntry] = [:]
    ) {
        self.listeners = listeners
        self.services = services
        self.slots = slots
        self.targets = targets
        self.returnPaths = returnPaths
    }
}
