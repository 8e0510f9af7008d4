internal import ConsistentHashing
public import HealthChecking
public import NetworkTypes
public import ServiceModel
public import TableCompiler

/// Who gets the flows of one backend service, as the kernel holds it: slots, those that move, and pinned flows.
public struct TableStatus: Sendable, Hashable {
    /// One that has slots, is to have some, or is the previous owner of some.
    public struct Target: Sendable, Hashable {
        public let endpoint: Endpoint
        /// `nil` for one that has left the service.
        public let adminState: AdminState?
        /// When a draining target is done, in Unix seconds.
        public let drainUntil: Int64?
        /// 0 for one that has left the service.
        public let weight: Int
        public let health: Health
        /// Slots whose new flows it gets.
        public let slots: Int
        /// Part of all slots that these are, 0...1.
        public let share: Double
        /// Part of all slots by weight alone, 0...1.
        public let dueShare: Double
        /// Moving slots whose older flows are with it, as far as they are not pinned elsewhere.
        public let previousSlots: Int
        /// Live flows of moving slots that have been seen. Of those that are silent, and of settled slots, nobody knows.
        public let flows: PinCount
        /// Whether it has left the service, and stays as long as flows may be with it.
        public let isLeaving: Bool
    }

    public let loadBalancer: String
    public let service: String
    /// Counts the tables that the service has had; wraps.
    public let generation: UInt32
    /// 0 when no listener uses the service, or nobody may take a flow.
    public let slots: Int
    public let movingSlots: Int
    /// Of the table in force, `NamedTable.digest`; `nil` where there is none.
    public let digest: UInt64?
    /// Of the table by weight alone, `CanonicalTable.digest`; `nil` for a service without servers.
    public let canonicalDigest: UInt64?
    /// Those of the service in their order, then those that left.
    public let targets: [Target]
}

extension Controller {
    /// The table of a backend service; `nil` when no service of that id is wanted.
    ///
    /// - Throws: When pins cannot be read.
    /// - Complexity: One step for each slot and target of the service, and for each place of a pin.
    public func tableStatus(of service: ResourceID) async throws -> TableStatus? {
        // First: all that follows is of one moment.
        let flows = try await dataplane.pinnedFlows()
        for loadBalancer in desired.resources.configuration.loadBalancers {
            guard let found = loadBalancer.services.first(where: { $0.id == service }) else { continue }
            return tableStatus(of: found, in: loadBalancer, flows)
        }
        return nil
    }

    private func tableStatus(
        of service: BackendService, in loadBalancer: LoadBalancer, _ flows: [TargetID: PinCount]
    ) -> TableStatus {
        let key = loadBalancer.key(of: service)
        let id = ledger.serviceID(of: key)
        let entry = id.flatMap { installed.services[$0] }
        let table = id.flatMap { installed.slots[$0] } ?? ForwardingTable(settled: [])
        let counts = SlotCounts(table)
        let size = Double(max(table.owners.count, 1))
        let targets = desired.resources.targets(of: service, in: loadBalancer)
        let weights = Double(max(targets.reduce(0) { $0 + $1.weight }, 1))

        var present: Set<TargetID> = []
        var rows = targets.map { target in
            let targetKey = TargetKey(service: key, endpoint: target.endpoint)
            let id = ledger.targetID(of: targetKey)
            if let id { present.insert(id) }
            let record = target.isRunning ? health.records[targetKey] : nil
            let owned = id.map { counts.owned[Int($0.rawValue)] } ?? 0
            return TableStatus.Target(
                endpoint: target.endpoint, adminState: target.adminState, drainUntil: target.drainUntil,
                weight: target.weight, health: record?.health ?? .notApplicable, slots: owned,
                share: Double(owned) / size, dueShare: Double(target.weight) / weights,
                previousSlots: id.map { counts.previous[Int($0.rawValue)] } ?? 0,
                flows: id.flatMap { flows[$0] } ?? .none, isLeaving: false)
        }
        // Not only those that slots name: flows may be pinned to others.
        let leavers = installed.targets.filter { $0.value.service == id && !present.contains($0.key) }
        rows += leavers.sorted { $0.key.rawValue < $1.key.rawValue }.map { id, entry in
            let owned = counts.owned[Int(id.rawValue)]
            return TableStatus.Target(
                endpoint: entry.endpoint, adminState: nil, drainUntil: nil, weight: 0, health: .notApplicable,
                slots: owned, share: Double(owned) / size, dueShare: 0,
                previousSlots: counts.previous[Int(id.rawValue)], flows: flows[id] ?? .none, isLeaving: true)
        }
        return TableStatus(
            loadBalancer: loadBalancer.name, service: service.name, generation: entry?.generation ?? 0,
            slots: table.owners.count, movingSlots: table.movingCount,
            digest: id.flatMap { installed.namedTable(of: $0)?.digest }, canonicalDigest: desired.tables[key]?.digest,
            targets: rows)
    }
}

/// How many slots of one table name each target.
private struct SlotCounts {
    // Arrays and no dictionaries: a table has up to a hundred thousand slots.
    private(set) var owned = [Int](repeating: 0, count: Int(UInt16.max) + 1)
    private(set) var previous = [Int](repeating: 0, count: Int(UInt16.max) + 1)

    init(_ table: ForwardingTable<TargetID>) {
        for owner in table.owners { owned[Int(owner.rawValue)] += 1 }
        guard table.movingCount > 0 else { return }
        for owner in table.previous { if let owner { previous[Int(owner.rawValue)] += 1 } }
    }
}
