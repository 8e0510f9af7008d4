import AdminTypes
import CommandText
import ServiceModel
import Testing

@Suite("Tables of resources")
struct ResourceTableTests {
    private let stored: Configuration
    private var names = Names()

    init() throws {
        let text = """
            apiVersion: shoal/v1
            loadBalancers:
              - name: web
                vip: 203.0.113.10
                listeners: [{ name: http, port: 80, service: a }]
                services:
                  - { name: a, port: 8080, group: servers }
                  - { name: b, port: 81, availabilityGroup: pool, healthCheck: { enabled: false, port: 9 } }
                  - { name: c, port: 82 }
                groups: [{ name: servers, targets: [{ address: 10.1.0.11 }, { instance: i-1, port: 7 }] }]
            availabilityGroups: [{ name: pool, instances: [i-1] }]
            instances: [{ id: i-1, address: 10.1.0.21, state: stopped }]
            """
        var number: UInt64 = 0
        stored = try ConfigurationDocument(parsing: text).configuration.stamped(replacing: Configuration(), at: 0) {
            number += 1
            return ResourceID($0, number)
        }
        let web = stored.loadBalancers[0]
        names.add([LoadBalancerAnswer(web)])
        names.add(stored.views(ofServicesIn: web).map { BackendAnswer($0) })
        names.add([TargetGroupAnswer(try #require(try stored.groups(ListQuery()).elements.first))])
        names.add(stored.availabilityGroups.map { AvailabilityGroupAnswer($0) })
    }

    /// Cells of the table, without its titles.
    private func cells<Row: Tabulated>(_ rows: [Row]) -> [[String]] {
        rows.map { row in Row.columns.map { $0.cell(row, names) } }
    }

    @Test("what refers to others shows their names, not their ids")
    func references() {
        let web = stored.loadBalancers[0]
        let listeners = stored.views(ofListenersIn: web).map { ListenerAnswer($0) }
        #expect(cells(listeners) == [["web/http", "Tcp", "80", "a", "On", listeners[0].id]])
        let services = stored.views(ofServicesIn: web).map { BackendAnswer($0) }
        #expect(
            cells(services).map { Array($0[0...6]) } == [
                ["web/a", "Tcp", "8080", "IpHash", "nat", "Tcp every 5 s", "servers"],
                ["web/b", "Tcp", "81", "IpHash", "nat", "off", "availability group pool"],
                ["web/c", "Tcp", "82", "IpHash", "nat", "Tcp every 5 s", ""],
            ])
    }

    @Test("a target that drains tells until when, if it is known")
    func states() {
        var group = ServerGroup(name: "servers")
        let states: [(AdminState, Int64?)] = [
            (.enabled, nil), (.draining, 1_795_471_200), (.draining, nil), (.disabled, nil),
        ]
        group.targets = states.map { Target(server: .instance("i-1"), adminState: $0.0, drainUntil: $0.1) }
        #expect(
            cells(stored.views(ofTargetsIn: group).map { TargetAnswer($0) }).map { $0[5] } == [
                "enabled", "draining until 2026-11-23T22:00:00Z", "draining", "disabled",
            ])
    }

    @Test("a target without a port of its own serves on the service's")
    func targets() {
        let targets = stored.views(ofTargetsIn: stored.loadBalancers[0].groups[0]).map { TargetAnswer($0) }
        #expect(
            cells(targets).map { Array($0[0...4]) } == [
                ["10.1.0.11", "", "ip", "the service's", "10"], ["10.1.0.21", "i-1", "vm", "7", "10"],
            ])
    }

    @Test("a single one has a line a fact, and dashes where there is nothing to say")
    func card() {
        let card = InstanceAnswer(stored.instances[0]).card(names, adding: [("VERSION", "3")])
        #expect(
            card == """
                ID           i-1
                ADDRESS      10.1.0.21
                VPC          default
                STATE        stopped
                DESCRIPTION  -
                CREATED      1970-01-01T00:00:00Z
                VERSION      3

                """)
    }

    @Test("an id that nothing is known of stays an id")
    func unknown() {
        #expect(Names()["backend-1"] == "backend-1")
    }
}
