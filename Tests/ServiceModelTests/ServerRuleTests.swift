import NetworkTypes
import ServiceModel
import Testing

@Suite("Rules of groups, targets and instances")
struct ServerRuleTests {
    let sample = Configuration.sample
    let pair = Configuration.samplePair

    // MARK: Targets

    @Test("a weight is 0...100 and a target's port 0...65535", arguments: [-1, 101])
    func weightAndPort(weight: Int) {
        #expect(
            sample.problems {
                $0.loadBalancers[0].groups[0].targets[0].weight = weight
                $0.loadBalancers[0].groups[0].targets[1].port = 65536
            } == [
                "loadBalancers[0].groups[0].targets[0].weight: \(weight) is outside 0...100",
                "loadBalancers[0].groups[0].targets[1].port: 65536 is outside 0...65535",
            ])
    }

    @Test("a deadline goes with draining only", arguments: [AdminState.enabled, .disabled])
    func deadlineWithoutDraining(state: AdminState) {
        #expect(
            sample.problems {
                $0.loadBalancers[0].groups[0].targets[1].adminState = state
                $0.loadBalancers[0].groups[0].targets[1].drainUntil = 5
            } == [
                "loadBalancers[0].groups[0].targets[1].drainUntil: "
                    + "goes with adminState draining only, and this target is \(state.rawValue)"
            ])
        #expect(sample.problems { $0.loadBalancers[0].groups[0].targets[1].adminState = state } == [])
        #expect(sample.problems { $0.loadBalancers[0].groups[0].targets[1].adminState = .draining } == [])
    }

    @Test("a deadline is in the years 1970 to 9999", arguments: [-1, 253_402_300_800, Int64.max])
    func deadline(seconds: Int64) {
        #expect(
            sample.problems {
                $0.loadBalancers[0].groups[0].targets[1].adminState = .draining
                $0.loadBalancers[0].groups[0].targets[1].drainUntil = seconds
            } == [
                "loadBalancers[0].groups[0].targets[1].drainUntil: \(seconds) is outside 0...253402300799"
            ])
    }

    @Test("a target is no VIP, of its own load balancer or of another")
    func targetIsVIP() {
        #expect(
            pair.problems {
                $0.loadBalancers[0].groups[0].targets[0].server = .address("203.0.113.10")
                $0.loadBalancers[0].groups[0].targets[1].server = .address("203.0.113.20")
            } == [
                "loadBalancers[0].groups[0].targets[0].address: "
                    + "203.0.113.10 is the VIP of load balancer \"web\"; a server needs an address of its own",
                "loadBalancers[0].groups[0].targets[1].address: "
                    + "203.0.113.20 is the VIP of load balancer \"mail\"; a server needs an address of its own",
            ])
    }

    @Test(
        "a target is an address that other hosts can reach",
        arguments: [
            ("127.0.0.1", "a loopback address"), ("169.254.169.110", "a link-local address"),
            ("239.1.1.1", "a multicast address"), ("0.0.0.0", "the unspecified address"),
            ("255.255.255.255", "the broadcast address"), ("::1", "a loopback address"),
            ("fe80::1", "a link-local address"),
            ("ff02::1", "a multicast address"), ("::", "the unspecified address"),
        ])
    func specialTarget(text: String, use: String) throws {
        let address = try #require(IPAddress(text))
        #expect(
            sample.problems { $0.loadBalancers[0].groups[0].targets[0].server = .address(address) } == [
                "loadBalancers[0].groups[0].targets[0].address: \(text) is not usable as a server's address: it is \(use)"
            ])
    }

    @Test("targets and instances come from the blocks that are set aside for targets")
    func targetPrefixes() {
        let surroundings = Surroundings(targetPrefixes: ["10.1.0.0/28", "10.1.0.20/31"])
        #expect(
            sample.problems(in: surroundings) { _ in } == [
                "instances[1].address: 10.1.0.22 is not inside the blocks for targets: 10.1.0.0/28, 10.1.0.20/31"
            ])
        #expect(
            sample.problems(in: Surroundings(targetPrefixes: ["10.1.0.16/28"])) { _ in }.map { $0.prefix { $0 != ":" } }
                == [
                    "loadBalancers[0].groups[0].targets[0].address", "loadBalancers[0].groups[0].targets[1].address",
                ])
    }

    @Test("a configuration is of the region that is served")
    func region() {
        let surroundings = Surroundings(region: "north")
        #expect(
            sample.problems(in: surroundings) { _ in } == [
                "region: \"local\" is not served here; this daemon's is \"north\""
            ])
        #expect(sample.problems(in: surroundings) { $0.region = "north" }.isEmpty)
        #expect(sample.problems { $0.region = "anywhere" }.isEmpty)
    }

    @Test("a group has one entry per server and port")
    func uniqueTarget() {
        func problems(_ first: Target, _ second: Target) -> [String] {
            sample.problems { $0.loadBalancers[0].groups[0].targets = [first, second] }
        }
        func taken(_ what: String) -> [String] {
            ["loadBalancers[0].groups[0].targets[1]: \(what) is already taken by loadBalancers[0].groups[0].targets[0]"]
        }
        let target = Target(server: .address("10.1.0.11"), port: 8081)
        #expect(
            problems(target, Target(server: .address("10.1.0.11"), port: 8081, weight: 1))
                == taken("10.1.0.11 on port 8081"))
        #expect(problems(target, Target(server: .address("10.1.0.11"), port: 8082)) == [])
        #expect(problems(target, Target(server: .address("10.1.0.12"), port: 8081)) == [])
    }

    @Test("port 0 is the port of the service that uses the group")
    func uniqueEffectivePort() {
        let targets = [Target(server: .address("10.1.0.11"), port: 8080), Target(server: .address("10.1.0.11"))]
        #expect(
            sample.problems { $0.loadBalancers[0].groups[0].targets = targets } == [
                "loadBalancers[0].groups[0].targets[1]: 10.1.0.11 on the service's port is already taken by "
                    + "loadBalancers[0].groups[0].targets[0]"
            ])
        #expect(
            sample.problems {
                $0.loadBalancers[0].groups[0].targets = targets
                $0.loadBalancers[0].services[0].servers = nil
            } == [])
    }

    @Test("an instance and its address are one server")
    func uniqueInstance() {
        let targets = [Target(server: .address("10.1.0.22")), Target(server: .instance("i-2"))]
        #expect(
            sample.problems { $0.loadBalancers[0].groups[0].targets = targets } == [
                "loadBalancers[0].groups[0].targets[1]: instance \"i-2\" on the service's port is already taken by "
                    + "loadBalancers[0].groups[0].targets[0]"
            ])
    }

    @Test("mode nat keeps the family: targets have that of the VIP")
    func family() {
        #expect(
            sample.problems { $0.loadBalancers[0].groups[0].targets[0].server = .address("fd00::11") } == [
                "loadBalancers[0].groups[0].targets[0].address: fd00::11 is IPv6 and the VIP 203.0.113.10 is IPv4; mode nat keeps the family"
            ])
        #expect(
            sample.problems { $0.loadBalancers[0].vip = "2001:db8::10" }.map { $0.prefix { $0 != ":" } } == [
                "loadBalancers[0].services[1].availabilityGroup", "loadBalancers[0].groups[0].targets[0].address",
                "loadBalancers[0].groups[0].targets[1].address", "loadBalancers[0].groups[0].targets[2].instance",
            ])
    }

    @Test("a target's instance exists and is in the VPC of the load balancer")
    func targetInstance() {
        #expect(
            sample.problems { $0.loadBalancers[0].groups[0].targets[2].server = .instance("i-3") } == [
                "loadBalancers[0].groups[0].targets[2].instance: there is no instance named \"i-3\""
            ])
        #expect(
            sample.problems {
                $0.instances.append(Instance(id: "i-3", address: "10.1.0.23", vpc: "other"))
                $0.loadBalancers[0].groups[0].targets[2].server = .instance("i-3")
            } == [
                "loadBalancers[0].groups[0].targets[2].instance: instance \"i-3\" is in VPC \"other\", not in \"default\""
            ])
    }

    // MARK: Availability groups and instances

    @Test("the members of an availability group exist, are in its VPC, and are there once")
    func members() {
        #expect(
            sample.problems {
                $0.instances.append(Instance(id: "i-3", address: "10.1.0.23", vpc: "other"))
                $0.availabilityGroups[0].instances = ["i-1", "i-9", "i-3", "i-1"]
            } == [
                "availabilityGroups[0].instances[1]: there is no instance named \"i-9\"",
                "availabilityGroups[0].instances[2]: instance \"i-3\" is in VPC \"other\", not in \"default\"",
                "availabilityGroups[0].instances[3]: the server of instance \"i-1\" is already taken by availabilityGroups[0].instances[0]",
            ])
    }

    @Test("two instances of one address are one server")
    func membersOfOneAddress() {
        #expect(
            sample.problems { $0.instances[1].address = "10.1.0.21" }.map { $0.prefix { $0 != ":" } } == [
                "availabilityGroups[0].instances[1]"
            ])
    }

    @Test("an availability group serves load balancers of its VPC")
    func groupVPC() {
        #expect(
            sample.problems {
                $0.availabilityGroups[0].vpc = "other"
                for index in 0...1 { $0.instances[index].vpc = "other" }
                $0.loadBalancers[0].groups[0].targets.removeLast()
            } == [
                "loadBalancers[0].services[1].availabilityGroup: "
                    + "availability group \"pool-a\" is in VPC \"other\", not in \"default\""
            ])
    }

    @Test("the address of an instance is usable and no VIP, whether it serves or not")
    func instanceAddress() {
        #expect(
            sample.problems {
                $0.instances.append(Instance(id: "i-3", address: "127.0.0.2"))
                $0.instances.append(Instance(id: "i-4", address: "203.0.113.10"))
            } == [
                "instances[2].address: 127.0.0.2 is not usable as a server's address: it is a loopback address",
                "instances[3].address: 203.0.113.10 is the VIP of load balancer \"web\"; a server needs an address of its own",
            ])
    }

    // MARK: Return paths

    @Test("two listeners that lead to one target port cannot be served: their replies look alike")
    func returnPaths() throws {
        let shared = pair.changed {
            $0.loadBalancers[1].groups[0].targets[0] = Target(server: .address("10.1.0.11"), port: 8080)
        }
        let sentence =
            "leads to target 10.1.0.11:8080 too; mode nat could not tell their replies apart, "
            + "so let the target serve each listener on a port of its own"
        #expect(
            shared.problems().map { $0.description } == [
                "loadBalancers[1].listeners[0]: listener \"http\" of load balancer \"web\" \(sentence)"
            ])
    }

    @Test("that holds for two listeners of one service, and is told once however many targets they share")
    func returnPathsOfOneService() {
        #expect(
            sample.problems { $0.loadBalancers[0].listeners[1].service = "web-http" }.map { $0.prefix { $0 != ":" } }
                == [
                    "loadBalancers[0].listeners[1]"
                ])
    }

    @Test("that holds for instances, by the port that they serve on")
    func returnPathsOfInstances() {
        // Instance i-2 is in the group of service web-http and in the availability group of web-https.
        #expect(
            sample.problems { $0.loadBalancers[0].services[1].port = 8080 }.map { $0.prefix { $0 != ":" } } == [
                "loadBalancers[0].listeners[1]"
            ])
    }

    @Test("a service without a listener has no replies")
    func returnPathsWithoutListener() {
        #expect(
            sample.problems {
                $0.loadBalancers[0].listeners.removeLast()
                $0.loadBalancers[0].services[1].port = 8080
            } == [])
    }
}
