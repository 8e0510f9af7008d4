internal import ConsistentHashing
package import NetworkTypes
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
/// Only services that an enabled listener uses appear. A service whose slots keep their owners keeps its range; otherwise its
/// table gets a new range, since the old one is read until the switch. Slots that change owners move: see
/// `ForwardingTable`. A target that left its service stays as long as flows may be with it.
///
/// - Parameters:
///   - canonical: Who owns slots by weight alone.
///   - conditions: Who takes flows.
///   - installed: What the maps hold now; decides which ranges and generations stay, and where flows are.
///   - ledger: Ids and ranges that are taken; changed only on success.
///   - cache: What the compilation that gave `installed` has left there, or anything else. Only the time depends on it.
///   - now: When freed ids and ranges begin to rest.
/// - Complexity: Linear in the number of targets; for services that are not as in the cache also in the number of slots,
///   times the takers for the slots of targets that take no flows.
public func compile(
    _ desired: CheckedConfiguration, canonical: CanonicalTables, conditions: Conditions, installed: Tables,
    ledger: inout IDLedger, cache: inout CompilerCache, limits: TableLimits = TableLimits(),
    at now: ContinuousClock.Instant
) throws(CompileError) -> Tables {
    var compiler = Compiler(
        installed: installed, ledger: ledger, cache: cache, expired: conditions.expired, limits: limits, now: now)
    for loadBalancer in desired.configuration.loadBalancers {
        compiler.adoptNames(in: loadBalancer)
        for demand in desired.demands(of: loadBalancer, tables: canonical, conditions: conditions) {
            try compiler.add(demand)
        }
    }
    try compiler.meetDemands()
    ledger = compiler.remainingLedger()
    cache = CompilerCache(tables: compiler.tables, demands: compiler.demands)
    return compiler.tables
}

/// The latest compilation: its tables and the demands that they meet. A service whose demand is still the same needs no
/// other entries, as long as these are the tables that are installed.
public struct CompilerCache: Sendable {
    var tables = Tables()
    private(set) var demands: [ServiceID: Demand] = [:]

    public init() {}

    fileprivate init(tables: Tables, demands: [ServiceID: Demand]) {
        self.tables = tables
        self.demands = demands
    }

    /// How long flows of a service's moving slots have to be seen.
    public func drainSeconds(of service: ServiceID) -> Int { demands[service]?.drainSeconds ?? 0 }

    /// Whether no packet of its flows says that it begins one. All listeners of a service have its protocol.
    func isUDP(_ service: ServiceID) -> Bool { demands[service]?.listeners.first?.transport == .udp }
}

/// The state of one compilation.
private struct Compiler {
    let installed: Tables
    var ledger: IDLedger
    let limits: TableLimits
    let now: ContinuousClock.Instant
    /// Targets that left and have had their time.
    let expired: Set<TargetID>
    /// What the entries of `tables` meet as long as nothing is changed in them.
    private let met: [ServiceID: Demand]
    /// Services that somebody left who has had its time, of which demands say nothing.
    private let overdue: Set<ServiceID>
    private(set) var demands: [ServiceID: Demand] = [:]
    private var unmet: [ServiceID] = []
    /// Of those services, and of those that go: also targets that left.
    private lazy var installedTargets = installedTargetsOfChanged()
    /// Who asks for each endpoint in mode nat; found out when somebody left.
    private lazy var demanders = demandersByEndpoint()
    private(set) var tables: Tables

    init(
        installed: Tables, ledger: IDLedger, cache: CompilerCache, expired: Set<TargetID>, limits: TableLimits,
        now: ContinuousClock.Instant
    ) {
        self.installed = installed
        self.ledger = ledger
        self.limits = limits
        self.now = now
        self.expired = expired
        // The usual case takes no time: equal tables are the same ones in memory.
        let isUsable = cache.tables == installed
        met = isUsable ? cache.demands : [:]
        overdue = Set(expired.compactMap { installed.targets[$0]?.service })
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
        if met[id] != demand || overdue.contains(id) { unmet.append(id) }
    }

    mutating func meetDemands() throws(CompileError) {
        unmet += servicesOfClaimedLeavers()
        // First what goes: a target or a listener may go to another service.
        for (id, demand) in met where demands[id] == nil { removeEntries(of: id, for: demand, but: nil) }
        for id in unmet {
            if let demand = met[id] { removeEntries(of: id, for: demand, but: demands[id]) }
        }
        for id in unmet { try addEntries(of: id) }
    }

    /// Services whose demand is met, but that a target left which another service asks for now.
    private func servicesOfClaimedLeavers() -> Set<ServiceID> {
        guard !unmet.isEmpty, installed.targets.count != met.values.reduce(0, { $0 + $1.targets.count }) else {
            return []
        }
        let claimed = Set(unmet.flatMap { demands[$0]?.targets.map(\.endpoint) ?? [] })
        let services = installed.targets.values.filter { claimed.contains($0.endpoint) }.map(\.service)
        return Set(services).subtracting(unmet).intersection(demands.keys)
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
            if demand.mode == .nat { tables.returnPaths[target.endpoint] = nil }
        }
        if demand.mode == .nat, let next, next.mode != .nat {
            for target in demand.targets { tables.returnPaths[target.endpoint] = nil }
        }
        for vip in demand.listeners where next?.listeners.contains(vip) != true { tables.listeners[vip] = nil }
        guard next == nil else { return }
        tables.services[service] = nil
        tables.slots[service] = nil
        removeTargets(installedTargets[service, default: []])
    }

    private mutating func removeTargets(_ ids: Set<TargetID>) {
        for id in ids {
            guard let entry = tables.targets.removeValue(forKey: id) else { continue }
            if tables.returnPaths[entry.endpoint]?.target == id { tables.returnPaths[entry.endpoint] = nil }
        }
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
        try addTable(forwardingTable(of: service, for: demand, ids), of: service, for: demand)
        for vip in demand.listeners { try addListener(vip, to: service, targets: zip(ids, demand.targets)) }
    }

    /// The table that meets a demand, following the one that is installed; `nil` where nobody has or may take a flow.
    ///
    /// Those who left stay among the targets until they have had their time, or `settle` finds that they have no flows.
    private mutating func forwardingTable(
        of service: ServiceID, for demand: Demand, _ ids: [TargetID]
    ) -> ForwardingTable<TargetID>? {
        let owners = demand.slotOwners(ids)
        let gone = installedTargets[service, default: []].subtracting(ids)
        // Another algorithm gives flows other slots, another mode other packets: no flow goes on.
        guard let old = installed.slots[service], installed.services[service]?.algorithm == demand.algorithm,
            installed.services[service]?.mode == demand.mode
        else {
            removeTargets(gone)
            return owners.isEmpty ? nil : ForwardingTable(settled: owners)
        }
        let lost = zip(ids, demand.targets).compactMap { id, target in target.admission == .loses ? id : nil }
        let dead = Set(lost).union(gone.filter { isOver($0, drainSeconds: demand.drainSeconds) }).union([.nobody])
        // Where nobody takes new flows, some may still have theirs.
        let newOwners = owners.isEmpty ? [TargetID](repeating: .nobody, count: old.owners.count) : owners
        var table = old.handedOver(to: newOwners, dead: dead)
        if table.previous.contains(.nobody) { table = table.settling { table.previous[$0] == .nobody } }
        // Also those that no slot names: flows of slots that were moving before may be pinned to them.
        let staying = table.movingCount == 0 ? [] : gone.subtracting(dead)
        removeTargets(gone.subtracting(staying))
        for id in staying { keepTarget(id) }
        return owners.isEmpty && table.movingCount == 0 ? nil : table
    }

    /// Whether the flows of a target that left are lost.
    private mutating func isOver(_ id: TargetID, drainSeconds: Int) -> Bool {
        guard drainSeconds > 0, !expired.contains(id), let entry = installed.targets[id] else { return true }
        // Replies of a server lead to one listener, where they come back.
        return installed.services[entry.service]?.mode == .nat && demanders[entry.endpoint] != nil
    }

    private mutating func keepTarget(_ id: TargetID) {
        guard let entry = installed.targets[id] else { return }
        put(entry, under: id, in: &tables.targets)
        if let path = installed.returnPaths[entry.endpoint], path.target == id {
            put(path, under: entry.endpoint, in: &tables.returnPaths)
        }
    }

    private func installedTargetsOfChanged() -> [ServiceID: Set<TargetID>] {
        let services = Set(unmet).union(met.keys.filter { demands[$0] == nil })
        var targets: [ServiceID: Set<TargetID>] = [:]
        for (id, entry) in installed.targets where services.contains(entry.service) {
            targets[entry.service, default: []].insert(id)
        }
        return targets
    }

    private func demandersByEndpoint() -> [Endpoint: ServiceID] {
        var demanders: [Endpoint: ServiceID] = [:]
        for (id, demand) in demands where demand.mode == .nat {
            for target in demand.targets { demanders[target.endpoint] = id }
        }
        return demanders
    }

    private mutating func addTable(
        _ table: ForwardingTable<TargetID>?, of service: ServiceID, for demand: Demand
    ) throws(CompileError) {
        let old = installed.services[service]
        var range = old?.range
        var generation = old?.generation ?? 0
        if installed.slots[service]?.owners != table?.owners || (range == nil) != (table == nil) {
            range = nil
            generation &+= 1
            if let table {
                range = ledger.slots.allocate(UInt32(table.owners.count), at: now)
                guard range != nil else { throw .outOfSlots(limit: limits.slots) }
            }
        }
        tables.slots[service] = table
        tables.services[service] = ServiceEntry(
            identity: demand.identity, algorithm: demand.algorithm, mode: demand.mode, range: range,
            generation: generation)
    }

    private mutating func addListener(
        _ vip: Endpoint, to service: ServiceID, targets: some Sequence<(TargetID, Demand.Target)>
    ) throws(CompileError) {
        guard let number = ledger.listeners.id(for: vip, at: now) else {
            throw .tooManyListeners(limit: limits.listeners)
        }
        let id = ListenerID(rawValue: number)
        put(ListenerEntry(id: id, service: service), under: vip, in: &tables.listeners)
        // In other modes targets reply to clients themselves.
        guard tables.services[service]?.mode == .nat else { return }
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
        ledger.keepTargets(of: tables, restingUntil: end)
        let used = Set(tables.services.values.compactMap(\.range))
        for range in installed.services.values.compactMap(\.range) where !used.contains(range) {
            ledger.slots.free(range, restingUntil: end)
        }
        return ledger
    }
}

extension Demand {
    /// For each slot the id of its owner; empty when nobody may take a flow.
    ///
    /// - Parameter ids: Those of `targets`.
    fileprivate func slotOwners(_ ids: [TargetID]) -> [TargetID] {
        let places = Dictionary(uniqueKeysWithValues: targets.indices.map { (targets[$0].endpoint.identity, $0) })
        // The table may list the targets in another order.
        let order = table.targets.map { places[$0.identity] }
        let owners = table.overlaid(
            portions: order.map { $0.map { targets[$0].admission.portion } ?? .none }, before: usableTableBefore)
        return owners.map { order[Int($0)].map { ids[$0] } ?? .nobody }
    }

    /// A table that was built anew since is no repair of it.
    private var usableTableBefore: CanonicalTable? {
        guard let tableBefore, !tableBefore.slots.isEmpty, table.slots.count % tableBefore.slots.count == 0 else {
            return nil
        }
        return tableBefore
    }
}

extension Endpoint {
    /// The same bytes on every node: what tables are ordered by.
    package var identity: [UInt8] {
        address.bytes + [UInt8(truncatingIfNeeded: port >> 8), UInt8(truncatingIfNeeded: port), transport.rawValue]
    }
}
