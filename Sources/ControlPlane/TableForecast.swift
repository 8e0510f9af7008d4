internal import ConsistentHashing
public import NetworkTypes
internal import ServiceModel
internal import TableCompiler

/// What a change of resources would do to the table of one backend service that has one.
///
/// It is told of the canonical table, the very one that the change puts in place. Targets that take no new flows
/// lend their slots to others, and one that joins gets its slots when it is ready.
public struct TableForecast: Sendable, Hashable {
    /// Someone who owns slots before or after.
    public struct Target: Sendable, Hashable {
        public let endpoint: Endpoint
        /// Share of the slots, 0...1, as is the next.
        public let before: Double
        public let after: Double
    }

    public let loadBalancer: String
    public let service: String
    /// Share of the slots that get another owner, 0...1.
    public let moved: Double
    /// The least share that moves between any two tables of these shares.
    public let needed: Double
    /// In the order of their names in tables.
    public let targets: [Target]
    /// Live flows that are pinned to targets which lose slots, and stay there; `nil` when pins cannot be read. Flows of
    /// settled slots are not among them: nobody counts these.
    public let pinnedFlowsOfLosers: Int?
}

extension Controller {
    /// What changes when canonical tables follow each other, of services that are in both and have flows to move.
    func forecasts(
        from old: CanonicalTables, to new: CanonicalTables, for resources: CheckedConfiguration
    ) async -> [TableForecast] {
        var changes: [(LoadBalancer, BackendService, TableChange)] = []
        for loadBalancer in resources.configuration.loadBalancers {
            for service in loadBalancer.services {
                let key = loadBalancer.key(of: service)
                guard let before = old[key], !before.slots.isEmpty else { continue }
                let after = new[key] ?? CanonicalTable(targets: [])
                guard before != after else { continue }
                let change = TableChange(from: before.named, to: after.named)
                if change.moved > 0 { changes.append((loadBalancer, service, change)) }
            }
        }
        guard !changes.isEmpty else { return [] }
        let flows = try? await dataplane.pinnedFlows()
        return changes.map { loadBalancer, service, change in
            let key = loadBalancer.key(of: service)
            let targets = change.targets.compactMap { target in
                Endpoint(identity: target.identity).map {
                    TableForecast.Target(endpoint: $0, before: target.before, after: target.after)
                }
            }
            let losers = targets.filter { $0.after < $0.before }
            let pinned = flows.map { flows in
                losers.reduce(0) { sum, target in
                    let id = ledger.targetID(of: TargetKey(service: key, endpoint: target.endpoint))
                    return sum + (id.flatMap { flows[$0]?.live } ?? 0)
                }
            }
            return TableForecast(
                loadBalancer: loadBalancer.name, service: service.name, moved: change.moved, needed: change.needed,
                targets: targets, pinnedFlowsOfLosers: pinned)
        }
    }
}

extension Endpoint {
    /// Reads what `identity` gives.
    fileprivate init?(identity: [UInt8]) {
        guard identity.count == 19, let transport = TransportProtocol(rawValue: identity[18]) else { return nil }
        self.init(
            address: IPAddress(bytes: Array(identity[..<16])), port: UInt16(identity[16]) << 8 | UInt16(identity[17]),
            transport: transport)
    }
}
