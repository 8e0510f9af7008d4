internal import ConsistentHashing
internal import Foundation
internal import HealthChecking
internal import Logging
internal import NetworkTypes
internal import ServiceModel
internal import TableCompiler

/// What the operator wants of targets, beside their weights.
struct AdminStates: Sendable, Hashable {
    /// The targets that drain, and the second since 1970 at which their flows are cut, if any.
    var draining: [TargetKey: Int64?] = [:]
    var disabled: Set<TargetKey> = []

    init() {}

    init(of resources: CheckedConfiguration) {
        for loadBalancer in resources.configuration.loadBalancers {
            for service in loadBalancer.services {
                for target in resources.targets(of: service, in: loadBalancer) where target.adminState != .enabled {
                    let key = TargetKey(service: loadBalancer.key(of: service), endpoint: target.endpoint)
                    switch target.adminState {
                    case .enabled: break
                    case .draining: draining[key] = .some(target.drainUntil)
                    case .disabled: disabled.insert(key)
                    }
                }
            }
        }
    }

    /// The targets that keep their flows at this moment, and those that lose them.
    func split(at unixSeconds: Int64) -> (draining: Set<TargetKey>, disabled: Set<TargetKey>) {
        var keeping: Set<TargetKey> = []
        var losing = disabled
        for (key, until) in draining {
            if let until, until <= unixSeconds { losing.insert(key) } else { keeping.insert(key) }
        }
        return (keeping, losing)
    }
}

/// What is remembered from one run to the next about slots that move and about who takes flows.
struct Moves: Sendable {
    var slots: MovingSlots
    var slowStarts = SlowStarts()
    /// Of services that targets joined, the canonical table before, until all of them take all of their slots.
    var tablesBefore: [ResourceID: CanonicalTable] = [:]
    /// Targets whose flows are lost or cut, as far as that was looked after.
    var losers: Set<TargetID> = []
    /// Targets whose pins are to go when no packet in the program's hands can make another.
    var cuts: [TargetID: ContinuousClock.Instant] = [:]
    var settledAt: ContinuousClock.Instant
    var sweptAt: ContinuousClock.Instant

    init(start: ContinuousClock.Instant) {
        slots = MovingSlots(start: start)
        settledAt = start
        sweptAt = start
    }

    /// Remembers the tables of services that targets join.
    mutating func noteJoins(from old: CanonicalTables, to new: CanonicalTables, services: some Sequence<ResourceID>) {
        for service in services where tablesBefore[service] == nil {
            guard let before = old[service], let after = new[service], before != after, !before.slots.isEmpty else {
                continue
            }
            let known = Set(before.targets.map(\.identity))
            if after.targets.contains(where: { !known.contains($0.identity) }) { tablesBefore[service] = before }
        }
    }
}

extension Controller {
    /// How long pins and slots are left alone between two looks.
    private static let settleEvery = Duration.seconds(1)
    private static let sweepEvery = Duration.seconds(10)

    /// Who takes flows now.
    func conditions(of desired: Desired, at now: ContinuousClock.Instant, unixSeconds: Int64) -> Conditions {
        let (draining, disabled) = desired.adminStates.split(at: unixSeconds)
        var conditions = Conditions(
            healthy: health.healthy, unhealthy: health.unhealthy, draining: draining, disabled: disabled,
            expired: moves.slots.expired(in: installed, cache: compilerCache, at: now))
        var slow: [ResourceID: (seconds: Int, targets: [TargetKey])] = [:]
        for loadBalancer in desired.resources.configuration.loadBalancers {
            for service in loadBalancer.services where service.slowStartSeconds > 0 {
                let key = loadBalancer.key(of: service)
                let takers = desired.resources.targets(of: service, in: loadBalancer).compactMap {
                    conditions.isTaker($0, of: service, key: key)
                        ? TargetKey(service: key, endpoint: $0.endpoint) : nil
                }
                slow[key] = (service.slowStartSeconds, takers)
            }
        }
        conditions.portions = moves.slowStarts.portions(for: slow, at: now)
        conditions.tablesBefore = tablesBefore(of: desired, conditions)
        return conditions
    }

    /// The tables before targets joined that do not take all of their slots yet; the others are forgotten.
    private func tablesBefore(of desired: Desired, _ conditions: Conditions) -> [ResourceID: CanonicalTable] {
        guard !moves.tablesBefore.isEmpty else { return [:] }
        var due: [ResourceID: CanonicalTable] = [:]
        for loadBalancer in desired.resources.configuration.loadBalancers {
            for service in loadBalancer.services {
                let key = loadBalancer.key(of: service)
                guard let before = moves.tablesBefore[key] else { continue }
                let known = Set(before.targets.map(\.identity))
                let isWaiting = desired.resources.targets(of: service, in: loadBalancer).contains { target in
                    !known.contains(target.endpoint.identity)
                        && !(conditions.isTaker(target, of: service, key: key)
                            && conditions.portions[TargetKey(service: key, endpoint: target.endpoint)] == nil)
                }
                if isWaiting { due[key] = before }
            }
        }
        moves.tablesBefore = due
        return due
    }

    /// Makes the maps hold these tables.
    ///
    /// - Returns: How many steps that took.
    func carryOut(_ tables: Tables, revision: UInt64, at now: ContinuousClock.Instant) async throws -> Int {
        let steps = plan(from: installed, to: tables)
        try await dataplane.apply(steps, revision: revision)
        moves.slots.note(from: installed, to: tables, cache: compilerCache, at: now)
        installed = tables
        return steps.count
    }

    /// Frees the pins of targets whose flows are lost or cut from now on: they would send even SYNs there, as long as some
    /// come.
    func noteCuts(at now: ContinuousClock.Instant) async throws {
        let losers = compilerCache.losers(ledger)
        guard losers != moves.losers else { return }
        let cut = losers.subtracting(moves.losers)
        for id in moves.losers.subtracting(losers) { moves.cuts[id] = nil }
        moves.losers = losers
        guard !cut.isEmpty else { return }
        // Now, and once more when no packet in the program's hands can have made another.
        for id in cut { moves.cuts[id] = now + limits.rest }
        try await dataplane.forgetPins(of: cut)
        let rest = limits.rest
        Task {
            try? await Task.sleep(for: rest)
            await reconcile()
        }
    }

    /// Settles slots whose flows have had their time, and frees pins that nobody needs.
    func settleMoves(revision: UInt64, at now: ContinuousClock.Instant) async throws {
        let cut = Set(moves.cuts.filter { $0.value <= now }.keys)
        let gone = ledger.targetsToForget(at: now)
        if !cut.isEmpty || !gone.isEmpty {
            try await dataplane.forgetPins(of: cut.union(gone))
            for id in cut { moves.cuts[id] = nil }
            ledger.release(gone)
        }
        if now - moves.sweptAt >= Self.sweepEvery {
            moves.sweptAt = now
            try await dataplane.sweepPins()
        }
        guard !moves.slots.isEmpty, now - moves.settledAt >= Self.settleEvery else { return }
        moves.settledAt = now
        if let tables = moves.slots.forgettingPreviousOfUDP(in: installed, cache: &compilerCache, at: now) {
            _ = try await carryOut(tables, revision: revision, at: now)
        }
        let due = moves.slots.due(in: installed, cache: compilerCache, at: now)
        guard !due.isEmpty else { return }
        let unsettled = try await dataplane.unsettledSlots(of: Set(due.keys), in: installed)
        let pinned = Set(try await dataplane.pinnedFlows().keys)
        var (ledger, cache) = (ledger, compilerCache)
        let tables = settle(
            due, except: unsettled, pinned: pinned, in: installed, ledger: &ledger, cache: &cache, limits: limits,
            at: now)
        guard tables != installed else { return }
        let count = installed.movingCount - tables.movingCount
        (self.ledger, compilerCache) = (ledger, cache)
        _ = try await carryOut(tables, revision: revision, at: now)
        let rest = tables.movingCount
        logger.info("settled", metadata: ["slots": "\(count)", "moving": "\(rest)"])
        if rest == 0 {
            events.append(
                .settled, "tables", "all slots are settled: no flow is elsewhere any more", revision: revision)
        }
    }

    /// Frees pins of targets that are in no table: an earlier daemon may have been killed before it could.
    func forgetStalePins() async throws {
        let stale = Set(try await dataplane.pinnedFlows().keys).subtracting(installed.targets.keys)
        if !stale.isEmpty { try await dataplane.forgetPins(of: stale) }
    }
}

extension Tables {
    /// How many slots move.
    var movingCount: Int { slots.values.reduce(0) { $0 + $1.movingCount } }
}
