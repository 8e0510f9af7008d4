import AdminTypes
import CommandText
import ServiceModel
import Testing

@Suite("Names of resources")
struct ResourceReferenceTests {
    private let stored: Configuration
    private let loadBalancers: [LoadBalancerAnswer]
    private let listeners: [ListenerAnswer]
    private var names = Names()

    init() throws {
        let text = """
            apiVersion: shoal/v1
            loadBalancers:
              - name: web
                vip: 203.0.113.10
                listeners: [{ name: http, port: 80, service: a }, { name: admin, port: 81, service: a }]
                services: [{ name: a, port: 8080, group: servers }]
                groups:
                  - name: servers
                    targets: [{ address: "2001:db8::1" }, { instance: i-1 }, { address: 10.1.0.11 }]
              - name: mail
                vip: 203.0.113.11
                listeners: [{ name: http, port: 80, service: a }, { name: listener-0000000002, port: 82, service: a }]
                services: [{ name: a, port: 8080 }]
            instances: [{ id: i-1, address: 10.1.0.21 }]
            """
        var number: UInt64 = 0
        let stored = try ConfigurationDocument(parsing: text).configuration.stamped(
            replacing: Configuration(), at: 0
        ) { kind in
            number += 1
            return ResourceID(kind, number)
        }
        self.stored = stored
        loadBalancers = stored.loadBalancers.map { LoadBalancerAnswer($0) }
        listeners = stored.loadBalancers.flatMap { stored.views(ofListenersIn: $0) }.map { ListenerAnswer($0) }
        names.add(loadBalancers)
    }

    /// What the text means, as load balancer and name, or why that is not known.
    private func meaning(of text: String) throws -> String {
        let reference = try ResourceReference(text)
        let owner = try reference.owner(among: loadBalancers)
        let candidates = listeners.filter { owner == nil || $0.loadBalancerId == owner?.id }
        return names.label(of: try reference.choose(from: candidates, names))
    }

    @Test("a listener is known by its name, by that of its load balancer and its own, and by its id")
    func meanings() throws {
        let web = loadBalancers[0]
        let http = listeners[0]
        #expect(try meaning(of: "admin") == "web/admin")
        #expect(try meaning(of: "mail/http") == "mail/http")
        #expect(try meaning(of: "\(web.id)/http") == "web/http")
        #expect(try meaning(of: "\(web.id)/\(http.id)") == "web/http")
        #expect(try meaning(of: http.id) == "web/http")
    }

    @Test("a name that several bear is refused, and each is told with what tells it apart")
    func ambiguous() {
        let candidates = ["web/http (\(listeners[0].id))", "mail/http (\(listeners[2].id))"]
        let error = #expect(throws: ReferenceError.self) { try meaning(of: "http") }
        #expect(error == .ambiguous(noun: "listener", text: "http", candidates: candidates))
        #expect(
            error?.description == """
                there are 2 listeners "http"; say which:
                  \(candidates[0])
                  \(candidates[1])
                """)
    }

    @Test("an id means its resource, even if another one is called so")
    func idWins() throws {
        let id = "listener-0000000002"
        let owner = try #require(listeners.first { $0.id == id })
        #expect(listeners.contains { $0.name == id && $0.id != id })
        #expect(try meaning(of: id) == names.label(of: owner))
    }

    @Test("what is not there is told by kind and name")
    func missing() {
        #expect(throws: ReferenceError.notFound(noun: "listener", text: "web/https")) { try meaning(of: "web/https") }
        #expect(throws: ReferenceError.notFound(noun: "load balancer", text: "wep")) { try meaning(of: "wep/http") }
        #expect(throws: ReferenceError.notFound(noun: "listener", text: "https")) { try meaning(of: "https") }
        #expect(throws: ReferenceError.notFound(noun: "listener", text: "mail/admin")) { try meaning(of: "mail/admin") }
        let error = ReferenceError.notFound(noun: "listener", text: "https")
        #expect(error.description == "there is no listener \"https\"")
    }

    @Test("what belongs to a load balancer is looked for there, unless another one is said")
    func standardOwner() throws {
        let below = try ResourceReference("http").below("web")
        #expect(below.owner == "web" && below.name == "http")
        #expect(try ResourceReference("mail/http").below("web").owner == "mail")
        #expect(throws: ReferenceError.notFound(noun: "listener", text: "web/nope")) {
            try ResourceReference("nope").below("web").choose(from: listeners, names)
        }
    }

    @Test("what can be no name is said so", arguments: ["", "/", "/http", "web/", "web/http/x"])
    func malformed(_ text: String) {
        #expect(throws: ReferenceError.malformed(text)) { try meaning(of: text) }
    }

    @Test("a target is known by its address, in any of its spellings, by its instance and by its id")
    func targets() throws {
        let targets = stored.views(ofTargetsIn: stored.loadBalancers[0].groups[0]).map { TargetAnswer($0) }
        #expect(try targets.choose("10.1.0.11", of: "web/servers") == targets[2])
        #expect(try targets.choose("2001:DB8:0::1", of: "web/servers") == targets[0])
        #expect(try targets.choose("i-1", of: "web/servers") == targets[1])
        #expect(try targets.choose("10.1.0.21", of: "web/servers") == targets[1])
        #expect(try targets.choose(targets[0].targetId, of: "web/servers") == targets[0])
        #expect(throws: ReferenceError.notFound(noun: "target of web/servers", text: "10.1.0.12")) {
            try targets.choose("10.1.0.12", of: "web/servers")
        }
        #expect(throws: ReferenceError.self) { try (targets + targets).choose("i-1", of: "web/servers") }
    }
}
