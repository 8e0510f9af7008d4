import AdminTypes
import CommandText
import Testing

@Suite("Differences")
struct DifferenceTests {
    private let plan = PlanAnswer(
        revision: 7,
        changes: [
            PlanAnswer.Change(
                action: "created", resource: "listener web/https",
                fields: [FieldDifference(field: "port", before: nil, after: "443")]),
            PlanAnswer.Change(
                action: "updated", resource: "group web/servers",
                fields: [
                    FieldDifference(field: "targets[\"10.1.0.11\"].weight", before: "10", after: "20"),
                    FieldDifference(field: "description", before: "old\u{1b}[2J", after: nil),
                ]),
            PlanAnswer.Change(
                action: "deleted", resource: "listener web/old",
                fields: [FieldDifference(field: "port", before: "81", after: nil)]),
        ])

    @Test("each resource and each field has the mark of what happens to it")
    func difference() {
        #expect(
            plan.differenceLines.map(\.description) == [
                "+ listener web/https",
                "    + port: 443",
                "~ group web/servers",
                "    ~ targets[\"10.1.0.11\"].weight: 10 → 20",
                "    - description: old\u{fffd}[2J",
                "- listener web/old",
                "    - port: 81",
            ])
    }

    @Test("a plan has one line a resource, and counts them")
    func summary() {
        #expect(
            plan.planLines.map(\.description) == [
                "+ listener web/https",
                "~ group web/servers: targets[\"10.1.0.11\"].weight, description",
                "- listener web/old",
            ])
        #expect(plan.planSummary == "1 to create, 1 to update, 1 to delete")
        #expect(PlanAnswer(revision: 7, changes: []).planSummary == "0 to create, 0 to update, 0 to delete")
    }
}

@Suite("The audit log")
struct AuditTextTests {
    private func entry(before: String?, after: String?) -> AuditEntryAnswer {
        AuditEntryAnswer(
            revision: 3, unixSeconds: 1_795_435_200,
            author: AuditEntryAnswer.Author(kind: "key", name: "AK1", uid: nil, remote: "10.0.0.5"), action: "updated",
            kind: "group", id: "tg-1", name: "web/servers", before: before, after: after)
    }

    private func lines(before: String?, after: String?) -> [String] {
        entry(before: before, after: after).changes.map(\.line.description)
    }

    @Test("a change shows the fields that differ, and nothing that the store adds")
    func fields() {
        let lines = lines(
            before: #"{"id":"backend-1","version":1,"port":80,"healthCheck":{"isEnabled":true,"port":0},"old":"x"}"#,
            after: #"{"id":"backend-1","version":2,"port":80,"healthCheck":{"isEnabled":false,"port":0},"new":null}"#)
        #expect(lines == ["    ~ healthCheck.isEnabled: true → false", "    + new: null", "    - old: x"])
    }

    @Test("targets are told apart by their server, other lists are one value")
    func lists() {
        let lines = lines(
            before: """
                {"instances":["i-1"],"targets":[
                  {"id":"target-1","server":{"address":"10.1.0.11"},"port":0,"weight":10},
                  {"id":"target-2","server":{"instance":"i-1"},"port":0,"weight":10}]}
                """,
            after: """
                {"instances":["i-1","i-2"],"targets":[
                  {"id":"target-2","server":{"instance":"i-1"},"port":0,"weight":20},
                  {"id":"target-3","server":{"address":"10.1.0.12"},"port":8080,"weight":10}]}
                """)
        #expect(
            lines == [
                "    ~ instances: [i-1] → [i-1, i-2]",
                "    - targets[\"10.1.0.11\"].port: 0",
                "    - targets[\"10.1.0.11\"].weight: 10",
                "    + targets[\"10.1.0.12\"].port: 8080",
                "    + targets[\"10.1.0.12\"].weight: 10",
                "    ~ targets[\"i-1\"].weight: 10 → 20",
            ])
    }

    @Test("what comes or goes shows all of its fields, and what is no JSON shows none")
    func ends() {
        #expect(lines(before: nil, after: #"{"port":80,"share":0.5}"#) == ["    + port: 80", "    + share: 0.5"])
        #expect(lines(before: #"{"port":80}"#, after: nil) == ["    - port: 80"])
        #expect(lines(before: "secret", after: nil).isEmpty)
    }

    @Test("the table says who it was, and from where")
    func table() {
        #expect(
            AuditEntryAnswer.table(of: [entry(before: nil, after: nil)]) == """
                TIME                  REVISION  WHO                    ACTION   RESOURCE
                2026-11-23T12:00:00Z  3         key AK1 from 10.0.0.5  updated  group web/servers

                """)
    }
}
