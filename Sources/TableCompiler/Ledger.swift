internal import NetworkTypes
public import ServiceModel

/// Which ids and slot ranges are taken, so that resources keep theirs from one compilation to the next and a restart
/// moves no flow. Rebuilt from the maps at start.
public struct IDLedger: Sendable, Hashable {
    var listeners: Assignments<Endpoint>
    var services: Assignments<UInt64>
    var targets: Assignments<TargetIdentity>
    var slots: SlotArena

    /// Nothing is taken.
    public init(limits: TableLimits = TableLimits()) {
        listeners = Assignments(ids: 0..<limits.listeners)
        services = Assignments(ids: 0..<limits.services)
        targets = Assignments(ids: 1..<limits.targets, isReleasedByHand: true)
        slots = SlotArena(capacity: limits.slots)
    }

    /// What the maps say is taken.
    public init(installed tables: Tables, limits: TableLimits = TableLimits()) {
        self.init(limits: limits)
        for (endpoint, entry) in tables.listeners { listeners.adopt(endpoint, id: entry.id.rawValue) }
        for (id, entry) in tables.services {
            services.adopt(entry.identity, id: id.rawValue)
            if let range = entry.range { slots.adopt(range) }
        }
        for (id, entry) in tables.targets {
            targets.adopt(TargetIdentity(service: entry.service, endpoint: entry.endpoint), id: UInt32(id.rawValue))
        }
    }
}

extension IDLedger {
    /// Targets that are gone and that no packet in the program's hands can name any more. Pins may: their ids go to no other
    /// target before these are removed and `release(_:)` is told.
    public func targetsToForget(at now: ContinuousClock.Instant) -> Set<TargetID> {
        Set(targets.rested(at: now).map { TargetID(rawValue: UInt16($0)) })
    }

    /// The id of a target of a service; `nil` where it has none.
    public func targetID(of key: TargetKey) -> TargetID? {
        guard let service = services.byOwner[serviceIdentity(key.service)] else { return nil }
        let identity = TargetIdentity(service: ServiceID(rawValue: service), endpoint: key.endpoint)
        return targets.byOwner[identity].map { TargetID(rawValue: UInt16($0)) }
    }

    /// The id of a service in the maps; `nil` where it has none.
    public func serviceID(of key: ResourceID) -> ServiceID? {
        services.byOwner[serviceIdentity(key)].map { ServiceID(rawValue: $0) }
    }

    /// No pin names these targets any more.
    public mutating func release(_ ids: Set<TargetID>) { targets.release(Set(ids.map { UInt32($0.rawValue) })) }

    mutating func keepTargets(of tables: Tables, restingUntil end: ContinuousClock.Instant) {
        targets.keep(tables.targets.count, restingUntil: end) { _, id in
            tables.targets[TargetID(rawValue: UInt16(id))] != nil
        }
    }
}

/// How much the maps hold. Defaults are those of the program's header of limits.
public struct TableLimits: Sendable, Hashable {
    public var listeners: UInt32
    public var services: UInt32
    /// One more than the greatest id, since 0 is nobody.
    public var targets: UInt32
    public var slots: UInt32
    /// How long an id or a range that was freed stays unused: longer than any packet is under way in the program.
    public var rest: Duration

    public init(
        listeners: UInt32 = 8192, services: UInt32 = 8192, targets: UInt32 = 65536, slots: UInt32 = 4_194_304,
        rest: Duration = .seconds(1)
    ) {
        self.listeners = listeners
        self.services = services
        self.targets = targets
        self.slots = slots
        self.rest = rest
    }
}

/// A target as the maps know it: the same server in two services is two targets.
struct TargetIdentity: Sendable, Hashable {
    let service: ServiceID
    let endpoint: Endpoint
}

/// Ids that owners keep, taken in turn, so that a freed one is reused as late as possible.
struct Assignments<Owner: Hashable & Sendable>: Sendable, Hashable {
    private let ids: Range<UInt32>
    /// Whether a freed id that has rested stays unused until `release(_:)`.
    private let isReleasedByHand: Bool
    private(set) var byOwner: [Owner: UInt32] = [:]
    private var taken: Set<UInt32> = []
    private var resting: [Resting<UInt32>] = []
    private var next: UInt32

    init(ids: Range<UInt32>, isReleasedByHand: Bool = false) {
        self.ids = ids
        self.isReleasedByHand = isReleasedByHand
        next = ids.lowerBound
    }

    /// Records an assignment that the maps hold. Of two owners of one id, or two ids of one owner, the first stays.
    mutating func adopt(_ owner: Owner, id: UInt32) {
        guard byOwner[owner] == nil, ids.contains(id), taken.insert(id).inserted else { return }
        byOwner[owner] = id
        next = id + 1 < ids.upperBound ? id + 1 : ids.lowerBound
    }

    /// Gives an owner's id to another one, which has none: it is the same under a new name.
    mutating func rename(_ owner: @autoclosure () -> Owner, to new: Owner) {
        guard byOwner[new] == nil, let id = byOwner.removeValue(forKey: owner()) else { return }
        byOwner[new] = id
    }

    /// The owner's id, a new one if it has none; `nil` when all are taken or resting.
    mutating func id(for owner: Owner, at now: ContinuousClock.Instant) -> UInt32? {
        if let id = byOwner[owner] { return id }
        wake(at: now)
        guard taken.count < ids.count else { return nil }
        while taken.contains(next) { advance() }
        let id = next
        advance()
        taken.insert(id)
        byOwner[owner] = id
        return id
    }

    /// Frees the ids of all owners but these; they rest until `end`.
    ///
    /// - Parameters:
    ///   - count: How many are kept: when that is all, nobody is looked for.
    ///   - isKept: Whether the owner of an id is one of them.
    mutating func keep(_ count: Int, restingUntil end: ContinuousClock.Instant, where isKept: (Owner, UInt32) -> Bool) {
        guard byOwner.count > count else { return }
        for (owner, id) in byOwner where !isKept(owner, id) {
            byOwner[owner] = nil
            resting.append(Resting(what: id, until: end))
        }
    }

    /// Freed ids that have rested and are not released yet.
    func rested(at now: ContinuousClock.Instant) -> [UInt32] { resting.filter { $0.until <= now }.map(\.what) }

    mutating func release(_ ids: Set<UInt32>) {
        taken.subtract(resting.filter { ids.contains($0.what) }.map(\.what))
        resting.removeAll { ids.contains($0.what) }
    }

    private mutating func advance() { next = next + 1 < ids.upperBound ? next + 1 : ids.lowerBound }

    private mutating func wake(at now: ContinuousClock.Instant) {
        if isReleasedByHand { return }
        for rested in resting where rested.until <= now { taken.remove(rested.what) }
        resting.removeAll { $0.until <= now }
    }
}

/// Something freed that must not be used again yet.
struct Resting<What: Hashable & Sendable>: Sendable, Hashable {
    let what: What
    let until: ContinuousClock.Instant
}

/// Ranges of the one slot array, first fit.
struct SlotArena: Sendable, Hashable {
    private let capacity: UInt32
    /// In order of offset.
    private var taken: [SlotRange] = []
    private var resting: [Resting<SlotRange>] = []

    init(capacity: UInt32) { self.capacity = capacity }

    /// Records a range that the maps hold; one that overlaps another or the end is left out.
    mutating func adopt(_ range: SlotRange) {
        guard range.end <= capacity, !taken.contains(where: range.overlaps) else { return }
        insert(range)
    }

    /// A free range of this many slots; `nil` when there is none.
    /// - Complexity: Linear in the number of ranges.
    mutating func allocate(_ count: UInt32, at now: ContinuousClock.Instant) -> SlotRange? {
        wake(at: now)
        var offset: UInt32 = 0
        for range in taken {
            if range.offset - offset >= count + count & 1 { break }
            offset = range.end
        }
        let found = SlotRange(offset: offset, count: count)
        guard found.end <= capacity else { return nil }
        insert(found)
        return found
    }

    /// The range stays unused until `end`.
    mutating func free(_ range: SlotRange, restingUntil end: ContinuousClock.Instant) {
        resting.append(Resting(what: range, until: end))
    }

    private mutating func insert(_ range: SlotRange) {
        taken.insert(range, at: taken.firstIndex { $0.offset > range.offset } ?? taken.endIndex)
    }

    private mutating func wake(at now: ContinuousClock.Instant) {
        let rested = Set(resting.filter { $0.until <= now }.map(\.what))
        guard !rested.isEmpty else { return }
        taken.removeAll(where: rested.contains)
        resting.removeAll { $0.until <= now }
    }
}
