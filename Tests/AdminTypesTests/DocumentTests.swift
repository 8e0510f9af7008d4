import AdminTypes
import Foundation
import NetworkTypes
import ServiceModel
import Testing

@Suite("The document of apply and export")
struct DocumentTests {
    @Test("the contract's example says what it says")
    func example() throws {
        let configuration = try ConfigurationDocument(parsing: validDocument).configuration
        let address = { (text: String) in try #require(IPAddress(text)) }
        let expected = Configuration(
            region: "local",
            loadBalancers: [
                LoadBalancer(
                    name: "web", vip: try address("203.0.113.10"), vpc: "default",
                    listeners: [Listener(name: "http", transport: .tcp, port: 80, service: "web-http")],
                    services: [
                        BackendService(
                            name: "web-http", transport: .tcp, port: 8080, algorithm: .fiveTuple, forwardingMode: .nat,
                            drainSeconds: 300, allUnhealthyPolicy: .forward, healthCheck: HealthCheck(),
                            servers: .group("servers"))
                    ],
                    groups: [
                        ServerGroup(
                            name: "servers",
                            targets: [
                                Target(server: .address(try address("10.1.0.11")), port: 8080, weight: 10),
                                Target(server: .instance("i-1"), port: 0, weight: 20),
                            ])
                    ])
            ],
            availabilityGroups: [AvailabilityGroup(name: "pool-a", instances: ["i-1", "i-2"])],
            instances: [
                Instance(id: "i-1", address: try address("10.1.0.21"), state: .running),
                Instance(id: "i-2", address: try address("10.1.0.22"), state: .stopped),
            ])
        #expect(configuration == expected)
        #expect(problems(validDocument) == [])
    }

    @Test("everything with a default may be left out or null")
    func defaults() throws {
        let text = """
            apiVersion: shoal/v1
            region:
            loadBalancers:
              - name: web
                vip: 203.0.113.10
                vpc: ~
                listeners: [{ name: http, port: 80, service: web }]
                services: [{ name: web, port: 8080, healthCheck: null }, { name: spare, port: 81, healthCheck: {} }]
                groups: [{ name: empty }, { name: one, targets: [{ address: 10.0.0.1 }] }]
              - { name: bare, vip: 203.0.113.11, listeners: }
            availabilityGroups: [{ name: pool }]
            instances: [{ id: i-1, address: 10.0.0.2 }]
            """
        let configuration = try ConfigurationDocument.check(text).get().configuration
        let web = configuration.loadBalancers[0]
        #expect(configuration.region == "local")
        #expect(web.vpc == "default")
        #expect(web.listeners == [Listener(name: "http", port: 80, service: "web")])
        #expect(web.services == [BackendService(name: "web", port: 8080), BackendService(name: "spare", port: 81)])
        #expect(web.groups[1].targets.map { $0.weight } == [10])
        #expect(configuration.loadBalancers[1].listeners == [])
        #expect(configuration.availabilityGroups == [AvailabilityGroup(name: "pool")])
        #expect(configuration.instances.map { $0.state } == [.running])
        #expect(try ConfigurationDocument(parsing: "apiVersion: shoal/v1").configuration == Configuration())
    }

    @Test("JSON is read as well, and both forms come back as they were written")
    func roundTrip() throws {
        let configuration = try ConfigurationDocument(parsing: validDocument).configuration
        let document = ConfigurationDocument(configuration)
        #expect(try ConfigurationDocument(parsing: document.yaml) == document)
        #expect(try ConfigurationDocument(parsing: document.json) == document)
        #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(document.json.utf8)) }
        #expect(
            try ConfigurationDocument(parsing: ConfigurationDocument(Configuration()).yaml).configuration
                == Configuration())
    }

    @Test(
        "what JSON writes otherwise than YAML is read too",
        arguments: [
            (#""\ud83d\udc1f""#, "🐟"), ("\"\u{7f}\u{80}\"", "\u{7f}\u{80}"), (#""\u0000\/""#, "\0/"),
            (#""* & *x""#, "* & *x"),
            ("\n\t\t\"a\"\t", "a"),
        ])
    func plainJSON(value: String, expected: String) throws {
        let text = """
            {"apiVersion": "shoal/v1",\t"instances": [{"id": "i", "address": "10.1.0.21", "description": \(value)}],
             "loadBalancers": null, "availabilityGroups": [{"name": "x", "vpc": "\(String(repeating: "v", count: 2000))"}]}
            """
        let configuration = try ConfigurationDocument(parsing: text).configuration
        #expect(configuration.instances.map(\.description) == [expected])
        let document = ConfigurationDocument(configuration)
        #expect(try ConfigurationDocument(parsing: document.yaml) == document)
    }

    @Test("numbers and words of JSON are no texts, and texts no numbers")
    func typesOfJSON() {
        let text = #"{"apiVersion": "shoal/v1", "instances": [{"id": 7, "address": true}], "loadBalancers": "1"}"#
        let found = problems(text)
        #expect(found.count == 3 && found.allSatisfy { $0.contains(" is not ") }, "\(found)")
        let port = """
            {"apiVersion": "shoal/v1",
             "loadBalancers": [{"name": "a", "vip": "203.0.113.1", "services": [{"name": "s", "port": 80.0}]}]}
            """
        #expect(problems(port) == [])
        #expect(problems(port.replacing("80.0", with: "\"80\"")).count == 1)
    }

    @Test("YAML is written in the order of the contract with all defaults")
    func yaml() throws {
        let configuration = try ConfigurationDocument(parsing: validDocument).configuration
        #expect(
            ConfigurationDocument(configuration).yaml == """
                apiVersion: shoal/v1
                region: local
                loadBalancers:
                - name: web
                  vip: 203.0.113.10
                  vpc: default
                  listeners:
                  - {name: http, protocol: Tcp, port: 80, service: web-http}
                  services:
                  - name: web-http
                    protocol: Tcp
                    port: 8080
                    algorithm: QuintupleHash
                    forwardingMode: nat
                    drainSeconds: 300
                    allUnhealthyPolicy: forward
                    healthCheck: {enabled: true, protocol: Tcp, port: 0, timeoutSeconds: 3, intervalSeconds: 5, unhealthyThreshold: 3, healthyThreshold: 3}
                    group: servers
                  groups:
                  - name: servers
                    targets:
                    - {address: 10.1.0.11, port: 8080, weight: 10}
                    - {instance: i-1, port: 0, weight: 20}
                availabilityGroups:
                - {name: pool-a, vpc: default, instances: [i-1, i-2]}
                instances:
                - {id: i-1, address: 10.1.0.21, vpc: default, state: running}
                - {id: i-2, address: 10.1.0.22, vpc: default, state: stopped}

                """)
    }

    @Test(
        "a name that YAML takes for something else, and any other text, comes back as it was",
        arguments: [
            "true", "No", "on", "y", "null", "~", "", "80", "080", "0x1f", "0b11", "0o17", "1e5", "1_000", "2024-01-31",
            "12:30:45", "-", "---", "-1", "+1", ".5", ".inf", "=", "<<", "a: b", "a #b", "[x]", "{x}", "&x", "!x", "|",
            ">",
            "%x", "@x", "`x`", "*x", "a *b", "\u{0}", "\u{7f}", "\u{fffe}", "'x'", "\"x\"", "x\\y", " x ", "a\nb",
            "a\n\nb\n", "\t", "\u{7}", "\u{85}", "\u{2028}",
            "x\u{feff}", "网站", "𠮷野家", "🐟", "repeated0-x", String(repeating: "long ", count: 100),
        ])
    func awkwardText(text: String) throws {
        let configuration = Configuration(
            region: text,
            loadBalancers: [
                LoadBalancer(
                    name: text, vip: IPAddress(ipv4: 0xcb00_710a),
                    listeners: [Listener(name: text, port: 1, service: text)])
            ],
            availabilityGroups: [AvailabilityGroup(name: text, instances: [text, text])])
        let document = ConfigurationDocument(configuration)
        #expect(try ConfigurationDocument(parsing: document.yaml) == document)
        #expect(try ConfigurationDocument(parsing: document.json) == document)
    }

    @Test(
        "an address comes back as it was, in a block and between braces",
        arguments: ["203.0.113.10", "2001:db8::1", "1:2:3:4:5:6:7:8", "fd00::", "::2", "64:ff9b::cb00:710a"])
    func addresses(text: String) throws {
        let address = try #require(IPAddress(text))
        let document = ConfigurationDocument(
            Configuration(
                loadBalancers: [LoadBalancer(name: "a", vip: address)], instances: [Instance(id: "i", address: address)]
            ))
        #expect(try ConfigurationDocument(parsing: document.yaml) == document)
        #expect(try ConfigurationDocument(parsing: document.json) == document)
    }

    @Test("every value of every enumeration and every field differing from its default comes back")
    func allValues() throws {
        var services: [BackendService] = []
        for transport in TransportProtocol.allCases {
            for algorithm in BackendService.Algorithm.allCases {
                for mode in BackendService.ForwardingMode.allCases {
                    for policy in BackendService.AllUnhealthyPolicy.allCases {
                        for method in HealthCheck.Method.allCases {
                            services.append(
                                BackendService(
                                    name: "s\(services.count)", transport: transport, port: 7, algorithm: algorithm,
                                    forwardingMode: mode, drainSeconds: 8, slowStartSeconds: 12,
                                    allUnhealthyPolicy: policy,
                                    healthCheck: HealthCheck(
                                        isEnabled: services.count.isMultiple(of: 2), method: method, port: 9,
                                        timeoutSeconds: 10,
                                        intervalSeconds: 11, unhealthyThreshold: 4, healthyThreshold: 5),
                                    servers: .availabilityGroup("pool")))
                        }
                    }
                }
            }
        }
        let vip = IPAddress(ipv4: 0xcb00_710a)
        let document = ConfigurationDocument(
            Configuration(region: "r", loadBalancers: [LoadBalancer(name: "a", vip: vip, vpc: "v", services: services)])
        )
        #expect(try ConfigurationDocument(parsing: document.yaml) == document)
    }

    @Test("descriptions, types, protection, states and the like come back, and are written only where there are any")
    func optionalFields() throws {
        let text = """
            apiVersion: shoal/v1
            region: local
            loadBalancers:
            - name: web
              description: 'a: b'
              vip: 203.0.113.10
              vpc: default
              subnet: subnet-1
              deletionProtection: true
              listeners:
              - {name: http, description: plain, enabled: false, protocol: Tcp, port: 80, service: web}
              services:
              - name: web
                description: all
                protocol: Tcp
                port: 8080
                algorithm: IpHash
                forwardingMode: nat
                drainSeconds: 300
                slowStartSeconds: 30
                allUnhealthyPolicy: forward
                healthCheck: {enabled: true, protocol: Tcp, port: 0, timeoutSeconds: 3, intervalSeconds: 5, unhealthyThreshold: 3, healthyThreshold: 3}
              groups:
              - name: addresses
                description: by address
                type: ip
                targets:
                - {address: 10.1.0.11, port: 0, weight: 10}
                - {address: 10.1.0.12, port: 0, weight: 10, adminState: draining}
                - {address: 10.1.0.13, port: 0, weight: 10, adminState: draining, drainUntil: '2026-11-23T22:00:00Z'}
                - {address: 10.1.0.14, port: 0, weight: 10, adminState: disabled}
              - name: mixed
                targets:
                - {instance: i-1, type: container, port: 0, weight: 10}
            availabilityGroups:
            - {name: pool-a, description: p, vpc: default, instances: [i-1]}
            instances:
            - {id: i-1, description: first, address: 10.1.0.21, vpc: default, state: running}

            """
        let document = try ConfigurationDocument(parsing: text)
        #expect(document.yaml == text)
        #expect(try ConfigurationDocument(parsing: document.json) == document)
        #expect(problems(text) == [])
        let web = document.configuration.loadBalancers[0]
        #expect(web.isDeletionProtected && web.description == "a: b" && web.subnet == "subnet-1")
        #expect(web.listeners.map(\.isEnabled) == [false])
        #expect(web.groups.map(\.kind) == [.ip, .instance])
        #expect(web.groups.flatMap(\.targets).map(\.kind) == [.ip, .ip, .ip, .ip, .container])
        #expect(web.groups[0].targets.map(\.adminState) == [.enabled, .draining, .draining, .disabled])
        #expect(web.groups[0].targets.map(\.drainUntil) == [nil, nil, 1_795_471_200, nil])
        #expect(web.services.map(\.slowStartSeconds) == [30])
    }

    @Test(
        "a deadline is a moment in UTC, with or without quotes",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("'2000-02-29T23:59:59Z'", 951_868_799),
            ("2100-03-01T00:00:00Z", 4_107_542_400),
            ("\"2026-12-31T22:00:00Z\"", 1_798_754_400), ("9999-12-31T23:59:59Z", 253_402_300_799), ("null", nil),
            ("", nil),
        ] as [(String, Int64?)])
    func deadline(text: String, seconds: Int64?) throws {
        let text = document("weight: 10", "weight: 10, adminState: draining, drainUntil: \(text)")
        let configuration = try ConfigurationDocument.check(text).get().configuration
        #expect(configuration.loadBalancers[0].groups[0].targets[0].drainUntil == seconds)
    }

    @Test(
        "any other deadline is refused",
        arguments: [
            "tomorrow", "1795471200", "2026-11-23", "2026-11-23 22:00:00Z", "2026-11-23T22:00:00", "2026-11-23T22:00Z",
            "2026-11-23T22:00:00+01:00", "2026-11-23T22:00:00.0Z", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z",
            "2026-00-10T00:00:00Z", "2026-01-00T00:00:00Z", "2026-11-23T24:00:00Z", "2026-11-23T22:60:00Z",
            "2026-11-23T22:00:60Z", "1969-12-31T23:59:59Z", "0000-01-01T00:00:00Z", "2026-11-23t22:00:00z",
            "99999-01-01T00:00:00Z", "+2026-11-23T22:00:00Z",
        ])
    func noDeadline(text: String) {
        let found = problems(document("weight: 10", "weight: 10, adminState: draining, drainUntil: '\(text)'"))
        #expect(
            found == [
                "loadBalancers[0].groups[0].targets[0].drainUntil: \"\(text)\" is not a time in UTC from 1970 on, "
                    + "as in 2026-11-23T12:00:00Z"
            ])
    }

    @Test("of a target whose state cannot be read the deadline is not judged")
    func unreadState() {
        #expect(
            problems(document("weight: 10", "weight: 10, adminState: drained, drainUntil: 2026-11-23T22:00:00Z")) == [
                "loadBalancers[0].groups[0].targets[0].adminState: drained is not one of enabled, draining, disabled"
            ])
    }
}
