import NetworkTypes
import ServiceModel
import Testing

@Suite("Rules of load balancers, listeners and services")
struct RuleTests {
    let sample = Configuration.sample
    let pair = Configuration.samplePair

    @Test("a configuration that keeps to the rules has no problem, and neither has an empty one")
    func valid() throws {
        #expect(sample.problems().isEmpty)
        #expect(pair.problems().isEmpty)
        #expect(try CheckedConfiguration(sample).configuration == sample)
        #expect(CheckedConfiguration.empty.configuration.problems().isEmpty)
    }

    // MARK: Ranges

    @Test("the port of a listener is 1...65535", arguments: [0, -1, 65536, Int.max])
    func listenerPort(port: Int) {
        #expect(
            sample.problems { $0.loadBalancers[0].listeners[0].port = port } == [
                "loadBalancers[0].listeners[0].port: \(port) is outside 1...65535"
            ])
    }

    @Test("the port of a service is 1...65535", arguments: [0, 65536])
    func servicePort(port: Int) {
        #expect(
            sample.problems { $0.loadBalancers[0].services[0].port = port } == [
                "loadBalancers[0].services[0].port: \(port) is outside 1...65535"
            ])
    }

    @Test("the bounds of a range are inside of it")
    func bounds() {
        for (port, weight, seconds, time) in [(1, 0, 0, 0), (65535, 100, 3600, 253_402_300_799)] {
            let problems = sample.problems {
                $0.loadBalancers[0].listeners[0].port = port
                $0.loadBalancers[0].services[0].port = port
                $0.loadBalancers[0].services[0].drainSeconds = seconds
                $0.loadBalancers[0].services[0].slowStartSeconds = seconds
                $0.loadBalancers[0].groups[0].targets[0].weight = weight
                $0.loadBalancers[0].groups[0].targets[0].adminState = .draining
                $0.loadBalancers[0].groups[0].targets[0].drainUntil = Int64(time)
            }
            #expect(problems == [])
        }
        for (port, timeout, interval, threshold) in [(0, 2, 5, 1), (65535, 60, 300, 5)] {
            let check = HealthCheck(
                port: port, timeoutSeconds: timeout, intervalSeconds: interval, unhealthyThreshold: threshold,
                healthyThreshold: threshold)
            #expect(sample.problems { $0.loadBalancers[0].services[0].healthCheck = check } == [])
        }
    }

    @Test("draining lasts 0...3600 seconds", arguments: [-1, 3601])
    func drainSeconds(seconds: Int) {
        #expect(
            sample.problems { $0.loadBalancers[0].services[0].drainSeconds = seconds } == [
                "loadBalancers[0].services[0].drainSeconds: \(seconds) is outside 0...3600"
            ])
    }

    @Test("a slow start lasts 0...3600 seconds", arguments: [-1, 3601])
    func slowStartSeconds(seconds: Int) {
        #expect(
            sample.problems { $0.loadBalancers[0].services[0].slowStartSeconds = seconds } == [
                "loadBalancers[0].services[0].slowStartSeconds: \(seconds) is outside 0...3600"
            ])
    }

    @Test("timeout 2...60, interval 5...300, thresholds 1...5, check port 0...65535; off or on")
    func healthCheck() {
        func problems(_ healthCheck: HealthCheck) -> [String] {
            sample.problems { $0.loadBalancers[0].services[1].healthCheck = healthCheck }
        }
        let path = "loadBalancers[0].services[1].healthCheck"
        for isEnabled in [true, false] {
            let low = HealthCheck(
                isEnabled: isEnabled, port: -1, timeoutSeconds: 1, intervalSeconds: 4, unhealthyThreshold: 0,
                healthyThreshold: 0)
            #expect(
                problems(low) == [
                    "\(path).port: -1 is outside 0...65535",
                    "\(path).timeoutSeconds: 1 is outside 2...60",
                    "\(path).intervalSeconds: 4 is outside 5...300",
                    "\(path).unhealthyThreshold: 0 is outside 1...5",
                    "\(path).healthyThreshold: 0 is outside 1...5",
                ])
        }
        let high = HealthCheck(
            port: 65536, timeoutSeconds: 61, intervalSeconds: 301, unhealthyThreshold: 6, healthyThreshold: 6)
        #expect(
            problems(high) == [
                "\(path).port: 65536 is outside 0...65535",
                "\(path).timeoutSeconds: 61 is outside 2...60",
                "\(path).intervalSeconds: 301 is outside 5...300",
                "\(path).unhealthyThreshold: 6 is outside 1...5",
                "\(path).healthyThreshold: 6 is outside 1...5",
            ])
    }

    // MARK: Names

    @Test(
        "a name is 1 to 32 Chinese characters, letters, digits, _ or -",
        arguments: [
            ("web", true), ("Web_1-a", true), ("-", true), ("网站", true), ("〇一二", true), ("𠮷野家", true),
            (String(repeating: "a", count: 32), true), (String(repeating: "网", count: 32), true),
            ("", false), (String(repeating: "a", count: 33), false), ("my web", false), ("web.1", false),
            ("web/1", false), ("wéb", false), ("ｗｅｂ", false), ("١", false), ("かな", false), ("web\n", false),
            ("we\u{301}b", false), ("🐟", false),
        ])
    func names(name: String, isValid: Bool) { #expect(ResourceName.isValid(name) == isValid) }

    @Test("every named thing keeps to the rule for names")
    func namesOfAll() {
        let problems = pair.changed {
            $0.region = "r.1"
            $0.loadBalancers[0].name = "a b"
            $0.loadBalancers[1].vpc = ""
            $0.loadBalancers[0].listeners[0].name = ""
            $0.loadBalancers[1].services[0].name = "x!"
            $0.loadBalancers[1].listeners[0].service = "x!"
            $0.loadBalancers[1].groups[0].name = "x?"
            $0.loadBalancers[1].services[0].servers = .group("x?")
            $0.availabilityGroups.append(AvailabilityGroup(name: "p p", vpc: "v v"))
            $0.instances.append(Instance(id: "i 3", address: "10.1.0.23", vpc: "v v"))
        }.problems()
        #expect(
            problems.map { $0.path } == [
                "region", "loadBalancers[0].name", "loadBalancers[0].listeners[0].name", "loadBalancers[1].vpc",
                "loadBalancers[1].services[0].name", "loadBalancers[1].groups[0].name", "availabilityGroups[1].name",
                "availabilityGroups[1].vpc", "instances[2].id", "instances[2].vpc",
            ])
        #expect(
            problems[1].description
                == "loadBalancers[0].name: \"a b\" is not a name of 1 to 32 Chinese characters, letters a-z and A-Z, digits, _ or -"
        )
    }

    @Test("a name is unique in its list, and free in another")
    func uniqueNames() {
        let problems = pair.problems {
            $0.loadBalancers[1].name = "web"
            $0.loadBalancers[0].listeners[1].name = "http"
            $0.loadBalancers[0].services.append(BackendService(name: "web-http", port: 1))
            $0.loadBalancers[0].groups.append(ServerGroup(name: "servers"))
            $0.availabilityGroups.append(AvailabilityGroup(name: "pool-a"))
            $0.instances.append(Instance(id: "i-1", address: "10.1.0.23"))
        }
        #expect(
            problems == [
                "loadBalancers[0].listeners[1].name: the name \"http\" is already taken by loadBalancers[0].listeners[0]",
                "loadBalancers[0].services[2].name: the name \"web-http\" is already taken by loadBalancers[0].services[0]",
                "loadBalancers[0].groups[1].name: the name \"servers\" is already taken by loadBalancers[0].groups[0]",
                "loadBalancers[1].name: the name \"web\" is already taken by loadBalancers[0]",
                "availabilityGroups[1].name: the name \"pool-a\" is already taken by availabilityGroups[0]",
                "instances[2].id: the id \"i-1\" is already taken by instances[0]",
            ])
    }

    // MARK: VIPs

    @Test("a VIP belongs to one load balancer")
    func uniqueVIP() {
        #expect(
            pair.problems { $0.loadBalancers[1].vip = "203.0.113.10" } == [
                "loadBalancers[1].vip: the VIP 203.0.113.10 is already taken by loadBalancers[0]"
            ])
    }

    @Test(
        "a VIP is an address that other hosts can reach",
        arguments: [
            ("127.0.0.1", "a loopback address"), ("169.254.1.1", "a link-local address"),
            ("224.0.0.5", "a multicast address"),
            ("0.0.0.0", "the unspecified address"), ("255.255.255.255", "the broadcast address"),
        ])
    func specialVIP(vip: String, use: String) throws {
        let address = try #require(IPAddress(vip))
        #expect(
            sample.problems { $0.loadBalancers[0].vip = address } == [
                "loadBalancers[0].vip: \(vip) is not usable as a VIP: it is \(use)"
            ])
    }

    @Test("a VIP comes from the blocks that are set aside for VIPs")
    func vipPrefixes() {
        let surroundings = Surroundings(vipPrefixes: ["198.51.100.0/24", "2001:db8::/32"])
        #expect(
            sample.problems(in: surroundings) { _ in } == [
                "loadBalancers[0].vip: 203.0.113.10 is not inside the blocks for VIPs: 198.51.100.0/24, 2001:db8::/32"
            ])
        #expect(sample.problems(in: surroundings) { $0.loadBalancers[0].vip = "198.51.100.1" } == [])
    }

    @Test("an address of the host is no VIP")
    func hostAddress() {
        let surroundings = Surroundings(hostAddresses: ["203.0.113.10", "10.1.0.1"])
        #expect(
            sample.problems(in: surroundings) { _ in } == [
                "loadBalancers[0].vip: 203.0.113.10 is an address of this host; a VIP needs an address of its own"
            ])
    }

    // MARK: Listeners

    @Test("protocol and port are unique in a load balancer, and free in another")
    func uniquePort() {
        #expect(
            pair.problems {
                $0.loadBalancers[0].listeners[1].port = 80
                $0.loadBalancers[1].listeners[0].port = 80
            } == ["loadBalancers[0].listeners[1].port: port 80/tcp is already taken by loadBalancers[0].listeners[0]"])
    }

    @Test("a listener leads to a service of its own load balancer")
    func listenerService() {
        #expect(
            pair.problems { $0.loadBalancers[0].listeners[0].service = "smtp" } == [
                "loadBalancers[0].listeners[0].service: there is no backend service named \"smtp\""
            ])
    }

    @Test("a listener leads to a service of its own protocol")
    func transport() {
        #expect(
            sample.problems { $0.loadBalancers[0].listeners[0].transport = .udp } == [
                "loadBalancers[0].listeners[0].service: a listener for udp cannot lead to a service for tcp"
            ])
        #expect(
            sample.problems {
                $0.loadBalancers[0].listeners[0].transport = .udp
                $0.loadBalancers[0].services[0].transport = .udp
            } == [])
    }

    // MARK: Services

    @Test("this version forwards in modes nat and dsr", arguments: BackendService.ForwardingMode.allCases)
    func forwardingMode(mode: BackendService.ForwardingMode) {
        let problems = sample.problems {
            $0.loadBalancers[0].services[0].forwardingMode = mode
            $0.loadBalancers[0].listeners[0].service = "spare"
            $0.loadBalancers[0].services.append(BackendService(name: "spare", port: 1))
        }
        let unserved = "this version forwards in modes nat and dsr, not \(mode.rawValue)"
        #expect(
            problems
                == (mode == .nat || mode == .dsr ? [] : ["loadBalancers[0].services[0].forwardingMode: \(unserved)"]))
    }

    @Test("mode dsr keeps the listener's port, so targets serve on it")
    func portsInModeDSR() {
        func problems(_ change: (inout LoadBalancer) -> Void) -> [String] {
            sample.problems {
                $0.loadBalancers[0].services[0].forwardingMode = .dsr
                $0.loadBalancers[0].listeners[0].port = 8080
                $0.loadBalancers[0].groups[0].targets[1].port = 8080
                change(&$0.loadBalancers[0])
            }
        }
        func sentence(_ port: Int, _ target: String) -> String {
            "loadBalancers[0].listeners[0].port: mode dsr of service \"web-http\" keeps port \(port), and target \(target) "
                + "serves on another; give it the listener's port, or use mode nat"
        }
        #expect(problems { _ in } == [])
        #expect(problems { $0.listeners[0].port = 81 } == [sentence(81, "10.1.0.11:8080")])
        #expect(problems { $0.groups[0].targets[1].port = 81 } == [sentence(8080, "10.1.0.12:81")])
        #expect(problems { $0.listeners[0].port = 0 }.count == 1, "told once")
    }

    @Test("in mode dsr several listeners may lead to one target, as replies don't come back")
    func sharedTargetsInModeDSR() {
        let problems = sample.problems {
            $0.loadBalancers[0].services[0].forwardingMode = .dsr
            $0.loadBalancers[0].services[0].port = 8080
            $0.loadBalancers[0].listeners[0].port = 8080
            $0.loadBalancers[0].groups[0].targets[1].port = 8080
            let twin = BackendService(name: "twin", port: 8080, servers: .group("servers"))
            $0.loadBalancers[0].services.append(twin)
            $0.loadBalancers[0].listeners.append(Listener(name: "twin", port: 82, service: "twin"))
        }
        #expect(problems == [])
    }

    @Test("modes nat and dsr keep the family", arguments: [BackendService.ForwardingMode.nat, .dsr])
    func families(mode: BackendService.ForwardingMode) {
        let problems = sample.problems {
            $0.loadBalancers[0].services[0].forwardingMode = mode
            $0.loadBalancers[0].services[0].port = 80
            $0.loadBalancers[0].groups[0].targets = [Target(server: .address("fd00:1::11"))]
        }
        let sentence = "fd00:1::11 is IPv6 and the VIP 203.0.113.10 is IPv4; mode \(mode.rawValue) keeps the family"
        #expect(problems == ["loadBalancers[0].groups[0].targets[0].address: \(sentence)"])
    }

    @Test("what is not served is told apart from what is wrong")
    func unsupported() throws {
        let problems = sample.changed { $0.loadBalancers[0].services[0].forwardingMode = .ipip }.problems()
        guard case .unsupported = try #require(problems.first).reason else {
            Issue.record("\(problems)")
            return
        }
    }

    @Test("an ICMP check is for UDP services")
    func icmp() {
        #expect(
            sample.problems { $0.loadBalancers[0].services[0].healthCheck.method = .icmp } == [
                "loadBalancers[0].services[0].healthCheck.protocol: Icmp is for UDP services only; use Tcp"
            ])
        let problems = sample.problems {
            $0.loadBalancers[0].services[0].healthCheck.method = .icmp
            $0.loadBalancers[0].services[0].transport = .udp
        }
        #expect(!problems.contains { $0.contains("healthCheck") })
    }

    @Test("a service names a group of its load balancer or an availability group of the region, or none")
    func servers() {
        #expect(
            sample.problems {
                $0.loadBalancers[0].services[0].servers = .group("pool-a")
                $0.loadBalancers[0].services[1].servers = .availabilityGroup("servers")
            } == [
                "loadBalancers[0].services[0].group: there is no group named \"pool-a\"",
                "loadBalancers[0].services[1].availabilityGroup: there is no availability group named \"servers\"",
            ])
        #expect(sample.problems { $0.loadBalancers[0].services[0].servers = nil } == [])
    }

    @Test("services may share a port, a group may serve two services, and a service may have no listener")
    func sharing() {
        #expect(
            sample.problems {
                $0.loadBalancers[0].services.append(
                    BackendService(name: "spare", port: 8080, servers: .group("servers")))
            } == [])
    }

    // MARK: Limits

    @Test("100 load balancers, 50 listeners, services and groups each, 1,000 targets and members of a group")
    func limits() throws {
        func configuration(beyond: Int) -> Configuration {
            let spare = (1...50 + beyond).map { BackendService(name: "s\($0)", port: 80) }
            let members = (1...1000 + beyond).map { number in
                Instance(id: "m\(number)", address: IPAddress(ipv4: 0x0a02_0000 + UInt32(number)))
            }
            let first = LoadBalancer(
                name: "first", vip: "203.0.113.1",
                listeners: (1...50 + beyond).map { Listener(name: "l\($0)", port: $0, service: "s1") }, services: spare,
                groups: [
                    ServerGroup(
                        name: "g1",
                        targets: (1...1000 + beyond).map {
                            Target(server: .address(IPAddress(ipv4: 0x0a01_0000 + UInt32($0))))
                        })
                ] + (2...50 + beyond).map { ServerGroup(name: "g\($0)") })
            let others = (2...100 + beyond).map {
                LoadBalancer(name: "lb\($0)", vip: IPAddress(ipv4: 0xcb00_7200 + UInt32($0)))
            }
            return Configuration(
                loadBalancers: [first] + others,
                availabilityGroups: [AvailabilityGroup(name: "all", instances: members.map { $0.id })],
                instances: members)
        }
        #expect(configuration(beyond: 0).problems() == [])
        #expect(
            configuration(beyond: 1).problems().map { $0.description } == [
                "loadBalancers: 101 load balancers, and at most 100 are allowed",
                "loadBalancers[0].listeners: 51 listeners, and at most 50 are allowed",
                "loadBalancers[0].services: 51 backend services, and at most 50 are allowed",
                "loadBalancers[0].groups: 51 groups, and at most 50 are allowed",
                "loadBalancers[0].groups[0].targets: 1001 targets, and at most 1000 are allowed",
                "availabilityGroups[0].instances: 1001 instances, and at most 1000 are allowed",
            ])
    }

    // MARK: All at once

    @Test("all problems are found at once, in document order")
    func together() throws {
        let broken = sample.changed {
            $0.loadBalancers[0].groups[0].targets[0].weight = 101
            $0.loadBalancers[0].services[0].healthCheck.timeoutSeconds = 1
            $0.loadBalancers[0].listeners[0].service = "nowhere"
            $0.loadBalancers[0].vip = "127.0.0.1"
            $0.instances[0].vpc = "other"
        }
        let error = #expect(throws: Problems.self) { try CheckedConfiguration(broken) }
        #expect(
            try #require(error).list.map { $0.path } == [
                "loadBalancers[0].vip", "loadBalancers[0].listeners[0].service",
                "loadBalancers[0].services[0].healthCheck.timeoutSeconds",
                "loadBalancers[0].groups[0].targets[0].weight",
                "availabilityGroups[0].instances[0]",
            ])
        #expect(try #require(error).description.split(separator: "\n").count == 5)
    }
}
