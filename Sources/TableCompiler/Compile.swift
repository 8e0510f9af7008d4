internal import ConsistentHashing
internal import NetworkTypes
public import ServiceModel

/// Why resources do not fit the maps.
public enum CompileError: Error, Sendable, Hashable {
    case tooManyListeners(limit: UInt32)
    case tooManyServices(limit: UInt32)
    case tooManyTargets(limit: UInt32)
    /// Ranges that were freed a moment ago may make room: worth another try after `TableLimits.rest`.
    case outOfSlots(limit: UInt32)
}

extension CompileError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .tooManyListeners(let limit): "the data plane holds at most \(limit) listeners"
        case .tooManyServices(let limit): "the data plane holds at most \(limit) backend services"
        case .tooManyTargets(let limit):
            "the data plane holds at most \(limit - 1) targets, counted once per service that they serve"
        case .outOfSlots(let limit): "the data plane holds at most \(limit) slots, those of replaced tables included"
        }
    }
}

/// Makes the tables that the maps must hold.
///
/// Only services that an enabled listener uses appear. A service whose tables need not change keeps its range; a new table gets
/// a new range, since the old one is read until the switch.
///
/// - Parameters:
///   - installed: What the maps hold now; decides which ranges and generations stay.
///   - ledger: Ids and ranges that are taken; changed only on success.
///   - cache: What the compilation that gave `installed` has left there, or anything else. Only the time depends on it.
///   - now: When freed ids and ranges begin to rest.
/// - Complexity: Linear in the number of targets; for services that are not as in the cache also in the number of slots,
///   times the takers for the slots of targets that take no flows.
public func compile(
    _ desired: CheckedConfiguration, health: HealthView, installed: Tables, ledger: inout IDLedger,
    cache: inout CompilerCache, limits: TableLimits = TableLimits(), at now: ContinuousClock.Instant
) throws(CompileError) -> Tables {
    var compiler = Compiler(installed: installed, ledger: ledger, cache: cache, limits: limits, now: now)
    for loadBalancer in desired.configuration.loadBalancers {
        compiler.adoptNames(in: loadBalancer)
        for demand in desired.demands(of: loadBalancer, health: health) { try compiler.add(demand) }
    }
    try compiler.meetDemands()
    ledger = compiler.remainingLedger()
    cache = CompilerCache(tables: compiler.tables, demands: compiler.demands)
    return compiler.tables
}

/// The latest compilation: its tables and the demands that they meet. A service whose demand is still the same needs no
/// other entries, as long as these are the tables that are installed.
public struct CompilerCache: Sendable {
    fileprivate var tables = Tables()
    fileprivate var demands: [ServiceID: Demand] = [:]

    public init() {}

    fileprivate init(tables: Tables, demands: [ServiceID: Demand]) {
        self.tables = tables
        self.demands = demands
    }
}

/// The state of one compilation.
private struct Compiler {
    let installed: Tables
    var ledger: IDLedger
    let limits: TableLimits
    let now: ContinuousClock.Instant
    /// What the entries of `tables` meet as long as nothing is changed in them.
    private let met: [ServiceID: Demand]
    private(set) var demands: [ServiceID: Demand] = [:]
    private var unmet: [ServiceID] = []
    private(set) var tables: Tables

    init(
        installed: Tables, ledger: IDLedger, cache: CompilerCache, limits: TableLimits, now: ContinuousClock.Instant
    ) {
        self.installed = installed
        self.ledger = ledger
        self.limits = limits
        self.now = now
        // The usual case takes no time: equal tables are the same ones in memory.
        let isUsable = cache.tables == installed
        met = isUsable ? cache.demands : [:]
        tables = isUsable ? installed : Tables()
    }

    /// Maps that an earlier version has filled know services by their names.
    mutating func adoptNames(in loadBalancer: LoadBalancer) {
        for service in loadBalancer.services {
            ledger.services.rename(
                serviceIdentity(loadBalancer.nameKey(of: service)), to: serviceIdentity(loadBalancer.key(of: service)))
        }
    }

    mutating func add(_ demand: Demand) throws(CompileError) {
        guard let number = ledger.services.id(for: demand.identity, at: now) else {
            throw .tooManyServices(limit: limits.services)
        }
        let id = ServiceID(rawValue: number)
        demands[id] = demand
        if met[id] != demand { unmet.append(id) }
    }

    mutating func meetDemands() throws(CompileError) {
        // First what goes: a target or a listener may go to another service.
        for (id, demand) in met where demands[id] == nil { removeEntries(of: id, for: demand, but: nil) }
        for id in unmet {
            if let demand = met[id] { removeEntries(of: id, for: demand, but: demands[id]) }
        }
        for id in unmet { try addEntries(of: id) }
    }

    // MARK: What goes

    /// - Parameter next: What the service asks for now; `nil` when it is no more.
    private mutating func removeEntries(of service: ServiceID, for demand: Demand, but next: Demand?) {
        let endpoints = Set(next?.targets.map(\.endpoint) ?? [])
        for target in demand.targets where !endpoints.contains(target.endpoint) {
            let identity = TargetIdentity(service: service, endpoint: target.endpoint)
            if let number = ledger.targets.byOwner[identity] {
                tables.targets[TargetID(rawValue: UInt16(number))] = nil
            }
            tables.returnPaths[target.endpoint] = nil
        }
        for vip in demand.listeners where next?.listeners.contains(vip) != true { tables.listeners[vip] = nil }
        guard next == nil else { return }
        tables.services[service] = nil
        tables.slots[service] = nil
    }

    // MARK: What comes

    private mutating func addEntries(of service: ServiceID) throws(CompileError) {
        guard let demand = demands[service] else { preconditionFailure("what is unmet was demanded") }
        var ids: [TargetID] = []
        for target in demand.targets {
            let identity = TargetIdentity(service: service, endpoint: target.endpoint)
            guard let number = ledger.targets.id(for: identity, at: now) else {
                throw .tooManyTargets(limit: limits.targets)
            }
            let id = TargetID(rawValue: UInt16(number))
            put(TargetEntry(endpoint: target.endpoint, service: service), under: id, in: &tables.targets)
            ids.append(id)
        }
        try addTable(of: service, for: demand, owners: slotOwners(among: demand.targets).map { ids[Int($0)] })
        for vip in demand.listeners { try addListener(vip, to: service, targets: zip(ids, demand.targets)) }
    }

    private mutating func addTable(
        of service: ServiceID, for demand: Demand, owners: [TargetID]
    ) throws(CompileError) {
        let old = installed.services[service]
        var range = old?.range
        var generation = old?.generation ?? 0
        if installed.slots[service] ?? [] != owners || (range == nil) != owners.isEmpty {
            range = nil
            generation &+= 1
            if !owners.isEmpty {
                range = ledger.slots.allocate(UInt32(owners.count), at: now)
                guard range != nil else { throw .outOfSlots(limit: limits.slots) }
            }
        }
        tables.slots[service] = owners.isEmpty ? nil : owners
        tables.services[service] = ServiceEntry(
            identity: demand.identity, algorithm: demand.algorithm, mode: .nat, range: range, generation: generation)
    }

    private mutating func addListener(
        _ vip: Endpoint, to service: ServiceID, targets: some Sequence<(TargetID, Demand.Target)>
    ) throws(CompileError) {
        guard let number = ledger.listeners.id(for: vip, at: now) else {
            throw .tooManyListeners(limit: limits.listeners)
        }
        let id = ListenerID(rawValue: number)
        put(ListenerEntry(id: id, service: service), under: vip, in: &tables.listeners)
        for (target, demanded) in targets {
            let entry = ReturnPathEntry(
                vip: vip, target: target, targetAddress: demanded.endpoint.address, listener: id)
            put(entry, under: demanded.endpoint, in: &tables.returnPaths)
        }
    }

    /// Leaves a map alone that has the entry already: the plan then sees at once that nothing has changed in it.
    private func put<Key, Value: Equatable>(_ value: Value, under key: Key, in map: inout [Key: Value]) {
        if map[key] != value { map[key] = value }
    }

    /// The ledger without what these tables no longer use.
    func remainingLedger() -> IDLedger {
        var ledger = ledger
        let end = now + limits.rest
        ledger.listeners.keep(tables.listeners.count, restingUntil: end) { vip, _ in tables.listeners[vip] != nil }
        ledger.services.keep(tables.services.count, restingUntil: end) { _, id in
            tables.services[ServiceID(rawValue: id)] != nil
        }
        ledger.targets.keep(tables.targets.count, restingUntil: end) { _, id in
            tables.targets[TargetID(rawValue: UInt16(id))] != nil
        }
        let used = Set(tables.services.values.compactMap(\.range))
        for range in installed.services.values.compactMap(\.range) where !used.contains(range) {
            ledger.slots.free(range, restingUntil: end)
        }
        return ledger
    }
}

/// For each slot the index of its owner in `targets`; empty when nobody may take a flow.
private func slotOwners(among targets: [Demand.Target]) -> [UInt16] {
    let canonical = CanonicalTable(
        targets: targets.map { WeightedTarget(identity: $0.endpoint.identity, weight: $0.weight) })
    return canonical.overlaid(takers: targets.map(\.takesFlows))
}

extension Endpoint {
    /// The same bytes on every node: what tables are ordered by.
    var identity: [UInt8] {
        address.bytes + [UInt8(truncatingIfNeeded: port >> 8), UInt8(truncatingIfNeeded: port), transport.rawValue]
    }
}
