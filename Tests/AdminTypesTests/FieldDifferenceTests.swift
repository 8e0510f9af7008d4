import AdminTypes
import NetworkTypes
import ServiceModel
import Testing

@Suite("field differences")
struct FieldDifferenceTests {
    private static func web(
        port: Int = 80, interval: Int = 5, targets: [(address: String, weight: Int)] = [("10.1.0.1", 10)],
        description: String = ""
    ) -> Configuration {
        Configuration(loadBalancers: [
            LoadBalancer(
                name: "web", description: description, vip: IPAddress("203.0.113.10")!,
                listeners: [Listener(name: "http", port: port, service: "http")],
                services: [
                    BackendService(
                        name: "http", port: 8080, healthCheck: HealthCheck(intervalSeconds: interval),
                        servers: .group("servers"))
                ],
                groups: [
                    ServerGroup(
                        name: "servers",
                        targets: targets.map {
                            Target(server: .address(IPAddress($0.address)!), port: 8080, weight: $0.weight)
                        })
                ])
        ])
    }

    private static func differences(_ old: Configuration, _ new: Configuration) -> [String: [FieldDifference]] {
        let changes = old.changes(to: new)
        let differences = FieldDifferences(from: old, to: new, for: changes)
        return Dictionary(
            uniqueKeysWithValues: changes.map { ("\($0.kind.rawValue) \($0.name)", differences.fields(of: $0)) })
    }

    @Test("an updated field has what it was and what it is, in the document's words")
    func updated() {
        #expect(
            Self.differences(Self.web(), Self.web(interval: 10)) == [
                "service web/http": [.init(field: "healthCheck.intervalSeconds", before: "5", after: "10")]
            ])
    }

    @Test("targets go by their address: a new one in front moves no other")
    func targets() {
        let old = Self.web(targets: [("10.1.0.1", 10), ("10.1.0.2", 10)])
        let new = Self.web(targets: [("10.1.0.3", 5), ("10.1.0.2", 20)])
        #expect(
            Self.differences(old, new) == [
                "group web/servers": [
                    .init(field: #"targets["10.1.0.3"].address"#, before: nil, after: "10.1.0.3"),
                    .init(field: #"targets["10.1.0.3"].port"#, before: nil, after: "8080"),
                    .init(field: #"targets["10.1.0.3"].weight"#, before: nil, after: "5"),
                    .init(field: #"targets["10.1.0.2"].weight"#, before: "10", after: "20"),
                    .init(field: #"targets["10.1.0.1"].address"#, before: "10.1.0.1", after: nil),
                    .init(field: #"targets["10.1.0.1"].port"#, before: "8080", after: nil),
                    .init(field: #"targets["10.1.0.1"].weight"#, before: "10", after: nil),
                ]
            ])
    }

    @Test("a target's state is told where it is not enabled, with the deadline")
    func states() {
        let old = Self.web(targets: [("10.1.0.1", 10)])
        var new = old
        new.loadBalancers[0].groups[0].targets[0].adminState = .draining
        new.loadBalancers[0].groups[0].targets[0].drainUntil = 1_795_471_200
        #expect(
            Self.differences(old, new) == [
                "group web/servers": [
                    .init(field: #"targets["10.1.0.1"].adminState"#, before: nil, after: "draining"),
                    .init(field: #"targets["10.1.0.1"].drainUntil"#, before: nil, after: "2026-11-23T22:00:00Z"),
                ]
            ])
        #expect(
            Self.differences(new, old)["group web/servers"]?.first
                == .init(field: #"targets["10.1.0.1"].adminState"#, before: "draining", after: nil))
    }

    @Test("a load balancer's own fields are told without what is below it")
    func loadBalancer() {
        #expect(
            Self.differences(Self.web(), Self.web(description: "shop")) == [
                "load balancer web": [.init(field: "description", before: nil, after: "shop")]
            ])
        let created = Self.differences(Configuration(), Self.web())
        #expect(created["load balancer web"]?.map(\.field) == ["name", "vip", "vpc"])
        #expect(created["listener web/http"]?.allSatisfy { $0.before == nil && $0.after != nil } == true)
        #expect(
            Self.differences(Self.web(), Configuration())["listener web/http"]?.allSatisfy { $0.after == nil } == true)
    }
}
