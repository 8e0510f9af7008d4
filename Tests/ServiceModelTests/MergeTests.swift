import NetworkTypes
import ServiceModel
import Testing

@Suite("Merging a document")
struct MergeTests {
    let sample = Configuration.sample
    let pair = Configuration.samplePair

    @Test("merging what is there changes nothing, with and without prune", arguments: [false, true])
    func same(prune: Bool) {
        #expect(pair.merging(pair, prune: prune) == pair)
        #expect(Configuration().merging(pair, prune: prune) == pair)
    }

    @Test("an empty document changes nothing; with prune it removes everything")
    func empty() {
        #expect(pair.merging(Configuration(), prune: false) == pair)
        #expect(pair.merging(Configuration(), prune: true) == Configuration())
    }

    @Test("what a document names is replaced in its place or added, what it does not name stays")
    func merge() {
        let document = Configuration(
            loadBalancers: [
                LoadBalancer(
                    name: "web", vip: "203.0.113.11",
                    listeners: [Listener(name: "alt", port: 8000, service: "alt")],
                    services: [
                        BackendService(name: "web-http", port: 8080, algorithm: .fiveTuple, servers: .group("servers")),
                        BackendService(name: "alt", port: 8000),
                    ])
            ],
            instances: [
                Instance(id: "i-3", address: "10.1.0.23"), Instance(id: "i-2", address: "10.1.0.22", state: .running),
            ])
        let expected = pair.changed {
            $0.loadBalancers[0].vip = "203.0.113.11"
            $0.loadBalancers[0].listeners.append(Listener(name: "alt", port: 8000, service: "alt"))
            $0.loadBalancers[0].services[0].algorithm = .fiveTuple
            $0.loadBalancers[0].services.append(BackendService(name: "alt", port: 8000))
            $0.instances[1].state = .running
            $0.instances.append(Instance(id: "i-3", address: "10.1.0.23"))
        }
        #expect(pair.merging(document, prune: false) == expected)
        #expect(pair.merging(document, prune: true) == document)
    }

    @Test("a group is replaced together with its targets")
    func groups() {
        let group = ServerGroup(name: "servers", targets: [Target(server: .address("10.1.0.99"))])
        let document = Configuration(loadBalancers: [LoadBalancer(name: "web", vip: "203.0.113.10", groups: [group])])
        #expect(sample.merging(document, prune: false).loadBalancers[0].groups == [group])
    }

    @Test("a name that stands twice in a document is not hidden")
    func duplicates() {
        let twice = Configuration(loadBalancers: [
            LoadBalancer(name: "mail", vip: "203.0.113.20"), LoadBalancer(name: "mail", vip: "203.0.113.21"),
        ])
        let problems = sample.merging(twice, prune: false).problems()
        #expect(problems.map { $0.path } == ["loadBalancers[2].name"])
        #expect(pair.merging(twice, prune: false).problems().map { $0.path } == ["loadBalancers[2].name"])
    }
}

@Suite("Changes between configurations")
struct ChangeTests {
    let sample = Configuration.sample
    let pair = Configuration.samplePair

    private func changes(_ old: Configuration, _ new: Configuration) -> [String] {
        old.changes(to: new).map { $0.description }
    }

    @Test("nothing differs from itself, and order is no difference")
    func none() {
        #expect(changes(pair, pair) == [])
        #expect(
            changes(
                pair,
                pair.changed {
                    $0.loadBalancers.reverse()
                    $0.instances.reverse()
                }) == [])
    }

    @Test("a new load balancer comes with everything below it, and goes with it")
    func whole() {
        let below = ["load balancer mail", "listener mail/smtp", "service mail/smtp", "group mail/servers"]
        #expect(changes(sample, pair) == below.map { $0 + " created" })
        #expect(changes(pair, sample) == below.map { $0 + " deleted" })
    }

    @Test("only the resource whose own fields differ is updated")
    func updated() {
        #expect(
            changes(
                pair,
                pair.changed {
                    $0.loadBalancers[0].listeners.removeLast()
                    $0.loadBalancers[0].services[0].drainSeconds = 0
                    $0.loadBalancers[0].services.append(BackendService(name: "new", port: 1))
                    $0.loadBalancers[0].groups[0].targets[0].weight = 1
                    $0.loadBalancers[1].vip = "203.0.113.21"
                    $0.availabilityGroups[0].instances = []
                    $0.instances[0].state = .stopped
                }) == [
                    "listener web/https deleted", "service web/web-http updated", "service web/new created",
                    "group web/servers updated", "load balancer mail updated", "availability group pool-a updated",
                    "instance i-1 updated",
                ])
    }

    @Test("a rename is a new resource and the end of the old one")
    func renamed() {
        #expect(
            changes(sample, sample.changed { $0.instances[0].id = "i-7" }) == [
                "instance i-7 created", "instance i-1 deleted",
            ])
    }
}

@Suite("What never changes")
struct ImmutabilityTests {
    let pair = Configuration.samplePair

    @Test("protocol and port of a listener and of a service never change, by name and whatever the order")
    func protocolAndPort() {
        let new = pair.changed {
            $0.loadBalancers[0].listeners[0].port = 81
            $0.loadBalancers[0].services[1].port = 9443
            $0.loadBalancers[1].listeners[0].transport = .udp
            $0.loadBalancers[1].services[0].transport = .udp
            $0.loadBalancers.reverse()
        }
        let remedy = { (kind: String) in "delete the \(kind) and create it anew, or give the new one another name" }
        #expect(
            new.immutabilityProblems(replacing: pair).map { $0.description } == [
                "loadBalancers[0].listeners[0].protocol: the protocol of listener \"smtp\" is tcp and never changes; \(remedy("listener"))",
                "loadBalancers[0].services[0].protocol: the protocol of backend service \"smtp\" is tcp and never changes; \(remedy("backend service"))",
                "loadBalancers[1].listeners[0].port: the port of listener \"http\" is 80 and never changes; \(remedy("listener"))",
                "loadBalancers[1].services[1].port: the port of backend service \"web-https\" is 8443 and never changes; \(remedy("backend service"))",
            ])
    }

    @Test("everything else may change, come and go")
    func rest() {
        #expect(pair.immutabilityProblems(replacing: pair).isEmpty)
        #expect(Configuration().immutabilityProblems(replacing: pair).isEmpty)
        #expect(pair.immutabilityProblems(replacing: Configuration()).isEmpty)
        let new = pair.changed {
            $0.loadBalancers[0].vip = "203.0.113.12"
            $0.loadBalancers[0].listeners[0] = Listener(name: "other", port: 81, service: "web-https")
            $0.loadBalancers[0].services[0].algorithm = .fiveTuple
            $0.loadBalancers[0].groups[0].targets = []
        }
        #expect(new.immutabilityProblems(replacing: pair).isEmpty)
    }

    @Test("the region never changes while there is something in it")
    func region() {
        let moved = pair.changed { $0.region = "elsewhere" }
        #expect(moved.immutabilityProblems(replacing: pair).map { $0.path } == ["region"])
        #expect(moved.immutabilityProblems(replacing: Configuration()).isEmpty)
    }
}
