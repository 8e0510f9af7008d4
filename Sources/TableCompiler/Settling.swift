internal import ConsistentHashing
internal import NetworkTypes

/// Since when slots move, so that they settle when their flows have had the time to be seen.
public struct MovingSlots: Sendable, Hashable {
    /// For each slot of a service with moving ones the second, counted from `start`, in which it changed owners last;
    /// without meaning for settled ones.
    private var seconds: [ServiceID: [UInt32]] = [:]
    /// Targets that left their service while its slots move, and when that was noticed.
    private var leavers: [TargetID: ContinuousClock.Instant] = [:]
    private let start: ContinuousClock.Instant

    /// - Parameter start: Not after any other moment that is told.
    public init(start: ContinuousClock.Instant) { self.start = start }

    public var isEmpty: Bool { seconds.isEmpty }

    /// Takes over what has changed from one state of the maps to the next. What moved before it was told, as after a
    /// restart, moves as of now.
    ///
    /// - Complexity: One step for each slot of a service whose table is another, and has moving slots.
    public mutating func note(from old: Tables, to new: Tables, cache: CompilerCache, at now: ContinuousClock.Instant) {
        let second = UInt32(clamping: (now - start).components.seconds)
        seconds = seconds.filter { (new.slots[$0.key]?.movingCount ?? 0) > 0 }
        for (service, table) in new.slots where table.movingCount > 0 {
            let before = old.slots[service]
            guard let known = seconds[service], let before, before.owners.count == table.owners.count else {
                seconds[service] = [UInt32](repeating: second, count: table.owners.count)
                continue
            }
            guard before != table else { continue }
            seconds[service] = table.owners.indices.map { slot in
                before.owners[slot] == table.owners[slot] && before.previous[slot] != nil ? known[slot] : second
            }
        }
        let present = cache.leavers(in: new)
        leavers = leavers.filter { present.contains($0.key) }
        for id in present where leavers[id] == nil { leavers[id] = now }
    }

    /// Targets that left their service and have had its drain time: `Conditions.expired`.
    public func expired(in tables: Tables, cache: CompilerCache, at now: ContinuousClock.Instant) -> Set<TargetID> {
        Set(
            leavers.filter { id, since in
                guard let service = tables.targets[id]?.service else { return true }
                return now - since >= .seconds(cache.drainSeconds(of: service))
            }.keys)
    }

    /// The slots that may settle, as far as time goes.
    public func due(in tables: Tables, cache: CompilerCache, at now: ContinuousClock.Instant) -> [ServiceID: [Int]] {
        let second = Int((now - start).components.seconds)
        var due: [ServiceID: [Int]] = [:]
        for (service, seconds) in seconds {
            guard let table = tables.slots[service], table.owners.count == seconds.count else { continue }
            let drainSeconds = cache.drainSeconds(of: service)
            let slots = seconds.indices.filter { slot in
                table.previous[slot] != nil && second - Int(seconds[slot]) > drainSeconds
            }
            if !slots.isEmpty { due[service] = slots }
        }
        return due
    }
}

extension MovingSlots {
    /// The tables in which slots of UDP services that have moved for long enough send unknown flows to their owners.
    ///
    /// No packet of UDP says that it begins a flow. So an unknown one goes to the previous owner, which a new flow should
    /// not; but only for as long as an older flow can have been silent.
    ///
    /// - Returns: `nil` where there is nothing to change.
    /// - Complexity: One step for each slot of a UDP service with moving ones.
    public func forgettingPreviousOfUDP(
        in installed: Tables, cache: inout CompilerCache, at now: ContinuousClock.Instant
    ) -> Tables? {
        let second = Int((now - start).components.seconds)
        var tables = installed
        for (service, seconds) in seconds where cache.isUDP(service) {
            guard let table = installed.slots[service], table.owners.count == seconds.count else { continue }
            tables.slots[service] = table.forgettingPrevious { second - Int(seconds[$0]) > udpIdleSeconds }
        }
        guard tables != installed else { return nil }
        if cache.tables == installed { cache.tables = tables }
        return tables
    }
}

/// The tables after some moving slots have settled, and without targets that left and have no flows any more.
///
/// - Parameters:
///   - slots: Indices into the tables of services.
///   - unsettled: Of those, slots in which flows are still elsewhere.
///   - pinned: Targets that live flows are pinned to.
///   - now: When freed ids begin to rest.
public func settle(
    _ slots: [ServiceID: [Int]], except unsettled: [ServiceID: [Int]], pinned: Set<TargetID>, in installed: Tables,
    ledger: inout IDLedger, cache: inout CompilerCache, limits: TableLimits = TableLimits(),
    at now: ContinuousClock.Instant
) -> Tables {
    var tables = installed
    for (service, slots) in slots {
        guard let table = installed.slots[service] else { continue }
        var isDone = [Bool](repeating: false, count: table.owners.count)
        for slot in slots { isDone[slot] = true }
        for slot in unsettled[service] ?? [] { isDone[slot] = false }
        tables.slots[service] = table.settling { isDone[$0] }
    }
    let named = Set(slots.keys.flatMap { tables.slots[$0]?.names ?? [] })
    for id in cache.leavers(in: installed) where !named.contains(id) && !pinned.contains(id) {
        guard let entry = tables.targets[id], slots[entry.service] != nil else { continue }
        tables.targets[id] = nil
        if tables.returnPaths[entry.endpoint]?.target == id { tables.returnPaths[entry.endpoint] = nil }
    }
    ledger.keepTargets(of: tables, restingUntil: now + limits.rest)
    if cache.tables == installed { cache.tables = tables }
    return tables
}

extension CompilerCache {
    /// Targets whose flows are lost or cut: they failed, were stopped or disabled, or their time to drain is over.
    ///
    /// - Parameter ledger: Of the latest compilation.
    /// - Complexity: One step a target.
    public func losers(_ ledger: IDLedger) -> Set<TargetID> {
        var losers: Set<TargetID> = []
        for (service, demand) in demands {
            for target in demand.targets where target.admission == .loses {
                let identity = TargetIdentity(service: service, endpoint: target.endpoint)
                if let id = ledger.targets.byOwner[identity] { losers.insert(TargetID(rawValue: UInt16(id))) }
            }
        }
        return losers
    }

    /// Targets in the maps whose service does not ask for them any more.
    ///
    /// - Complexity: One step a target in the usual case that nobody has left; the maps must be those of the latest compilation
    ///   or settling.
    func leavers(in tables: Tables) -> Set<TargetID> {
        let demanded = demands.values.reduce(0) { $0 + $1.targets.count }
        guard demanded != tables.targets.count else { return [] }
        var leavers: Set<TargetID> = []
        var endpoints: [ServiceID: Set<Endpoint>] = [:]
        for (id, entry) in tables.targets {
            guard let demand = demands[entry.service] else {
                leavers.insert(id)
                continue
            }
            let asked = endpoints[entry.service] ?? Set(demand.targets.map(\.endpoint))
            endpoints[entry.service] = asked
            if !asked.contains(entry.endpoint) { leavers.insert(id) }
        }
        return leavers
    }
}

extension ForwardingTable<TargetID> {
    /// All owners and previous owners.
    fileprivate var names: Set<TargetID> {
        // No set of slots: there are a hundred thousand of some hundred targets.
        var isNamed = [Bool](repeating: false, count: Int(UInt16.max) + 1)
        for owner in owners { isNamed[Int(owner.rawValue)] = true }
        if movingCount > 0 {
            for owner in previous { if let owner { isNamed[Int(owner.rawValue)] = true } }
        }
        return Set(isNamed.indices.lazy.filter { isNamed[$0] }.map { TargetID(rawValue: UInt16($0)) })
    }
}
