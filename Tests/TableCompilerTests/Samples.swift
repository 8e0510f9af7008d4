import ConsistentHashing
import NetworkTypes
import ServiceModel
import TableCompiler

func endpoint(_ address: String, _ port: Int, _ transport: TransportProtocol = .tcp) -> Endpoint {
    Endpoint(address: IPAddress(address)!, port: UInt16(port), transport: transport)
}

/// One load balancer with one listener, one service and these targets, `10.1.0.N:8000+N` each.
func web(
    weights: [Int], vip: String = "203.0.113.10", name: String = "web",
    policy: BackendService.AllUnhealthyPolicy = .forward,
    check: Bool = true, algorithm: BackendService.Algorithm = .fiveTuple, drainSeconds: Int = 0
) -> LoadBalancer {
    let targets = weights.enumerated().map { index, weight in
        Target(server: .address(IPAddress("10.1.0.\(index + 1)")!), port: 8001 + index, weight: weight)
    }
    return LoadBalancer(
        name: name, vip: IPAddress(vip)!, listeners: [Listener(name: "http", port: 80, service: "http")],
        services: [
            BackendService(
                name: "http", port: 80, algorithm: algorithm, drainSeconds: drainSeconds, allUnhealthyPolicy: policy,
                healthCheck: HealthCheck(isEnabled: check), servers: .group("servers"))
        ], groups: [ServerGroup(name: "servers", targets: targets)])
}

func checked(_ loadBalancers: LoadBalancer...) throws -> CheckedConfiguration {
    try CheckedConfiguration(Configuration(loadBalancers: loadBalancers))
}

/// The targets of `web`, by their place.
func healthy(_ places: Int..., of service: ResourceID = ResourceID(rawValue: "web/http")) -> Conditions {
    Conditions(
        healthy: Set(
            places.map { place in
                TargetKey(service: service, endpoint: endpoint("10.1.0.\(place + 1)", 8001 + place))
            }))
}

/// Compiles against what was installed before, as the controller does.
struct Kernel {
    var installed = Tables()
    var ledger = IDLedger()
    var cache = CompilerCache()
    var limits = TableLimits()
    var canonical = CanonicalTables()
    var now: ContinuousClock.Instant
    var moving: MovingSlots

    init(limits: TableLimits = TableLimits()) {
        self.limits = limits
        ledger = IDLedger(limits: limits)
        now = ContinuousClock.now
        moving = MovingSlots(start: now)
    }

    /// Compiles and installs as the controller does, without settling anything.
    mutating func install(_ desired: CheckedConfiguration, _ conditions: Conditions = Conditions()) throws -> [MapStep]
    {
        let next = canonical.repaired(for: desired)
        let tables = try compile(
            desired, canonical: next, conditions: conditions, installed: installed, ledger: &ledger, cache: &cache,
            limits: limits, at: now)
        canonical = next
        return take(tables)
    }

    /// Settles what may, except slots of the only service in which flows are elsewhere.
    mutating func settle(except unsettled: [Int] = [], pinned: Set<TargetID> = []) -> [MapStep] {
        let due = moving.due(in: installed, cache: cache, at: now)
        let tables = TableCompiler.settle(
            due, except: due.mapValues { _ in unsettled }, pinned: pinned, in: installed, ledger: &ledger,
            cache: &cache,
            limits: limits, at: now)
        return take(tables)
    }

    /// Has slots of UDP services forget their previous owners that may.
    mutating func forgetPrevious() -> [MapStep] {
        guard let tables = moving.forgettingPreviousOfUDP(in: installed, cache: &cache, at: now) else { return [] }
        return take(tables)
    }

    private mutating func take(_ tables: Tables) -> [MapStep] {
        let steps = plan(from: installed, to: tables)
        moving.note(from: installed, to: tables, cache: cache, at: now)
        installed = tables
        return steps
    }

    /// The targets that left and have had their time.
    var expired: Set<TargetID> { moving.expired(in: installed, cache: cache, at: now) }

    /// The table of the only service.
    var table: ForwardingTable<TargetID>? { installed.slots.values.first }

    /// The id of the only service's target in this place.
    func id(_ place: Int) -> TargetID {
        installed.targets.first { $0.value.endpoint.port == UInt16(8001 + place) }?.key ?? .nobody
    }

    /// Slots of each target in the only service, by the target's place.
    var shares: [Int: Int] {
        (table?.owners ?? []).reduce(into: [:]) { counts, id in
            counts[Int(installed.targets[id]!.endpoint.port) - 8001, default: 0] += 1
        }
    }
}
