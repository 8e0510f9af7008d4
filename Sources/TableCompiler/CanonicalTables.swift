public import ConsistentHashing
internal import NetworkTypes
public import ServiceModel

/// The canonical table of every service that has servers, by the service's id.
///
/// A table is repaired from the one before, so that it depends on all changes since it was built. Nodes agree on it,
/// and a restart moves no flow, because `changes(since:)` goes to the store together with the resources.
public struct CanonicalTables: Sendable, Hashable {
    private var entries: [ResourceID: Entry] = [:]
    /// The services of which the store has something else than these tables need: a table of other targets, one that
    /// cannot be read, or one that nobody needs.
    private var outdated: Set<ResourceID> = []

    /// No tables: the first `repaired(for:)` builds all.
    public init() {}

    /// From what the store has, repaired for the configuration.
    ///
    /// Equal bytes and configurations give equal tables, whatever the store has missed.
    ///
    /// - Parameters:
    ///   - stored: By the service's id. That of a service that is not there is passed over, and a service of which
    ///     nothing is stored has its table built.
    ///   - unreadable: Gets the services whose stored table is damaged or of a newer version. It is built, which moves
    ///     flows.
    public init(
        stored: [ResourceID: [UInt8]], for configuration: CheckedConfiguration, unreadable: inout [ResourceID]
    ) {
        var read = CanonicalTables()
        for service in configuration.configuration.loadBalancers.flatMap(\.services) {
            guard let id = service.id, let bytes = stored[id] else { continue }
            if let table = CanonicalTable(bytes: bytes) {
                read.entries[id] = Entry(shares: [], table: table, isBuilt: false)
            } else {
                unreadable.append(id)
            }
        }
        self = read.repaired(for: configuration)
        for id in stored.keys where entries[id] == nil || entries[id]?.table != read.entries[id]?.table {
            outdated.insert(id)
        }
    }

    /// The table of a service, known by `LoadBalancer.key(of:)`; its targets are in the order of the service's group.
    /// `nil` for a service that has no servers or is not there.
    public subscript(service: ResourceID) -> CanonicalTable? { entries[service]?.table }

    // MARK: Following the resources

    /// The tables for these resources: each repaired from the one before where its targets or weights changed, built
    /// where there was none, gone where the service is.
    ///
    /// Targets are all servers of a service, those of weight 0 too; their health and state play no role. A service
    /// without an id has its table built, since nothing tells what it was before: `CheckedConfiguration.stamped` gives
    /// one to each that is stored already.
    ///
    /// - Complexity: A comparison for each target. For each service whose targets differ a repair, and a build when the
    ///   result looks like one.
    public func repaired(for configuration: CheckedConfiguration) -> CanonicalTables {
        var result = CanonicalTables()
        for loadBalancer in configuration.configuration.loadBalancers {
            for service in loadBalancer.services {
                let targets = configuration.targets(of: service, in: loadBalancer)
                if targets.isEmpty { continue }
                let before = service.id.flatMap { entries[$0] }
                result.entries[loadBalancer.key(of: service)] = before?.repaired(for: targets) ?? Entry(targets)
            }
        }
        return result
    }

    // MARK: Storing

    /// What must be stored so that these tables are read again, when those in `before` were stored or read.
    ///
    /// Only tables with a history are stored, since one that was built is a function of its targets. When `before` was
    /// read, what was wrong with the store then is put right, too.
    ///
    /// - Complexity: A step for each service, and one for each slot of tables that differ.
    public func changes(since before: CanonicalTables) -> TableHistoryChanges {
        var changes = TableHistoryChanges()
        for (service, entry) in entries {
            let isOutdated = before.outdated.contains(service)
            if entry.table == before.entries[service]?.table, !isOutdated { continue }
            if !entry.isBuilt {
                changes.puts[service] = entry.table.bytes
            } else if before.hasStored(service) {
                changes.removals.insert(service)
            }
        }
        for service in before.outdated.union(before.entries.keys)
        where entries[service] == nil && before.hasStored(service) {
            changes.removals.insert(service)
        }
        return changes
    }

    private func hasStored(_ service: ResourceID) -> Bool {
        outdated.contains(service) || entries[service]?.isBuilt == false
    }
}

/// What a change means for the stored histories of tables.
public struct TableHistoryChanges: Sendable, Hashable {
    /// The tables to store, in the place of others, by the service's id.
    public fileprivate(set) var puts: [ResourceID: [UInt8]] = [:]
    /// The services whose stored table must go: they or their servers are gone, or their table is what it would be
    /// without a history.
    public fileprivate(set) var removals: Set<ResourceID> = []

    public var isEmpty: Bool { puts.isEmpty && removals.isEmpty }
}

/// The table of one service.
private struct Entry: Sendable, Hashable {
    /// What `table.targets` were made of, which is compared without making any; empty before it was.
    let shares: [Share]
    let table: CanonicalTable
    /// Whether the table is a function of its targets alone.
    let isBuilt: Bool

    struct Share: Sendable, Hashable {
        let endpoint: Endpoint
        let weight: Int
    }

    init(shares: [Share], table: CanonicalTable, isBuilt: Bool) {
        self.shares = shares
        self.table = table
        self.isBuilt = isBuilt
    }

    init(_ targets: [ResolvedTarget]) {
        self.init(shares: targets.shares, table: CanonicalTable(targets: targets.weighted), isBuilt: true)
    }

    func repaired(for targets: [ResolvedTarget]) -> Entry {
        let isSame = shares.elementsEqual(targets) { $0.endpoint == $1.endpoint && $0.weight == $1.weight }
        if isSame { return self }
        let weighted = targets.weighted
        if table.targets == weighted { return Entry(shares: targets.shares, table: table, isBuilt: isBuilt) }
        let repaired = table.repaired(for: weighted)
        return Entry(shares: targets.shares, table: repaired, isBuilt: repaired.isBuilt)
    }
}

extension [ResolvedTarget] {
    fileprivate var shares: [Entry.Share] { map { Entry.Share(endpoint: $0.endpoint, weight: $0.weight) } }

    fileprivate var weighted: [WeightedTarget] {
        map { WeightedTarget(identity: $0.endpoint.identity, weight: $0.weight) }
    }
}

extension CanonicalTable {
    /// Whether it is the one that is built for its targets. Most that are not are told apart without building it.
    fileprivate var isBuilt: Bool {
        if slots.isEmpty { return true }
        let size = TableSize.fitting(targets: targets.count { $0.weight >= 1 })
        guard slots.count == size.rawValue, draws.allSatisfy({ $0 == 0 }) else { return false }
        return slots == CanonicalTable(targets: targets, size: size).slots
    }
}
