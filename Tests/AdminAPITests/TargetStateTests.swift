import AdminTypes
import ServiceModel
import Testing

@Suite("admin states of targets, over the API")
struct TargetStateTests {
    private static let document = """
        {"apiVersion": "shoal/v1", "loadBalancers": [{"name": "web", "vip": "203.0.113.10",
          "groups": [{"name": "servers", "targets": [{"address": "10.1.0.11"}, {"address": "10.1.0.12"}]}]}]}
        """

    private struct Groups: Decodable { let targetGroups: [TargetGroupAnswer] }
    private struct Targets: Decodable { let targets: [TargetAnswer] }

    private let rig: Rig
    private let path: String
    private let ids: [String]

    init() async throws {
        rig = try await Rig()
        #expect(try await rig.root("POST", "/v1/regions/local:apply", Self.document).status == 200)
        let groups: Groups = try await rig.root("GET", "/v1/regions/local/targetGroups/").result()
        path = "/v1/regions/local/targetGroups/\(try #require(groups.targetGroups.first).targetGroupId)"
        let targets: Targets = try await rig.root("GET", path + ":describeTargets").result()
        ids = targets.targets.map(\.targetId)
    }

    private func update(_ fields: String) async throws -> Answer {
        let body = #"{"targetUpdateSpecs": [{"targetId": "\#(ids[0])", \#(fields)}]}"#
        return try await rig.root("POST", path + ":updateTargets", body)
    }

    private func targets() async throws -> [TargetAnswer] {
        let answer: Targets = try await rig.root("GET", path + ":describeTargets").result()
        return answer.targets
    }

    @Test("seconds become a time by the daemon's clock")
    func seconds() async throws {
        rig.clock.advance(by: 11)  // 11:39:00
        #expect(try await update(#""adminState": "draining", "drainSeconds": 600"#).status == 200)
        let targets = try await targets()
        #expect(targets.map(\.adminState) == ["draining", "enabled"])
        #expect(targets.map(\.drainUntil) == ["2026-11-23T11:49:00Z", nil])
    }

    @Test("a target that is enabled again has no deadline; one whose weight changes keeps it")
    func enable() async throws {
        #expect(try await update(#""adminState": "draining", "drainUntil": "2026-11-23T22:00:00Z""#).status == 200)
        #expect(try await update(#""weight": 3"#).status == 200)
        #expect(try await targets().map(\.stateAndDeadline) == ["draining 2026-11-23T22:00:00Z", "enabled -"])
        #expect(try await update(#""adminState": "enabled""#).status == 200)
        #expect(try await targets().map(\.stateAndDeadline) == ["enabled -", "enabled -"])
    }

    @Test("what is exported is applied again without a change, states included")
    func export() async throws {
        #expect(try await update(#""adminState": "draining", "drainSeconds": 600"#).status == 200)
        let before = try await rig.state()
        let exported = try await rig.root("GET", "/v1/regions/local:export").text()
        #expect(exported.contains(#""adminState":"draining","drainUntil":"2026-11-23T11:48:49Z""#))
        #expect(try await rig.root("POST", "/v1/regions/local:apply", query: "prune=true", exported).status == 200)
        #expect(try await rig.state() == before)
    }

    @Test("two deadlines are refused, and nothing changes")
    func both() async throws {
        let before = try await rig.state()
        let answer = try await update(
            #""adminState": "draining", "drainSeconds": 600, "drainUntil": "2026-11-23T22:00:00Z""#)
        #expect(answer.status == 400)
        #expect(try await answer.error().details?.map(\.path) == ["targetUpdateSpecs[0].drainSeconds"])
        #expect(try await rig.state() == before)
    }
}

extension TargetAnswer {
    fileprivate var stateAndDeadline: String { "\(adminState) \(drainUntil ?? "-")" }
}
