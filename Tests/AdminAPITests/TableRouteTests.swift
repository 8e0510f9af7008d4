import AdminTypes
import ControlPlane
import TableCompiler
import Testing

@Suite("tables of services, over the API")
struct TableRouteTests {
    private struct Backends: Decodable { let backends: [BackendAnswer] }

    private static func document(weights: [Int]) -> String {
        let targets = weights.enumerated().map { #"{"address": "10.1.0.1\#($0)", "weight": \#($1)}"# }
        return """
            {"apiVersion": "shoal/v1", "loadBalancers": [{"name": "web", "vip": "203.0.113.10",
              "listeners": [{"name": "http", "port": 80, "service": "http"}],
              "services": [
                {"name": "http", "port": 8080, "group": "servers", "healthCheck": {"enabled": false}},
                {"name": "idle", "port": 8081, "group": "servers", "healthCheck": {"enabled": false}}],
              "groups": [{"name": "servers", "targets": [\(targets.joined(separator: ","))]}]}]}
            """
    }

    private func apply(_ rig: Rig, _ weights: [Int], query: String = "") async throws -> ApplyAnswer {
        try await rig.root("POST", "/v1/regions/local:apply", query: query, Self.document(weights: weights)).result()
    }

    private func table(_ rig: Rig, of service: String) async throws -> TableAnswer {
        let answer: Backends = try await rig.root("GET", "/v1/regions/local/backends/").result()
        let id = try #require(answer.backends.first { $0.backendName == service }).backendId
        return try await rig.root("GET", "/v1/regions/local/backends/\(id)/table").result()
    }

    @Test("the table tells slots, shares, digests and flows of each target")
    func table() async throws {
        let flows = PinCount(opening: 1, seenOnce: 2, established: 3, closing: 4, udp: 5)
        let rig = try await Rig(
            flows: Dictionary(uniqueKeysWithValues: (1...2).map { (TargetID(rawValue: $0), flows) }))
        _ = try await apply(rig, [10, 30])
        let table = try await table(rig, of: "http")
        #expect(table.loadBalancer == "web" && table.service == "http" && table.generation == 1)
        #expect(table.digest?.count == 16 && table.canonicalDigest?.count == 16)
        #expect(table.targets.map(\.endpoint) == ["10.1.0.10:8080", "10.1.0.11:8080"])
        #expect(table.targets.map(\.adminState) == ["enabled", "enabled"])
        #expect(table.targets.map(\.dueShare) == [0.25, 0.75])
        #expect(table.targets.map(\.slots).reduce(0, +) == table.slots)
        #expect(table.targets.map(\.health) == ["N/A", "N/A"])
        #expect(
            table.targets.map(\.flows)
                == Array(repeating: .init(opening: 1, seenOnce: 2, established: 3, closing: 4, udp: 5), count: 2))
    }

    @Test("a service without listener has 0 slots, and one that is not there is not found")
    func without() async throws {
        let rig = try await Rig()
        _ = try await apply(rig, [10, 30])
        let idle = try await table(rig, of: "idle")
        #expect(idle.slots == 0 && idle.digest == nil && idle.targets.map(\.share) == [0, 0])
        #expect(try await rig.root("GET", "/v1/regions/local/backends/backend-7/table").status == 404)
    }

    @Test("plan and a dry run foresee what moves, and the change moves just that")
    func forecast() async throws {
        let rig = try await Rig()
        _ = try await apply(rig, [10, 30])
        let before = try await table(rig, of: "http")
        let body = Self.document(weights: [10, 10])
        let plan: PlanAnswer = try await rig.root("POST", "/v1/regions/local:plan", body).result()
        #expect(plan.tables.map(\.service) == ["http", "idle"])
        #expect(plan.tables == (try await apply(rig, [10, 10], query: "dryRun=true").tables))
        #expect(try await table(rig, of: "http") == before)

        #expect(try await apply(rig, [10, 10]).tables == nil)
        let after = try await table(rig, of: "http")
        #expect(plan.tables[0].movedShare == Double(after.movingSlots) / Double(after.slots))
        #expect(plan.tables[0].targets.map(\.before) == before.targets.map(\.share))
        #expect(plan.tables[0].targets.map(\.after) == after.targets.map(\.share))
        let again: PlanAnswer = try await rig.root("POST", "/v1/regions/local:plan", body).result()
        #expect(again.tables.isEmpty && again.changes.isEmpty)
    }
}
