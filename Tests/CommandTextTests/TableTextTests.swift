import AdminTypes
import CommandText
import Testing

@Suite("Tables of services")
struct TableTextTests {
    private static let none = TableAnswer.Flows(opening: 0, seenOnce: 0, established: 0, closing: 0, udp: 0)

    private static func target(
        _ endpoint: String, _ state: String?, until: Int64? = nil, weight: Int, slots: Int, share: Double, due: Double,
        previous: Int = 0, flows: TableAnswer.Flows = none
    ) -> TableAnswer.Target {
        TableAnswer.Target(
            endpoint: endpoint, adminState: state, drainUntil: until, weight: weight, health: "healthy", slots: slots,
            share: share, dueShare: due, previousSlots: previous, flows: flows, isLeaving: state == nil)
    }

    private let table = TableAnswer(
        loadBalancer: "web", service: "http", generation: 3, slots: 251, movingSlots: 90, digest: 0x1f,
        canonicalDigest: nil,
        targets: [
            target("10.1.0.11:8080", "enabled", weight: 20, slots: 251, share: 1, due: 2.0 / 3),
            target(
                "10.1.0.12:8080", "draining", until: 1_795_435_200, weight: 10, slots: 0, share: 0, due: 1.0 / 3,
                previous: 84, flows: .init(opening: 1, seenOnce: 0, established: 6, closing: 2, udp: 0)),
            target("10.1.0.13:8080", nil, weight: 0, slots: 0, share: 0, due: 0, previous: 6),
        ])

    @Test("shares stand beside weights, and moving slots and flows beside their targets")
    func text() {
        let lines = table.text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            line.split(separator: "  ").map { $0.trimmingPrefix(" ") }.joined(separator: "|")
        }
        #expect(
            lines == [
                "SERVICE|web/http",
                "SLOTS|251, 90 of them moving",
                "GENERATION|3",
                "DIGEST|000000000000001f",
                "BY WEIGHT ALONE|-",
                "",
                "TARGET|STATE|HEALTH|WEIGHT|SLOTS|SHARE|BY WEIGHT|PREVIOUS OF|PINNED FLOWS",
                "10.1.0.11:8080|enabled|healthy|20|251|100 %|66.7 %|-|-",
                "10.1.0.12:8080|draining until 2026-11-23T12:00:00Z|healthy|10|0|0 %|33.3 %|84|"
                    + "9: 1 opening, 6 established, 2 closing",
                "10.1.0.13:8080|left|healthy|-|0|0 %|0 %|6|-",
                "",
            ])
    }

    @Test(
        "small shares have a digit more, and what is there is never 0",
        arguments: [
            (0, "0 %"), (1, "100 %"), (1.0 / 3, "33.3 %"), (0.000983, "0.1 %"), (0.00994, "0.99 %"),
            (0.000001, "<0.01 %"),
        ] as [(Double, String)])
    func shares(share: Double, text: String) { #expect(percent(share) == text) }

    @Test("a forecast says what moves, and whose shares change, the most first")
    func forecast() {
        let forecast = TableForecastAnswer(
            loadBalancer: "web", service: "http", movedShare: 0.25, neededShare: 0.25, pinnedFlowsOfLosers: 3,
            targets: [
                .init(endpoint: "10.1.0.11:8080", before: 0.25, after: 0.3),
                .init(endpoint: "10.1.0.12:8080", before: 0.5, after: 0.25),
                .init(endpoint: "10.1.0.13:8080", before: 0.25, after: 0.25),
            ])
        #expect(
            [forecast].text == """
                service web/http: 25 % of its slots move, as few as can; 3 pinned flows of targets that lose slots stay there
                    10.1.0.12:8080: 50 % → 25 %
                    10.1.0.11:8080: 25 % → 30 %

                """)
        #expect([TableForecastAnswer]().text == "")
    }

    @Test("of many targets ten are named")
    func many() {
        let forecast = TableForecastAnswer(
            loadBalancer: "web", service: "http", movedShare: 0.5, neededShare: 0.25, pinnedFlowsOfLosers: nil,
            targets: (1...30).map { .init(endpoint: "10.1.0.\($0):80", before: 0, after: Double($0) / 100) })
        let lines = forecast.lines
        #expect(
            lines.count == 12 && lines[1] == "    10.1.0.30:80: 0 % → 30 %" && lines[11] == "    and 20 more targets")
        #expect(lines[0] == "service web/http: 50 % of its slots move, at least 25 % must")
    }
}

@Suite("What draining targets still have")
struct DrainRestTests {
    private func table(previous: Int, established: Int, closing: Int = 0, state: String = "draining") -> TableAnswer {
        let flows = TableAnswer.Flows(opening: 4, seenOnce: 0, established: established, closing: closing, udp: 0)
        return TableAnswer(
            loadBalancer: "web", service: "http", generation: 1, slots: 251, movingSlots: previous, digest: 1,
            canonicalDigest: 1,
            targets: ["a:1", "b:1"].map { endpoint in
                TableAnswer.Target(
                    endpoint: endpoint, adminState: state, drainUntil: nil, weight: 1, health: "healthy", slots: 0,
                    share: 0, dueShare: 0, previousSlots: previous, flows: flows, isLeaving: false)
            })
    }

    private func rest(_ tables: TableAnswer..., of endpoints: Set<String> = ["a:1"]) -> DrainRest {
        var rest = DrainRest()
        for table in tables { rest.add(table, of: endpoints) }
        return rest
    }

    @Test("it is the sum over all services, of these targets only")
    func sum() {
        let rest = rest(table(previous: 10, established: 2), table(previous: 5, established: 1))
        #expect(rest.flows == 3 && rest.movingSlots == 15 && rest.enabled.isEmpty)
        #expect(self.rest(table(previous: 10, established: 2), of: ["c:1"]) == DrainRest())
    }

    @Test("the drain is over when no flow is left and none can appear: slots are settled, or the deadline is reached")
    func over() {
        #expect(rest(table(previous: 0, established: 0)).isOver(deadline: nil, now: 100))
        #expect(rest(table(previous: 0, established: 0, closing: 3)).isOver(deadline: 200, now: 100))
        #expect(!rest(table(previous: 9, established: 0)).isOver(deadline: nil, now: 100))
        #expect(!rest(table(previous: 9, established: 0)).isOver(deadline: 101, now: 100))
        #expect(rest(table(previous: 9, established: 0)).isOver(deadline: 100, now: 100))
        #expect(!rest(table(previous: 0, established: 1)).isOver(deadline: 100, now: 200))
    }

    @Test("targets that somebody enabled again are told")
    func enabled() {
        #expect(rest(table(previous: 9, established: 1, state: "enabled")).enabled == ["a:1"])
    }

    @Test("the line of progress says what is left, and how long")
    func text() {
        let rest = rest(table(previous: 84, established: 1))
        #expect(rest.text(secondsLeft: 290) == "1 connection seen, 84 slots moving, 4m50s left")
        #expect(rest.text(secondsLeft: 9) == "1 connection seen, 84 slots moving, 9s left")
        #expect(rest.text(secondsLeft: 0) == "1 connection seen, 84 slots moving, deadline reached")
        #expect(DrainRest().text(secondsLeft: nil) == "0 connections seen, 0 slots moving")
    }
}
