internal import ConsistentHashing
internal import NetworkTypes
internal import ServiceModel

/// What one service asks of the maps, as resources and conditions have it: equal demands are met by equal entries.
struct Demand: Sendable, Hashable {
    /// Of the service, never 0.
    let identity: UInt64
    let algorithm: ServiceEntry.Algorithm
    let mode: ServiceEntry.Mode
    /// How long flows of moving slots, and those of a target that leaves, have to be seen.
    let drainSeconds: Int
    /// VIP, port and protocol of its enabled listeners, at least one.
    let listeners: [Endpoint]
    /// Its targets, each endpoint once.
    let targets: [Target]
    /// Who owns the slots by weight alone; its targets are these, in any order.
    let table: CanonicalTable
    /// The table before targets joined that are not ready, or `nil`.
    let tableBefore: CanonicalTable?

    struct Target: Sendable, Hashable {
        let endpoint: Endpoint
        let admission: Admission
    }

    /// Which flows a target gets.
    enum Admission: Sendable, Hashable {
        /// New ones, in this portion of its slots; those that it has anyway.
        case takes(Portion)
        /// Those that it has.
        case keeps
        /// None: those that it had are lost.
        case loses
    }
}

extension CheckedConfiguration {
    /// The demands of the services of a load balancer that an enabled listener uses, in their order.
    func demands(of loadBalancer: LoadBalancer, tables: CanonicalTables, conditions: Conditions) -> [Demand] {
        let listeners = Dictionary(grouping: loadBalancer.listeners.filter(\.isEnabled), by: \.service)
        return loadBalancer.services.compactMap { service in
            guard let listeners = listeners[service.name] else { return nil }
            let key = loadBalancer.key(of: service)
            let table = tables[key] ?? CanonicalTable(targets: [])
            return Demand(
                identity: serviceIdentity(key), algorithm: service.algorithm.entry, mode: service.forwardingMode.entry,
                drainSeconds: service.drainSeconds,
                listeners: listeners.map {
                    Endpoint(address: loadBalancer.vip, port: UInt16($0.port), transport: $0.transport)
                },
                targets: demandedTargets(of: service, in: loadBalancer, conditions), table: table,
                tableBefore: conditions.tablesBefore[key])
        }
    }

    /// New flows go to those that run and are healthy; if there are none of any weight, by the service's policy to all that
    /// run. Whom the operator wants to have none gets none in either case.
    private func demandedTargets(
        of service: BackendService, in loadBalancer: LoadBalancer, _ conditions: Conditions
    ) -> [Demand.Target] {
        let key = loadBalancer.key(of: service)
        let targets = targets(of: service, in: loadBalancer)
        let admissions = targets.map { target in
            conditions.admission(of: target, of: service, key: key)
        }
        let hasTaker = zip(targets, admissions).contains { $0.weight > 0 && $1.takes }
        let isForced = !hasTaker && service.allUnhealthyPolicy == .forward
        return zip(targets, admissions).map { target, admission in
            let key = TargetKey(service: key, endpoint: target.endpoint)
            let isTaker = isForced && target.isRunning && conditions.isOpen(key)
            return Demand.Target(endpoint: target.endpoint, admission: isTaker ? .takes(.all) : admission)
        }
    }
}

extension Conditions {
    fileprivate func admission(
        of target: ResolvedTarget, of service: BackendService, key: ResourceID
    ) -> Demand.Admission {
        let targetKey = TargetKey(service: key, endpoint: target.endpoint)
        if isTaker(target, of: service, key: key) { return .takes(portions[targetKey] ?? .all) }
        let hasFailed = service.healthCheck.isEnabled && unhealthy.contains(targetKey)
        return !target.isRunning || hasFailed || disabled.contains(targetKey) ? .loses : .keeps
    }
}

extension Demand.Admission {
    var takes: Bool {
        if case .takes = self { true } else { false }
    }

    var portion: Portion {
        if case .takes(let portion) = self { portion } else { .none }
    }
}

extension BackendService.ForwardingMode {
    /// Rules let no service have a mode that has no entry.
    fileprivate var entry: ServiceEntry.Mode { self == .dsr ? .dsr : .nat }
}

extension BackendService.Algorithm {
    fileprivate var entry: ServiceEntry.Algorithm { self == .sourceIP ? .sourceIP : .fiveTuple }
}

/// FNV-1a with 64 bits (Fowler, Noll, Vo; RFC 9923), never 0. It need only tell some thousand services apart.
func serviceIdentity(_ key: ResourceID) -> UInt64 {
    let hash = key.rawValue.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { hash, byte in
        (hash ^ UInt64(byte)) &* 0x100_0000_01b3
    }
    return max(hash, 1)
}
