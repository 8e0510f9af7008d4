import ControlPlane
import NetworkTypes
import ServiceModel
import TableCompiler
import Testing

@Suite("tables as operators see them")
struct TableStatusTests {
    private let rig: ControllerTests.Rig

    init() throws { rig = try ControllerTests.Rig() }

    /// A service without checks, whose targets are 10.1.0.1 and so on.
    private static func web(
        _ weights: [Int], draining: Int? = nil, until: Int64 = 4_000_000_000, listens: Bool = true
    ) -> Configuration {
        let targets = weights.enumerated().map { index, weight in
            Target(
                server: .address(IPAddress("10.1.0.\(index + 1)")!), weight: weight,
                adminState: index == draining ? .draining : .enabled,
                drainUntil: index == draining ? until : nil)
        }
        return Configuration(loadBalancers: [
            LoadBalancer(
                name: "web", vip: IPAddress("203.0.113.10")!,
                listeners: listens ? [Listener(name: "http", port: 80, service: "http")] : [],
                services: [
                    BackendService(
                        name: "http", port: 8080, healthCheck: HealthCheck(isEnabled: false), servers: .group("servers")
                    )
                ], groups: [ServerGroup(name: "servers", targets: targets)])
        ])
    }

    private static func endpoint(_ number: Int) -> Endpoint {
        Endpoint(address: IPAddress("10.1.0.\(number)")!, port: 8080, transport: .tcp)
    }

    private func apply(_ configuration: Configuration) async throws {
        let stored = try await rig.controller.stored().configuration
        _ = try await rig.apply(Self.identified(configuration, as: stored))
    }

    /// With the id that the service has, which a document finds by its name.
    private static func identified(_ configuration: Configuration, as stored: Configuration) -> Configuration {
        var result = configuration
        if let service = stored.loadBalancers.first?.services.first {
            result.loadBalancers[0].services[0].id = service.id
        }
        return result
    }

    private func forecasts(_ configuration: Configuration) async throws -> [TableForecast] {
        let stored = try await rig.controller.stored().configuration
        return try await rig.apply(Self.identified(configuration, as: stored), dryRun: true).forecasts
    }

    private func status() async throws -> TableStatus {
        let service = try await rig.controller.stored().configuration.loadBalancers[0].services[0]
        let id = try #require(service.id)
        return try #require(try await rig.controller.tableStatus(of: id))
    }

    @Test("pins stay while a target drains, and go when its time is over")
    func cut() async throws {
        try await apply(Self.web([10, 10]))
        try await apply(Self.web([10, 10], draining: 1))
        #expect(await rig.dataplane.forgotten == [])
        try await apply(Self.web([10, 10], draining: 1, until: 1))
        let targets = await rig.dataplane.installed.targets
        let id = try #require(targets.first { $0.value.endpoint == Self.endpoint(2) }?.key)
        #expect(await rig.dataplane.forgotten == [[id]])
        #expect(try await status().targets[1].previousSlots == 0)
    }

    @Test("a draining target is not counted as usable, and a service of which no other is left is a problem")
    func drained() async throws {
        try await apply(Self.web([10, 10], draining: 0))
        #expect(await rig.controller.services().map(\.usableCount) == [1])
        #expect(await rig.controller.status().problems == [])
        try await apply(Self.web([10, 0], draining: 0))
        #expect(await rig.controller.services().map(\.usableCount) == [0])
        let problem = try #require(await rig.controller.status().problems.first)
        #expect(problem.hasPrefix("service web/http: none of its 2 targets is usable"))
        let events = rig.controller.events.read(after: .init(number: 0)).events
        #expect(events.filter { $0.kind == .usability }.count == 1)
    }

    @Test("each target has the share that its weight is due, to a slot, while nothing moves")
    func shares() async throws {
        try await apply(Self.web([10, 20, 0]))
        let status = try await status()
        #expect(status.loadBalancer == "web" && status.service == "http" && status.generation == 1)
        #expect(status.slots > 100 && status.movingSlots == 0)
        #expect(status.digest != nil && status.canonicalDigest != nil)
        #expect(status.targets.map(\.endpoint) == (1...3).map(Self.endpoint))
        #expect(status.targets.reduce(0) { $0 + $1.slots } == status.slots)
        for target in status.targets {
            #expect(abs(target.share - target.dueShare) * Double(status.slots) < 1)
            #expect(target.share == Double(target.slots) / Double(status.slots))
            #expect(target.previousSlots == 0 && target.flows == .none && !target.isLeaving)
        }
        #expect(status.targets.map(\.weight) == [10, 20, 0] && status.targets[2].slots == 0)
    }

    @Test("a target that drains owns nothing and is the previous owner of what it had, with the flows pinned to it")
    func draining() async throws {
        try await apply(Self.web([10, 20]))
        let before = try await status()
        try await apply(Self.web([10, 20], draining: 1))
        let flows = PinCount(opening: 1, seenOnce: 2, established: 3, closing: 4)
        await rig.dataplane.pin(flows, to: Self.endpoint(2))
        let status = try await status()
        let target = status.targets[1]
        #expect(target.adminState == .draining && target.drainUntil == 4_000_000_000)
        #expect(target.slots == 0 && target.share == 0 && target.dueShare == 2.0 / 3)
        #expect(target.previousSlots == before.targets[1].slots && status.movingSlots == target.previousSlots)
        #expect(target.flows == flows && status.targets[0].flows == .none)
        #expect(status.targets[0].slots == status.slots)
        #expect(status.digest != before.digest && status.canonicalDigest == before.canonicalDigest)
        #expect(status.generation == before.generation + 1)
    }

    @Test("a target that left comes last, as long as flows may be with it")
    func leaving() async throws {
        try await apply(Self.web([10, 10, 10]))
        let before = try await status()
        try await apply(Self.web([10, 10]))
        let status = try await status()
        #expect(status.targets.map(\.endpoint) == (1...3).map(Self.endpoint))
        #expect(status.targets.map(\.isLeaving) == [false, false, true])
        let left = status.targets[2]
        #expect(left.adminState == nil && left.weight == 0 && left.dueShare == 0 && left.slots == 0)
        #expect(left.previousSlots == before.targets[2].slots && left.previousSlots == status.movingSlots)
    }

    @Test("a target that left is told also when no slot names it: flows may be pinned to it")
    func leavingUnnamed() async throws {
        try await apply(Self.web([10]))
        try await apply(Self.web([10, 10]))
        try await apply(Self.web([10]))
        let flows = PinCount(opening: 0, seenOnce: 0, established: 5, closing: 0)
        await rig.dataplane.pin(flows, to: Self.endpoint(2))
        let left = try #require(try await status().targets.last)
        #expect(left.endpoint == Self.endpoint(2) && left.isLeaving)
        #expect(left.slots == 0 && left.previousSlots == 0 && left.flows == flows)
    }

    @Test("a service without a listener has no slots and no digest, and one that is not there has no table")
    func withoutListener() async throws {
        try await apply(Self.web([10, 20], listens: false))
        let status = try await status()
        #expect(status.slots == 0 && status.movingSlots == 0 && status.digest == nil && status.generation == 0)
        #expect(status.canonicalDigest != nil)
        #expect(status.targets.map(\.slots) == [0, 0] && status.targets.map(\.share) == [0, 0])
        #expect(try await rig.controller.tableStatus(of: ResourceID(.service, 7)) == nil)
    }

    @Test("the forecast is what the change then does", arguments: [[10, 10, 30], [10, 10], [10, 10, 10, 10]])
    func forecast(weights: [Int]) async throws {
        try await apply(Self.web([10, 10, 10]))
        let before = try await status()
        let forecast = try #require(try await forecasts(Self.web(weights)).first)
        #expect(try await status() == before)
        try await apply(Self.web(weights))
        let after = try await status()
        #expect(after.slots == before.slots)
        #expect(forecast.loadBalancer == "web" && forecast.service == "http")
        #expect(forecast.moved == Double(after.movingSlots) / Double(after.slots) && forecast.moved > 0)
        #expect(forecast.needed == forecast.moved)
        for target in forecast.targets {
            let old = before.targets.first { $0.endpoint == target.endpoint }
            let new = after.targets.first { $0.endpoint == target.endpoint }
            #expect(target.before == old?.share ?? 0)
            #expect(target.after == new?.share ?? 0)
        }
        #expect(Set(forecast.targets.map(\.endpoint)) == Set((1...max(weights.count, 3)).map(Self.endpoint)))
        #expect(try await forecasts(Self.web(weights)).isEmpty)
    }

    @Test("a forecast counts the pinned flows of targets that lose slots, and claims nothing of others")
    func forecastFlows() async throws {
        try await apply(Self.web([10, 10]))
        let flows = PinCount(opening: 1, seenOnce: 2, established: 3, closing: 4)
        for number in 1...2 { await rig.dataplane.pin(flows, to: Self.endpoint(number)) }
        #expect(try await forecasts(Self.web([10, 30])).map(\.pinnedFlowsOfLosers) == [5])
    }

    @Test("what leaves all slots where they are has no forecast: a new service, the same shares, an admin state")
    func noForecast() async throws {
        #expect(try await forecasts(Self.web([10, 10])).isEmpty)
        try await apply(Self.web([10, 10]))
        #expect(try await forecasts(Self.web([20, 20])).isEmpty)
        #expect(try await forecasts(Self.web([10, 10], draining: 0)).isEmpty)
    }
}
