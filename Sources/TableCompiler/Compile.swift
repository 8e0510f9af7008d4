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
///   - now: When freed ids and ranges begin to rest.
/// - Complexity: Linear in the number of slots, times the takers for the slots of targets that take no flows.
public func compile(
    _ desired: CheckedConfiguration, health: HealthView, installed: Tables, ledger: inout IDLedger,
    limits: TableLimits = TableLimits(), at now: ContinuousClock.Instant
) throws(CompileError) -> Tables {
    var compiler = Compiler(installed: installed, ledger: ledger, limits: limits, now: now)
    for loadBalancer in desired.configuration.loadBalancers {
        try compiler.add(loadBalancer, of: desired, health: health)
    }
    ledger = compiler.finish()
    return compiler.tables
}

/// The state of one compilation.
private struct Compiler {
    let installed: Tables
    var ledger: IDLedger
    let limits: TableLimits
    let now: ContinuousClock.Instant
    var tables = Tables()

    init(installed: Tables, ledger: IDLedger, limits: TableLimits, now: ContinuousClock.Instant) {
        self.installed = installed
        self.ledger = ledger
        self.limits = limits
        self.now = now
    }

    mutating func add(
        _ loadBalancer: LoadBalancer, of desired: CheckedConfiguration, health: HealthView
    ) throws(CompileError) {
        for service in loadBalancer.services {
            let listeners = loadBalancer.listeners.filter { $0.isEnabled && $0.service == service.name }
            guard !listeners.isEmpty else { continue }
            let identity = serviceIdentity(loadBalancer.key(of: service))
            // Until no maps are left that an earlier version has filled.
            ledger.services.rename(serviceIdentity(loadBalancer.nameKey(of: service)), to: identity)
            guard let number = ledger.services.id(for: identity, at: now) else {
                throw .tooManyServices(limit: limits.services)
            }
            let id = ServiceID(rawValue: number)
            let targets = desired.targets(of: service, in: loadBalancer)
            let ids = try add(targets, of: id)
            let owners = slotOwners(of: service, in: loadBalancer, targets: targets, health: health).map {
                ids[Int($0)]
            }
            try addService(service, id: id, identity: identity, owners: owners)
            for listener in listeners {
                try add(listener, of: loadBalancer, service: id, targets: zip(ids, targets))
            }
        }
    }

    private mutating func add(
        _ targets: [ResolvedTarget], of service: ServiceID
    ) throws(CompileError) -> [TargetID] {
        var ids: [TargetID] = []
        for target in targets {
            let identity = TargetIdentity(service: service, endpoint: target.endpoint)
            guard let number = ledger.targets.id(for: identity, at: now) else {
                throw .tooManyTargets(limit: limits.targets)
            }
            let id = TargetID(rawValue: UInt16(number))
            tables.targets[id] = TargetEntry(endpoint: target.endpoint, service: service)
            ids.append(id)
        }
        return ids
    }

    private mutating func addService(
        _ service: BackendService, id: ServiceID, identity: UInt64, owners: [TargetID]
    ) throws(CompileError) {
        let old = installed.services[id]
        var range = old?.range
        var generation = old?.generation ?? 0
        if installed.slots[id] ?? [] != owners || (range == nil) != owners.isEmpty {
            range = nil
            generation &+= 1
            if !owners.isEmpty {
                range = ledger.slots.allocate(UInt32(owners.count), at: now)
                guard range != nil else { throw .outOfSlots(limit: limits.slots) }
            }
        }
        if !owners.isEmpty { tables.slots[id] = owners }
        tables.services[id] = ServiceEntry(
            identity: identity, algorithm: service.algorithm.entry, mode: .nat, range: range, generation: generation)
    }

    private mutating func add(
        _ listener: Listener, of loadBalancer: LoadBalancer, service: ServiceID,
        targets: some Sequence<(TargetID, ResolvedTarget)>
    ) throws(CompileError) {
        let vip = Endpoint(address: loadBalancer.vip, port: UInt16(listener.port), transport: listener.transport)
        guard let number = ledger.listeners.id(for: vip, at: now) else {
            throw .tooManyListeners(limit: limits.listeners)
        }
        let id = ListenerID(rawValue: number)
        tables.listeners[vip] = ListenerEntry(id: id, service: service)
        for (target, resolved) in targets {
            tables.returnPaths[resolved.endpoint] = ReturnPathEntry(
                vip: vip, target: target, targetAddress: resolved.endpoint.address, listener: id)
        }
    }

    /// The ledger without what these tables no longer use.
    func finish() -> IDLedger {
        var ledger = ledger
        let end = now + limits.rest
        ledger.listeners.keep(Set(tables.listeners.keys), restingUntil: end)
        ledger.services.keep(Set(tables.services.values.map(\.identity)), restingUntil: end)
        ledger.targets.keep(
            Set(tables.targets.values.map { TargetIdentity(service: $0.service, endpoint: $0.endpoint) }),
            restingUntil: end)
        let used = Set(tables.services.values.compactMap(\.range))
        for range in installed.services.values.compactMap(\.range) where !used.contains(range) {
            ledger.slots.free(range, restingUntil: end)
        }
        return ledger
    }
}

/// For each slot the index of its owner in `targets`; empty when nobody may take a flow.
private func slotOwners(
    of service: BackendService, in loadBalancer: LoadBalancer, targets: [ResolvedTarget], health: HealthView
) -> [UInt16] {
    let running = targets.map(\.isRunning)
    let canonical = CanonicalTable(
        targets: targets.map { WeightedTarget(identity: $0.endpoint.identity, weight: $0.weight) })
    guard service.healthCheck.isEnabled else { return canonical.overlaid(takers: running) }

    let key = loadBalancer.key(of: service)
    let takers = targets.map { target in
        target.isRunning && health.healthy.contains(TargetKey(service: key, endpoint: target.endpoint))
    }
    let owners = canonical.overlaid(takers: takers)
    if owners.isEmpty, service.allUnhealthyPolicy == .forward { return canonical.overlaid(takers: running) }
    return owners
}

extension Endpoint {
    /// The same bytes on every node: what tables are ordered by.
    var identity: [UInt8] {
        address.bytes + [UInt8(truncatingIfNeeded: port >> 8), UInt8(truncatingIfNeeded: port), transport.rawValue]
    }
}

extension BackendService.Algorithm {
    var entry: ServiceEntry.Algorithm { self == .sourceIP ? .sourceIP : .fiveTuple }
}

/// FNV-1a with 64 bits (Fowler, Noll, Vo; RFC 9923), never 0. It need only tell some thousand services apart.
func serviceIdentity(_ key: ResourceID) -> UInt64 {
    let hash = key.rawValue.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { hash, byte in
        (hash ^ UInt64(byte)) &* 0x100_0000_01b3
    }
    return max(hash, 1)
}
