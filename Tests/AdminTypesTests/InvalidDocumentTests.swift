import AdminTypes
import NetworkTypes
import ServiceModel
import Testing

/// A valid document with one part replaced, and the one problem that this makes.
struct InvalidDocument: Sendable, CustomTestStringConvertible {
    let part: String
    let replacement: String
    let problem: String

    init(_ part: String, _ replacement: String, _ problem: String) {
        self.part = part
        self.replacement = replacement
        self.problem = problem
    }

    var testDescription: String { problem }

    private static let service = "loadBalancers[0].services[0]"
    private static let target = "loadBalancers[0].groups[0].targets[0]"

    static let rules: [InvalidDocument] = [
        .init("port: 80,", "port: 0,", "loadBalancers[0].listeners[0].port: 0 is outside 1...65535"),
        .init("port: 80,", "port: 65536,", "loadBalancers[0].listeners[0].port: 65536 is outside 1...65535"),
        .init("port: 8080\n", "port: 0\n", "\(service).port: 0 is outside 1...65535"),
        .init("port: 8080,", "port: -1,", "\(target).port: -1 is outside 0...65535"),
        .init("weight: 10", "weight: 101", "\(target).weight: 101 is outside 0...100"),
        .init("weight: 10", "weight: -1", "\(target).weight: -1 is outside 0...100"),
        .init("drainSeconds: 300", "drainSeconds: 3601", "\(service).drainSeconds: 3601 is outside 0...3600"),
        .init(
            "drainSeconds: 300", "slowStartSeconds: 3601", "\(service).slowStartSeconds: 3601 is outside 0...3600"),
        .init(
            "weight: 10", "weight: 10, drainUntil: 2026-11-23T22:00:00Z",
            "\(target).drainUntil: goes with adminState draining only, and this target is enabled"),
        .init("timeoutSeconds: 3", "timeoutSeconds: 1", "\(service).healthCheck.timeoutSeconds: 1 is outside 2...60"),
        .init("timeoutSeconds: 3", "timeoutSeconds: 61", "\(service).healthCheck.timeoutSeconds: 61 is outside 2...60"),
        .init(
            "intervalSeconds: 5", "intervalSeconds: 4", "\(service).healthCheck.intervalSeconds: 4 is outside 5...300"),
        .init(
            "unhealthyThreshold: 3", "unhealthyThreshold: 6",
            "\(service).healthCheck.unhealthyThreshold: 6 is outside 1...5"),
        .init(
            " healthyThreshold: 3", " healthyThreshold: 0",
            "\(service).healthCheck.healthyThreshold: 0 is outside 1...5"),
        .init("port: 0,", "port: 65536,", "\(service).healthCheck.port: 65536 is outside 0...65535"),
        .init(
            "protocol: Tcp, port: 0", "protocol: Icmp, port: 0",
            "\(service).healthCheck.protocol: Icmp is for UDP services only; use Tcp"),
        .init(
            "forwardingMode: nat", "forwardingMode: ipip",
            "\(service).forwardingMode: this version forwards in modes nat and dsr, not ipip"),
        .init(
            "service: web-http", "service: nowhere",
            "loadBalancers[0].listeners[0].service: there is no backend service named \"nowhere\""),
        .init("group: servers", "group: clients", "\(service).group: there is no group named \"clients\""),
        .init(
            "    group: servers", "    availabilityGroup: pool-b",
            "\(service).availabilityGroup: there is no availability group named \"pool-b\""),
        .init(
            "instance: i-1", "instance: i-3",
            "loadBalancers[0].groups[0].targets[1].instance: there is no instance named \"i-3\""),
        .init("[i-1, i-2]", "[i-1, i-3]", "availabilityGroups[0].instances[1]: there is no instance named \"i-3\""),
        .init(
            "address: 10.1.0.11", "address: 203.0.113.10",
            "\(target).address: 203.0.113.10 is the VIP of load balancer \"web\"; a server needs an address of its own"),
        .init(
            "address: 10.1.0.11", "address: 127.0.0.1",
            "\(target).address: 127.0.0.1 is not usable as a server's address: it is a loopback address"),
        .init(
            "vip: 203.0.113.10", "vip: 169.254.0.1",
            "loadBalancers[0].vip: 169.254.0.1 is not usable as a VIP: it is a link-local address"),
        .init(
            "address: 10.1.0.22, vpc: default", "address: 10.1.0.22, vpc: blue",
            "availabilityGroups[0].instances[1]: instance \"i-2\" is in VPC \"blue\", not in \"default\""),
        .init(
            "port: 80, service: web-http }",
            "port: 80, service: web-http }\n      - { name: again, port: 80, service: web-http }",
            "loadBalancers[0].listeners[1].port: port 80/tcp is already taken by loadBalancers[0].listeners[0]"),
        .init(
            "port: 80, service: web-http }",
            "port: 80, service: web-http }\n      - { name: alt, port: 81, service: web-http }",
            "loadBalancers[0].listeners[1]: listener \"http\" of load balancer \"web\" leads to target 10.1.0.11:8080 too; mode nat "
                + "could not tell their replies apart, so let the target serve each listener on a port of its own"),
        .init(
            "weight: 10 }", "weight: 10 }\n          - { address: 10.1.0.11 }",
            "loadBalancers[0].groups[0].targets[1]: 10.1.0.11 on the service's port is already taken by \(target)"),
        .init(
            "state: stopped }", "state: stopped }\n  - { id: i-1, address: 10.1.0.23 }",
            "instances[2].id: the id \"i-1\" is already taken by instances[0]"),
        .init(
            "    vpc: default\n    listeners", "    description: \(String(repeating: "x", count: 257))\n    listeners",
            "loadBalancers[0].description: a text of 257 characters is not at most 256 characters"),
        .init(
            "- name: servers", "- name: servers\n        type: ip",
            "loadBalancers[0].groups[0].targets[1].instance: "
                + "group \"servers\" is of type ip and takes addresses only, not instance \"i-1\""),
        .init(
            "instance: i-1,", "instance: i-1, type: ip,",
            "loadBalancers[0].groups[0].targets[1].type: "
                + "type ip goes with an address, types vm and container go with an instance"),
        .init(
            "region: local", "region: \"my region\"",
            "region: \"my region\" is not a name of 1 to 32 Chinese characters, letters a-z and A-Z, digits, _ or -"),
    ]

    static let forms: [InvalidDocument] = [
        .init("apiVersion: shoal/v1\n", "", "apiVersion: is missing"),
        .init("apiVersion: shoal/v1", "apiVersion: shoal/v2", "apiVersion: shoal/v2 is not shoal/v1"),
        .init(
            "vip: 203.0.113.10", "vip: 203.0.113.256",
            "loadBalancers[0].vip: 203.0.113.256 is not an IPv4 or IPv6 address"),
        .init(
            "vip: 203.0.113.10", "vip: 203.0.113.10/32",
            "loadBalancers[0].vip: 203.0.113.10/32 is not an IPv4 or IPv6 address"),
        .init(
            "vip: 203.0.113.10", "vip: [203.0.113.10]", "loadBalancers[0].vip: a list is not an IPv4 or IPv6 address"),
        .init("    vip: 203.0.113.10\n", "", "loadBalancers[0].vip: is missing"),
        .init(
            "port: 80,", "port: \"80\",",
            "loadBalancers[0].listeners[0].port: \"80\" is not a whole number in 1...65535"),
        .init(
            "port: 80,", "port: 80.0,", "loadBalancers[0].listeners[0].port: 80.0 is not a whole number in 1...65535"),
        .init("port: 80,", "port: 080,", "loadBalancers[0].listeners[0].port: 080 is not a whole number in 1...65535"),
        .init(
            "port: 80,", "port: 99999999999999999999,",
            "loadBalancers[0].listeners[0].port: 99999999999999999999 is not a whole number in 1...65535"),
        .init(
            "port: 80,", "port: http,", "loadBalancers[0].listeners[0].port: http is not a whole number in 1...65535"),
        .init("port: 80, ", "", "loadBalancers[0].listeners[0].port: is missing"),
        .init(
            "protocol: Tcp, port: 80", "protocol: tcp, port: 80",
            "loadBalancers[0].listeners[0].protocol: tcp is not one of Tcp, Udp"),
        .init(
            "algorithm: QuintupleHash", "algorithm: RoundRobin",
            "\(service).algorithm: RoundRobin is not one of IpHash, QuintupleHash"),
        .init(
            "forwardingMode: nat", "forwardingMode: NAT",
            "\(service).forwardingMode: NAT is not one of nat, dsr, ipip, full_nat"),
        .init(
            "allUnhealthyPolicy: forward", "allUnhealthyPolicy: true",
            "\(service).allUnhealthyPolicy: true is not one of forward, drop"),
        .init("state: stopped", "state: gone", "instances[1].state: gone is not one of running, stopped"),
        .init(
            "weight: 10", "weight: 10, adminState: stopped",
            "\(target).adminState: stopped is not one of enabled, draining, disabled"),
        .init("enabled: true", "enabled: yes", "\(service).healthCheck.enabled: yes is not true or false"),
        .init("enabled: true", "enabled: 1", "\(service).healthCheck.enabled: 1 is not true or false"),
        .init(
            "  - name: web\n", "  - name: 42\n",
            "loadBalancers[0].name: 42 is not text; a number or a word like true needs quotes"),
        .init("[i-1, i-2]", "i-1", "availabilityGroups[0].instances: i-1 is not a list"),
        .init(
            "[i-1, i-2]", "[i-1, 2]",
            "availabilityGroups[0].instances[1]: 2 is not text; a number or a word like true needs quotes"),
        .init(
            "  - { instance: i-1, weight: 20 }", "  - i-1",
            "loadBalancers[0].groups[0].targets[1]: i-1 is not a mapping with address, instance, type, port, weight, "
                + "adminState, drainUntil"),
        .init(
            "weight: 10", "wieght: 10",
            "\(target).wieght: is no field here; allowed are address, instance, type, port, weight, adminState, drainUntil"
        ),
        .init("address: 10.1.0.11, ", "", "\(target): a target needs an address or an instance"),
        .init(
            "address: 10.1.0.11,", "address: 10.1.0.11, instance: i-2,",
            "\(target).instance: the target has an address already; it can have an address or an instance, not both"),
        .init(
            "    group: servers", "    group: servers\n        availabilityGroup: pool-a",
            "\(service).availabilityGroup: the service has a group already; it can have a group or an availability group, not both"
        ),
        .init(
            "    vip: 203.0.113.10\n", "    vip: 203.0.113.10\n    vip: 203.0.113.11\n",
            "loadBalancers[0].vip: vip is not allowed twice in one mapping; there is one more in line 5"),
        .init(
            "weight: 10", "weight: 10, \"weight\": 10",
            "\(target).weight: weight is not allowed twice in one mapping; there is one more in line 22"),
        .init(
            "region: local\n", "region: local\nregion two: local\n",
            "\"region two\": is no field here; allowed are apiVersion, region, loadBalancers, availabilityGroups, instances"
        ),
        .init(
            "region: local\n", "region: local\n[a, b]: local\n",
            "a list is not one of apiVersion, region, loadBalancers, availabilityGroups, instances"),
        .init(
            "region: local\n", "region: &here local\n<<: {}\n",
            "\"<<\": is no field here; allowed are apiVersion, region, loadBalancers, availabilityGroups, instances"),
    ]

    static let texts: [InvalidDocument] = [
        .init("[i-1, i-2] }", "[i-1, i-2 }", "line 25, column 56 is not valid YAML: did not find expected ',' or ']'"),
        .init(
            "region: local", "region: lo: cal",
            "line 2, column 11 is not valid YAML: mapping values are not allowed in this context"),
        .init(
            "region: local", "\tregion: local",
            "line 2, column 1 is not valid YAML: found a tab character that violates indentation"),
        .init(
            "region: local", "region: \u{1}", "line 2, column 9 is not valid YAML: control characters are not allowed"),
        .init("region: local", "region: local\n---", "line 3, column 1 is not valid YAML: but found another document"),
        .init(
            "region: local", "region: &here local\nx: *here",
            "line 3, column 4 is not valid YAML: aliases (*name) are not read; write the value out"),
    ]
}

@Suite("Documents with something wrong")
struct InvalidDocumentTests {
    @Test("a broken rule is told with its path, once", arguments: InvalidDocument.rules)
    func rule(invalid: InvalidDocument) {
        #expect(problems(document(invalid.part, invalid.replacement)) == [invalid.problem])
    }

    @Test("a malformed field is told with its path, and does not multiply", arguments: InvalidDocument.forms)
    func form(invalid: InvalidDocument) throws {
        let text = document(invalid.part, invalid.replacement)
        #expect(problems(text) == [invalid.problem])
        let error = #expect(throws: Problems.self) { try ConfigurationDocument(parsing: text) }
        #expect(try #require(error).description == invalid.problem)
    }

    @Test("what is no YAML is told once, with line and column", arguments: InvalidDocument.texts)
    func text(invalid: InvalidDocument) {
        #expect(problems(document(invalid.part, invalid.replacement)) == [invalid.problem])
    }

    @Test(
        "a document that is no mapping is told so",
        arguments: [("", "nothing"), ("# empty\n", "nothing"), ("[]", "a list"), ("42", "42"), ("\"x\"", "\"x\"")])
    func root(text: String, found: String) {
        #expect(
            problems(text) == [
                "\(found) is not a mapping with apiVersion, region, loadBalancers, availabilityGroups, instances"
            ])
    }

    @Test("the VIP is checked against the surroundings")
    func surroundings() throws {
        let surroundings = Surroundings(
            vipPrefixes: [try #require(Prefix("198.51.100.0/24"))],
            targetPrefixes: [try #require(Prefix("10.1.0.0/28"))])
        #expect(
            problems(validDocument, in: surroundings).map { $0.prefix { $0 != ":" } } == [
                "loadBalancers[0].vip", "instances[0].address", "instances[1].address",
            ])
    }

    @Test("all problems of form and content come at once, in the order of the document")
    func together() {
        let text = """
            apiVersion: shoal/v1
            instances:
              - { id: i-1, address: 10.1.0.300 }
              - { address: 127.0.0.1, state: stopped }
            loadBalancers:
              - vip: 203.0.113.10
                name: web
                services:
                  - { name: web, port: x, healthCheck: { timeoutSeconds: 1, intervalSeconds: 4 }, group: servers }
                groups:
                  - name: servers
                    targets:
                      - { address: 203.0.113.10, weight: 101 }
                      - { address: nowhere, weight: 102 }
                      - 17
                      - { instance: i-1, port: 70000, prot: 1 }
                listeners:
                  - { name: http, port: 0, service: nothing }
                  - { name: http, port: 0, service: web }
            """
        #expect(
            problems(text).map { $0.prefix { $0 != ":" } } == [
                "instances[0].address",
                "instances[1].id",
                "instances[1].address",
                "loadBalancers[0].services[0].port",
                "loadBalancers[0].services[0].healthCheck.timeoutSeconds",
                "loadBalancers[0].services[0].healthCheck.intervalSeconds",
                "loadBalancers[0].groups[0].targets[0].address",
                "loadBalancers[0].groups[0].targets[0].weight",
                "loadBalancers[0].groups[0].targets[1].address",
                "loadBalancers[0].groups[0].targets[1].weight",
                "loadBalancers[0].groups[0].targets[2]",
                "loadBalancers[0].groups[0].targets[3].port",
                "loadBalancers[0].groups[0].targets[3].prot",
                "loadBalancers[0].listeners[0].port",
                "loadBalancers[0].listeners[0].service",
                "loadBalancers[0].listeners[1].name",
                "loadBalancers[0].listeners[1].port",
                "loadBalancers[0].listeners[1].port",
            ])
    }

    @Test(
        "a name or a list that cannot be read makes nobody look for it in vain",
        arguments: [
            ("  - name: web-http\n", "  - name: [web-http]\n"), ("  - name: web-http\n", "  - nam: web-http\n"),
            ("    services:\n", "    backends:\n"), ("  - name: servers\n", "  - name: 1\n"),
            ("    groups:\n", "    group:\n"),
            ("id: i-1", "id: 1"), ("instances:\n  - { id: i-1", "servers:\n  - { id: i-1"),
        ])
    func references(part: String, replacement: String) {
        let found = problems(document(part, replacement))
        #expect(!found.isEmpty)
        #expect(!found.contains { $0.contains("there is no") }, "\(found)")
    }

    @Test("two repeated keys are both told, together with what else is wrong")
    func repeatedKeys() {
        var text = document("weight: 10", "weight: 10, weight: 11, weight: 101")
        text = document("region: local", "region: local\nregion: local", in: text)
        #expect(
            problems(text) == [
                "region: region is not allowed twice in one mapping; there is one more in line 2",
                "loadBalancers[0].groups[0].targets[0].weight: weight is not allowed twice in one mapping; there is one more in line 23",
                "loadBalancers[0].groups[0].targets[0].weight: weight is not allowed twice in one mapping; there is one more in line 23",
                "loadBalancers[0].groups[0].targets[0].weight: 101 is outside 0...100",
            ])
    }

    @Test("text of a user stands in a message on one line and of bounded length")
    func longText() {
        let found = problems(
            document("region: local", "region: \"\(String(repeating: "a\\n\u{301}", count: 10_000))\""))
        #expect(found.count == 1)
        #expect(found.allSatisfy { $0.utf8.count < 1000 && !$0.contains("\n") })
    }
}

@Suite("Documents that mean harm")
struct HostileDocumentTests {
    @Test(
        "nesting without end is refused, not followed",
        arguments: ["[", "{a: ", "- ", "? ", "- ? ", "[{a: ", "a:\n ", "!!seq [", "&a [", "{? "])
    func nesting(opening: String) {
        for count in [60, 900, 100_000] {
            let nested = String(repeating: opening, count: count)
            #expect(!problems(nested).isEmpty)
            #expect(!problems("apiVersion: shoal/v1\nregion:\n  " + nested).isEmpty)
        }
    }

    @Test("closed nesting just below YAML's own limit is read and refused")
    func closedNesting() {
        let nested = String(repeating: "[", count: 990) + String(repeating: "]", count: 990)
        #expect(
            problems("apiVersion: shoal/v1\nregion: \(nested)").map { $0.prefix { $0 != ";" } } == [
                "region: a list is not text"
            ])
    }

    @Test("a document of more nodes than anyone needs is refused before it is read, one of 10,000 targets is read")
    func manyNodes() {
        for node in ["- a\n", "a: b\n", "[a", "{a", "a,", "- ", "\r"] {
            let text = "region: [" + String(repeating: node, count: 150_001)
            #expect(problems(text).first?.contains("more than 150000 lines and separators; split the document") == true)
        }
        let target = "        - address: 2001:db8:0:1:2:3:4:ffff\n          port: 80\n          weight: 10\n"
        let targets = String(repeating: target, count: 10_000)
        #expect(problems("x:\n    y:\n" + targets).first?.contains("separators") != true)
    }

    @Test("aliases to aliases cost nothing")
    func aliases() {
        var text = "a: &a0 [x, x]\n"
        for level in 1...40 { text += "a\(level): &a\(level) [*a\(level - 1), *a\(level - 1)]\n" }
        text += "? *a40\n: y\n"
        #expect(problems(text).first?.contains("aliases") == true)
    }

    @Test(
        "a comment cannot smuggle an alias past the check",
        arguments: [
            "# *a", "region: local # *a", "region: local #*a", "\"k\" : *a", "- *a", "[*a]", "{\"a\":*a}", "?*a",
            "\u{feff}*a", "\t*a", "\u{85}*a", "'#' : *a", "a#: *a",
        ])
    func hiddenAlias(line: String) {
        let found = problems("x: &a [y]\n" + line)
        #expect(!found.contains { $0.contains("undefined alias") })
    }

    @Test("a * is no alias where no & names anything", arguments: ["a *b", "R&D *", "*", "*.js, x&y"])
    func harmlessStar(text: String) throws {
        let text = document("name: web\n", "name: web\n    description: '\(text)'\n")
        #expect(problems(text) == [])
        #expect(problems(text.replacing("'", with: "'& ")).first?.contains("aliases") == true)
    }

    @Test("numbers without end are refused")
    func numbers() {
        for number in [
            String(repeating: "9", count: 100_000), "-" + String(repeating: "9", count: 400), "1e999",
            "0x" + String(repeating: "f", count: 100), ".nan", ".inf",
        ] {
            #expect(problems(document("weight: 10", "weight: \(number)")).count == 1)
        }
    }

    @Test("an answer does not grow without end")
    func flood() {
        let targets = String(repeating: "{ weight: -1 },", count: 5000)
        let found = problems("apiVersion: shoal/v1\nloadBalancers: [{ groups: [{ targets: [\(targets)] }] }]")
        #expect(found.count == Limits.problems)
    }

    @Test("a valid document cut off anywhere never crashes, and is never taken for a part of another")
    func truncated() {
        for length in 0..<validDocument.count { _ = problems(String(validDocument.prefix(length))) }
    }

    @Test("a valid document with any character replaced never crashes")
    func mutated() {
        let characters = Array(validDocument)
        let intruders: [Character] = [
            "{", "]", ":", "\"", "'", "#", "&", "!", "|", "\n", "\t", "0", "-", "?", "\u{0}", "网",
        ]
        for index in stride(from: 0, to: characters.count, by: 3) {
            var changed = characters
            changed[index] = intruders[index % intruders.count]
            _ = problems(String(changed))
        }
    }
}
