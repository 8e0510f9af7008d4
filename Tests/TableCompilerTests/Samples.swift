import NetworkTypes
import ServiceModel
import TableCompiler

func endpoint(_ address: String, _ port: Int) -> Endpoint {
    Endpoint(address: IPAddress(address)!, port: UInt16(port), transport: .tcp)
}

/// One load balancer with one listener, one service and these targets, `10.1.0.N:8000+N` each.
func web(
    weights: [Int], vip: String = "203.0.113.10", name: String = "web",
    policy: BackendService.AllUnhealthyPolicy = .forward,
    check: Bool = true, algorithm: BackendService.Algorithm = .fiveTuple
) -> LoadBalancer {
    let targets = weights.enumerated().map { index, weight in
        Target(server: .address(IPAddress("10.1.0.\(index + 1)")!), port: 8001 + index, weight: weight)
    }
    return LoadBalancer(
        name: name, vip: IPAddress(vip)!, listeners: [Listener(name: "http", port: 80, service: "http")],
        services: [
            BackendService(
                name: "http", port: 80, algorithm: algorithm, allUnhealthyPolicy: policy,
                healthCheck: HealthCheck(isEnabled: check), servers: .group("servers"))
        ], groups: [ServerGroup(name: "servers", targets: targets)])
}

func checked(_ loadBalancers: LoadBalancer...) throws -> CheckedConfiguration {
    try CheckedConfiguration(Configuration(loadBalancers: loadBalancers))
}

/// The targets of `web`, by their place.
func healthy(_ places: Int..., of service: ResourceID = ResourceID(rawValue: "web/http")) -> HealthView {
    HealthView(
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
    var now = ContinuousClock.now

    init(limits: TableLimits = TableLimits()) {
        self.limits = limits
        ledger = IDLedger(limits: limits)
    }

    mutating func install(_ desired: CheckedConfiguration, _ health: HealthView = HealthView()) throws -> [MapStep] {
        let tables = try compile(
            desired, health: health, installed: installed, ledger: &ledger, cache: &cache, limits: limits, at: now)
        let steps = plan(from: installed, to: tables)
        installed = tables
        return steps
    }

    /// Slots of each target in the only service, by the target's place.
    var shares: [Int: Int] {
        (installed.slots.values.first ?? []).reduce(into: [:]) { counts, id in
            counts[Int(installed.targets[id]!.endpoint.port) - 8001, default: 0] += 1
        }
    }
}
