import NetworkTypes
import ServiceModel
import Testing

extension Configuration {
    /// The pair of samples as it is after it was stored: with ids that say what they are of.
    static let stored: Configuration = {
        var stored = samplePair.stamped(replacing: Configuration(), at: 1000) {
            ResourceID($0, .random(in: 0...(.max)))
        }
        for owner in stored.loadBalancers.indices {
            let name = stored.loadBalancers[owner].name
            stored.loadBalancers[owner].id = ResourceID(rawValue: "lb-\(name)")
            for index in stored.loadBalancers[owner].listeners.indices {
                let own = stored.loadBalancers[owner].listeners[index].name
                stored.loadBalancers[owner].listeners[index].id = ResourceID(rawValue: "listener-\(own)")
            }
            for index in stored.loadBalancers[owner].services.indices {
                let own = stored.loadBalancers[owner].services[index].name
                stored.loadBalancers[owner].services[index].id = ResourceID(rawValue: "backend-\(own)")
            }
            for index in stored.loadBalancers[owner].groups.indices {
                stored.loadBalancers[owner].groups[index].id = ResourceID(rawValue: "tg-\(name)")
                for target in stored.loadBalancers[owner].groups[index].targets.indices {
                    let id = ResourceID(rawValue: "target-\(name)-\(target)")
                    stored.loadBalancers[owner].groups[index].targets[target].id = id
                }
            }
        }
        stored.availabilityGroups[0].id = ResourceID(rawValue: "ag-pool-a")
        return stored
    }()
}

/// What an operation answers when it is refused: the status, then each problem as a line.
func refusal(_ operation: () throws -> CheckedConfiguration) -> [String] {
    do {
        _ = try operation()
        return ["not refused"]
    } catch let error as OperationError {
        switch error {
        case .notFound: return ["\(error.status)", "\(error)"]
        case .refused(let problems): return ["\(error.status)"] + problems.list.map { $0.description }
        }
    } catch {
        return ["\(error)"]
    }
}

private let new = ResourceID(rawValue: "new-1")

@Suite("Operations on load balancers")
struct LoadBalancerOperationTests {
    let stored = Configuration.stored

    @Test("a new load balancer has what was asked for, and defaults for the rest")
    func create() throws {
        let spec = LoadBalancerSpec(
            name: "new", subnet: "subnet-1", vip: "203.0.113.30", description: "for tests", isDeletionProtected: true)
        let result = try stored.creatingLoadBalancer(spec, id: new).configuration
        #expect(result.changes(to: stored) == [Change(.deleted, .loadBalancer, "new")])
        #expect(
            result.loadBalancers[2]
                == LoadBalancer(
                    id: new, name: "new", description: "for tests", vip: "203.0.113.30", subnet: "subnet-1",
                    isDeletionProtected: true))
        let bare = try stored.creatingLoadBalancer(.init(name: "bare", vip: "203.0.113.31"), id: new).configuration
        #expect(bare.loadBalancers[2] == LoadBalancer(id: new, name: "bare", vip: "203.0.113.31"))
    }

    @Test("without an address it gets the lowest free one of its subnet, which nothing else has")
    func freeVIP() throws {
        let surroundings = Surroundings(
            hostAddresses: ["10.1.0.1"],
            subnets: [Subnet(name: "s", prefix: "10.1.0.0/29"), .init(name: "t", vpc: "blue", prefix: "10.2.0.0/30")])
        var current = try stored.creatingLoadBalancer(
            .init(name: "a", subnet: "s"), id: ResourceID(rawValue: "lb-a"), in: surroundings
        ).configuration
        #expect(current.loadBalancers[2].vip == "10.1.0.2")
        current.instances.append(Instance(id: "i-3", address: "10.1.0.3"))
        current.loadBalancers[0].groups[0].targets.append(Target(server: .address("10.1.0.4")))
        current = try current.creatingLoadBalancer(
            .init(name: "b", subnet: "s"), id: ResourceID(rawValue: "lb-b"), in: surroundings
        ).configuration
        #expect(current.loadBalancers[3].vip == "10.1.0.5")
        current = try current.creatingLoadBalancer(
            .init(name: "c", subnet: "s"), id: ResourceID(rawValue: "lb-c"), in: surroundings
        ).configuration
        #expect(
            refusal { try current.creatingLoadBalancer(.init(name: "d", subnet: "s"), id: new, in: surroundings) }
                == ["409", "privateIpAddress: no address of 10.1.0.0/29 is free"])
        let other = try current.creatingLoadBalancer(.init(name: "d", subnet: "t"), id: new, in: surroundings)
        #expect(other.configuration.loadBalancers[5].vpc == "blue")
        let open = try stored.creatingLoadBalancer(
            .init(name: "e"), id: new, in: Surroundings(vipPrefixes: ["203.0.113.0/24"]))
        #expect(open.configuration.loadBalancers[2].vip == "203.0.113.1")
    }

    @Test("everything that is wrong is told at once, in the API's words")
    func invalid() {
        let surroundings = Surroundings(
            vipPrefixes: ["203.0.113.0/24"], hostAddresses: ["203.0.113.40"],
            subnets: [Subnet(name: "s", prefix: "203.0.113.0/26")])
        let long = String(repeating: "x", count: 257)
        func refused(_ spec: LoadBalancerSpec) -> [String] {
            refusal { try stored.creatingLoadBalancer(spec, id: new, in: surroundings) }
        }
        #expect(
            refused(.init(name: "a b", subnet: "nowhere", vip: "198.51.100.1", description: long)) == [
                "400", "subnetId: there is no subnet named \"nowhere\"",
                "loadBalancerName: \"a b\" is not \(ResourceName.rule)",
                "description: a text of 257 characters is not at most 256 characters",
                "privateIpAddress: 198.51.100.1 is not inside the blocks for VIPs: 203.0.113.0/24",
            ])
        #expect(
            refused(.init(name: "web", subnet: "s", vip: "203.0.113.10")) == [
                "409", "loadBalancerName: the name \"web\" is already taken by loadBalancers[\"web\"]",
                "privateIpAddress: the VIP 203.0.113.10 is already taken by loadBalancers[\"web\"]",
            ])
        #expect(
            refused(.init(name: "n", subnet: "s", vip: "203.0.113.40")) == [
                "400", "privateIpAddress: 203.0.113.40 is an address of this host; a VIP needs an address of its own",
            ])
        #expect(
            refused(.init(name: "n", subnet: "s", vip: "203.0.113.70")) == [
                "400", "privateIpAddress: 203.0.113.70 is not inside subnet \"s\": 203.0.113.0/26",
            ])
        #expect(
            refusal { try stored.creatingLoadBalancer(.init(name: "n"), id: new) } == [
                "400",
                "privateIpAddress: there is no block to take a VIP from; say which address it shall be",
            ])
    }

    @Test("there are at most 100 load balancers")
    func quota() throws {
        var full = stored
        for index in 2..<100 {
            full.loadBalancers.append(
                LoadBalancer(name: "n\(index)", vip: IPAddress(ipv4: 0xc633_6400 + UInt32(index))))
        }
        #expect(
            refusal { try full.creatingLoadBalancer(.init(name: "one-more", vip: "203.0.113.99"), id: new) } == [
                "429", "loadBalancers: 101 load balancers, and at most 100 are allowed",
            ])
    }

    @Test("an update changes what it names")
    func update() throws {
        let result = try stored.updatingLoadBalancer(
            "lb-web", .init(name: "site", description: "d", vip: "203.0.113.12", isDeletionProtected: true))
        #expect(
            result.configuration
                == stored.changed {
                    $0.loadBalancers[0].name = "site"
                    $0.loadBalancers[0].description = "d"
                    $0.loadBalancers[0].vip = "203.0.113.12"
                    $0.loadBalancers[0].isDeletionProtected = true
                })
        #expect(try stored.updatingLoadBalancer("lb-web", .init()).configuration == stored)
        #expect(
            refusal { try stored.updatingLoadBalancer("lb-none", .init()) } == [
                "404", "there is no load balancer with the id \"lb-none\"",
            ])
    }

    @Test("who is renamed is to blame for the name, also when the other one stands behind")
    func blame() {
        #expect(
            refusal { try stored.updatingLoadBalancer("lb-web", .init(name: "mail", vip: "203.0.113.20")) } == [
                "409", "loadBalancerName: the name \"mail\" is already taken by loadBalancers[\"mail\"]",
                "privateIpAddress: the VIP 203.0.113.20 is already taken by loadBalancers[\"mail\"]",
            ])
    }

    @Test("deleting a load balancer deletes what is below it, unless it is protected")
    func delete() throws {
        let result = try stored.deletingLoadBalancer("lb-web").configuration
        #expect(result == stored.changed { $0.loadBalancers.removeFirst() })
        let protected = stored.changed { $0.loadBalancers[0].isDeletionProtected = true }
        #expect(
            refusal { try protected.deletingLoadBalancer("lb-web") } == [
                "409",
                "loadBalancers[\"web\"]: load balancer \"web\" is protected from deletion; switch the protection off first",
            ])
    }
}

@Suite("Operations on listeners")
struct ListenerOperationTests {
    let stored = Configuration.stored

    @Test("a new listener is on and leads to its service")
    func create() throws {
        let spec = ListenerSpec(
            name: "alt", loadBalancer: "lb-web", transport: .tcp, port: 8000, service: "backend-spare")
        let spared = stored.changed {
            $0.loadBalancers[0].services.append(
                BackendService(id: ResourceID(rawValue: "backend-spare"), name: "spare", port: 1))
        }
        let result = try spared.creatingListener(spec, id: new).configuration
        #expect(
            result.loadBalancers[0].listeners.last == Listener(id: new, name: "alt", port: 8000, service: "spare"))
    }

    @Test("what is wrong with a new listener is told with the API's fields")
    func invalid() {
        func refused(_ change: (inout ListenerSpec) -> Void) -> [String] {
            var spec = ListenerSpec(
                name: "alt", loadBalancer: "lb-web", transport: .tcp, port: 8000, service: "backend-web-http")
            change(&spec)
            return refusal { try stored.creatingListener(spec, id: new) }
        }
        #expect(refused { $0.loadBalancer = "lb-no" } == ["404", "there is no load balancer with the id \"lb-no\""])
        #expect(
            refused {
                $0.name = ""
                $0.port = 0
                $0.service = "backend-no"
            } == [
                "400", "backendId: there is no backend service named \"backend-no\"",
                "listenerName: \"\" is not \(ResourceName.rule)", "port: 0 is outside 1...65535",
            ])
        #expect(
            refused { $0.service = "backend-smtp" } == [
                "400", "backendId: backend service \"backend-smtp\" is of another load balancer",
            ])
        #expect(
            refused {
                $0.name = "http"
                $0.port = 443
            } == [
                "409", "listenerName: the name \"http\" is already taken by loadBalancers[\"web\"].listeners[\"http\"]",
                "port: port 443/tcp is already taken by loadBalancers[\"web\"].listeners[\"https\"]",
            ])
        #expect(refused { $0.transport = .udp }.first == "400")
        #expect(refused { _ in }.last?.contains("mode nat could not tell their replies apart") == true)
    }

    @Test("there are at most 50 listeners in a load balancer")
    func quota() {
        let full = stored.changed { configuration in
            for index in 2..<50 {
                let service = BackendService(name: "s\(index)", port: index)
                configuration.loadBalancers[0].listeners.append(
                    Listener(name: "l\(index)", port: 1000 + index, service: service.name))
                configuration.loadBalancers[0].services.append(service)
            }
            configuration.loadBalancers[0].services[2].id = ResourceID(rawValue: "backend-s2")
        }
        let spec = ListenerSpec(name: "x", loadBalancer: "lb-web", transport: .tcp, port: 9, service: "backend-s2")
        #expect(
            refusal { try full.creatingListener(spec, id: new) } == [
                "429", "loadBalancers[\"web\"].listeners: 51 listeners, and at most 50 are allowed",
            ])
    }

    @Test("name, state, service and description change; protocol and port do not")
    func update() throws {
        let result = try stored.updatingListener(
            "listener-http", .init(name: "plain", isEnabled: false, description: "d", transport: .tcp, port: 80))
        #expect(
            result.configuration
                == stored.changed {
                    $0.loadBalancers[0].listeners[0].name = "plain"
                    $0.loadBalancers[0].listeners[0].isEnabled = false
                    $0.loadBalancers[0].listeners[0].description = "d"
                })
        let refused = refusal {
            try stored.updatingListener("listener-http", .init(name: "plain", transport: .udp, port: 81))
        }
        #expect(refused[0] == "400")
        #expect(refused[1].hasPrefix("protocol: the protocol of listener \"http\" is tcp and never changes"))
        #expect(refused[2].hasPrefix("port: the port of listener \"http\" is 80 and never changes"))
        #expect(
            refusal { try stored.updatingListener("listener-http", .init(name: "https")) } == [
                "409",
                "listenerName: the name \"https\" is already taken by loadBalancers[\"web\"].listeners[\"https\"]",
            ])
        #expect(
            refusal { try stored.updatingListener("listener-http", .init(service: "backend-smtp")) } == [
                "400", "backendId: backend service \"backend-smtp\" is of another load balancer",
            ])
    }

    @Test("a listener goes and leaves its service")
    func delete() throws {
        #expect(
            try stored.deletingListener("listener-https").configuration
                == stored.changed { $0.loadBalancers[0].listeners.removeLast() })
        #expect(refusal { try stored.deletingListener("listener-x") }.first == "404")
    }
}

@Suite("Operations on backend services")
struct ServiceOperationTests {
    let stored = Configuration.stored

    private func creating(
        _ options: ServiceOptions = ServiceOptions(), port: Int = 80, healthCheck: HealthCheckSpec = .init(method: .tcp)
    ) throws -> CheckedConfiguration {
        try stored.creatingService(
            ServiceSpec(
                name: "new", loadBalancer: "lb-web", transport: .tcp, port: port, healthCheck: healthCheck,
                options: options), id: new)
    }

    @Test("a new service has the defaults of the API and its health check on")
    func defaults() throws {
        let service = try creating(port: 8080).configuration.loadBalancers[0].services[2]
        #expect(service == BackendService(id: new, name: "new", port: 8080))
        #expect(service.healthCheck.isEnabled && service.algorithm == .sourceIP)
    }

    @Test("a new service has what was asked for")
    func create() throws {
        let options = ServiceOptions(
            algorithm: .fiveTuple, forwardingMode: .nat, drainSeconds: 5, slowStartSeconds: 6,
            allUnhealthyPolicy: .drop, groups: ["tg-web"], availabilityGroups: [], description: "d")
        let check = HealthCheckSpec(
            method: .tcp, port: 9, timeoutSeconds: 10, intervalSeconds: 11, unhealthyThreshold: 4, healthyThreshold: 5)
        let service = try creating(options, healthCheck: check).configuration.loadBalancers[0].services[2]
        let expected = BackendService(
            id: new, name: "new", description: "d", port: 80, algorithm: .fiveTuple, drainSeconds: 5,
            slowStartSeconds: 6, allUnhealthyPolicy: .drop,
            healthCheck: HealthCheck(
                port: 9, timeoutSeconds: 10, intervalSeconds: 11, unhealthyThreshold: 4, healthyThreshold: 5),
            servers: .group("servers"))
        #expect(service == expected)
        let pooled = try creating(.init(availabilityGroups: ["ag-pool-a"])).configuration
        #expect(pooled.loadBalancers[0].services[2].servers == .availabilityGroup("pool-a"))
    }

    @Test("ranges are told with the API's fields, all at once")
    func ranges() {
        let low = HealthCheckSpec(
            method: .tcp, port: -1, timeoutSeconds: 1, intervalSeconds: 4, unhealthyThreshold: 0, healthyThreshold: 6)
        #expect(
            refusal { try creating(.init(drainSeconds: 3601, slowStartSeconds: -1), port: 65536, healthCheck: low) }
                == [
                    "400", "port: 65536 is outside 1...65535", "drainSeconds: 3601 is outside 0...3600",
                    "slowStartSeconds: -1 is outside 0...3600",
                    "healthCheckSpec.port: -1 is outside 0...65535",
                    "healthCheckSpec.checkTimeoutSeconds: 1 is outside 2...60",
                    "healthCheckSpec.intervalSeconds: 4 is outside 5...300",
                    "healthCheckSpec.unhealthyThresholdCount: 0 is outside 1...5",
                    "healthCheckSpec.healthyThresholdCount: 6 is outside 1...5",
                ])
        #expect(
            refusal { try creating(healthCheck: .init(method: .icmp)) } == [
                "400", "healthCheckSpec.protocol: Icmp is for UDP services only; use Tcp",
            ])
    }

    @Test("a service has one group at most, of one kind, of its own load balancer")
    func oneGroup() {
        #expect(
            refusal { try creating(.init(groups: ["tg-web", "tg-web"])) } == [
                "400", "targetGroupIds: a service has one group at most, not 2",
            ])
        #expect(
            refusal { try creating(.init(availabilityGroups: ["a", "b"])) }.prefix(2) == [
                "400", "agIds: a service has one group at most, not 2",
            ])
        #expect(
            refusal { try creating(.init(groups: ["tg-web"], availabilityGroups: ["ag-pool-a"])) } == [
                "400", "agIds: a service has a target group or an availability group, not both",
            ])
        #expect(
            refusal { try creating(.init(groups: ["tg-mail"])) } == [
                "400", "targetGroupIds[0]: target group \"tg-mail\" is of another load balancer",
            ])
        #expect(
            refusal { try creating(.init(availabilityGroups: ["ag-no"])) } == [
                "400", "agIds[0]: there is no availability group named \"ag-no\"",
            ])
    }

    @Test("an availability group of another VPC is refused with 409")
    func otherVPC() {
        let blue = stored.changed {
            $0.availabilityGroups.append(
                AvailabilityGroup(id: ResourceID(rawValue: "ag-blue"), name: "blue", vpc: "blue"))
        }
        #expect(
            refusal {
                try blue.updatingService("backend-web-http", .init(options: .init(availabilityGroups: ["ag-blue"])))
            }
                == [
                    "409", "agIds[0]: availability group \"blue\" is in VPC \"blue\", not in \"default\"",
                ])
    }

    @Test("a group takes the place of the other kind; an empty list takes away its own kind only")
    func changeGroup() throws {
        func servers(_ id: String, _ options: ServiceOptions) throws -> BackendService.Servers? {
            // Without listeners, so that two services may lead to one group.
            let unused = stored.changed { $0.loadBalancers[0].listeners = [] }
            let services = try unused.updatingService(id, .init(options: options)).configuration.loadBalancers[0]
                .services
            return services.first { $0.id?.rawValue == id }?.servers
        }
        let (grouped, pooled) = ("backend-web-http", "backend-web-https")
        #expect(try servers(grouped, .init()) == .group("servers"))
        #expect(try servers(grouped, .init(groups: [])) == nil)
        #expect(try servers(grouped, .init(availabilityGroups: [])) == .group("servers"))
        #expect(
            try servers(grouped, .init(groups: [], availabilityGroups: ["ag-pool-a"])) == .availabilityGroup("pool-a"))
        #expect(try servers(pooled, .init(groups: [])) == .availabilityGroup("pool-a"))
        #expect(try servers(pooled, .init(availabilityGroups: [])) == nil)
        #expect(try servers(pooled, .init(groups: ["tg-web"])) == .group("servers"))
    }

    @Test("the health check goes off and on by an update only, and keeps its numbers meanwhile")
    func closeHealthCheck() throws {
        let off = try stored.updatingService(
            "backend-web-http", .init(healthCheck: .init(port: 99), closesHealthCheck: true)
        ).configuration
        #expect(off.loadBalancers[0].services[0].healthCheck == HealthCheck(isEnabled: false, port: 99))
        let still = try off.updatingService("backend-web-http", .init(healthCheck: .init(timeoutSeconds: 4)))
        #expect(
            still.configuration.loadBalancers[0].services[0].healthCheck
                == HealthCheck(isEnabled: false, port: 99, timeoutSeconds: 4))
        let on = try off.updatingService("backend-web-http", .init(closesHealthCheck: false)).configuration
        #expect(on.loadBalancers[0].services[0].healthCheck == HealthCheck(port: 99))
    }

    @Test("a renamed service keeps its listeners; protocol and port never change")
    func update() throws {
        let result = try stored.updatingService("backend-web-http", .init(name: "front", transport: .tcp, port: 8080))
        #expect(result.configuration.loadBalancers[0].services[0].name == "front")
        #expect(result.configuration.loadBalancers[0].listeners.map(\.service) == ["front", "web-https"])
        let refused = refusal { try stored.updatingService("backend-web-http", .init(transport: .udp, port: 81)) }
        #expect(refused[0] == "400")
        #expect(refused[1].hasPrefix("protocol: the protocol of backend service \"web-http\" is tcp and never changes"))
        #expect(refused[2].hasPrefix("port: the port of backend service \"web-http\" is 8080 and never changes"))
        #expect(
            refusal { try stored.updatingService("backend-web-http", .init(name: "web-https")) } == [
                "409",
                "backendName: the name \"web-https\" is already taken by loadBalancers[\"web\"].services[\"web-https\"]",
            ])
    }

    @Test("a service that a listener uses stays; without a listener it goes and leaves its group")
    func delete() throws {
        #expect(
            refusal { try stored.deletingService("backend-web-http") } == [
                "409",
                "loadBalancers[\"web\"].listeners[\"http\"].service: "
                    + "backend service \"web-http\" is used by listener \"http\" and cannot be deleted",
            ])
        let unused = stored.changed { $0.loadBalancers[0].listeners.removeFirst() }
        #expect(
            try unused.deletingService("backend-web-http").configuration
                == unused.changed { $0.loadBalancers[0].services.removeFirst() })
    }
}

@Suite("Operations on groups and targets")
struct GroupOperationTests {
    let stored = Configuration.stored

    private func targets(_ result: CheckedConfiguration) -> [Target] {
        result.configuration.loadBalancers[0].groups[0].targets
    }

    @Test("a group is created empty, renamed with its services, and goes when no service uses it")
    func group() throws {
        let created = try stored.creatingGroup(
            .init(name: "new", loadBalancer: "lb-web", kind: .ip, description: "d"), id: new
        ).configuration
        #expect(
            created.loadBalancers[0].groups[1] == ServerGroup(id: new, name: "new", description: "d", kind: .ip))
        let renamed = try stored.updatingGroup("tg-web", .init(name: "pool", description: "d")).configuration
        #expect(renamed.loadBalancers[0].groups[0].name == "pool")
        #expect(renamed.loadBalancers[0].services[0].servers == .group("pool"))
        #expect(renamed.loadBalancers[1] == stored.loadBalancers[1])
        #expect(
            refusal { try stored.deletingGroup("tg-web") } == [
                "409",
                "loadBalancers[\"web\"].services[\"web-http\"].group: "
                    + "group \"servers\" is used by backend service \"web-http\" and cannot be deleted",
            ])
        #expect(try created.deletingGroup("new-1").configuration == stored)
        #expect(
            refusal { try stored.creatingGroup(.init(name: "servers", loadBalancer: "lb-web"), id: new) } == [
                "409",
                "targetGroupName: the name \"servers\" is already taken by loadBalancers[\"web\"].groups[\"servers\"]",
            ])
    }

    @Test("targets of all types are registered with their defaults")
    func register() throws {
        let result = try stored.registeringTargets(
            [
                .init(kind: .ip, address: "10.1.0.51", port: 81, weight: 0), .init(address: "10.1.0.52"),
                .init(instance: "i-1", adminState: .draining, drainUntil: 9),
                .init(kind: .container, instance: "i-2", address: "10.1.0.22", port: 82, adminState: .disabled),
            ], in: "tg-web")
        #expect(
            targets(result).suffix(4) == [
                Target(server: .address("10.1.0.51"), port: 81, weight: 0), Target(server: .address("10.1.0.52")),
                Target(server: .instance("i-1"), adminState: .draining, drainUntil: 9),
                Target(server: .instance("i-2"), isContainer: true, port: 82, adminState: .disabled),
            ])
        #expect(targets(result).suffix(4).map(\.kind) == [.ip, .ip, .vm, .container])
    }

    @Test("what is wrong with targets is told with their place in the request, and none is registered")
    func invalid() {
        #expect(
            refusal {
                try stored.registeringTargets(
                    [
                        .init(address: "10.1.0.51", port: 70000, weight: 101), .init(kind: .ip), .init(kind: .vm),
                        .init(instance: "i-9"), .init(kind: .ip, instance: "i-1", address: "10.1.0.53"),
                        .init(instance: "i-1", address: "10.1.0.1"), .init(address: "203.0.113.10"),
                        .init(address: "10.1.0.54", drainUntil: 9),
                    ], in: "tg-web")
            } == [
                "400", "targetSpecs[1].ipAddress: is missing", "targetSpecs[2].instanceId: is missing",
                "targetSpecs[4].instanceId: a target of type ip has no instance",
                "targetSpecs[5].ipAddress: instance \"i-1\" has the address 10.1.0.21, not 10.1.0.1",
                "targetSpecs[0].port: 70000 is outside 0...65535", "targetSpecs[0].weight: 101 is outside 0...100",
                "targetSpecs[3].instanceId: there is no instance named \"i-9\"",
                "targetSpecs[6].ipAddress: 203.0.113.10 is the VIP of load balancer \"web\"; "
                    + "a server needs an address of its own",
                "targetSpecs[7].drainUntil: goes with adminState draining only, and this target is enabled",
            ])
        #expect(
            refusal {
                try stored.registeringTargets([.init(address: "10.1.0.9"), .init(address: "10.1.0.11")], in: "tg-web")
            }
                == [
                    "409",
                    "targetSpecs[1]: 10.1.0.11 on the service's port is already taken by "
                        + "loadBalancers[\"web\"].groups[\"servers\"].targets[0]",
                ])
        #expect(
            refusal {
                try stored.registeringTargets([.init(address: "10.1.0.9"), .init(address: "10.1.0.9")], in: "tg-web")
            }
                == ["409", "targetSpecs[1]: 10.1.0.9 on the service's port is already taken by targetSpecs[0]"])
        #expect(
            refusal { try stored.registeringTargets([], in: "tg-web") } == [
                "400", "targetSpecs: names nothing; at least one is needed",
            ])
        #expect(refusal { try stored.registeringTargets([], in: "tg-no") }.first == "404")
    }

    @Test("an instance of another VPC is refused with 409, a group of type ip takes addresses only")
    func vpcAndKind() {
        let blue = stored.changed {
            $0.instances.append(Instance(id: "i-3", address: "10.1.0.23", vpc: "blue"))
            $0.loadBalancers[0].groups.append(ServerGroup(id: ResourceID(rawValue: "tg-ip"), name: "ip", kind: .ip))
        }
        #expect(
            refusal { try blue.registeringTargets([.init(instance: "i-3")], in: "tg-web") } == [
                "409", "targetSpecs[0].instanceId: instance \"i-3\" is in VPC \"blue\", not in \"default\"",
            ])
        #expect(
            refusal { try blue.registeringTargets([.init(instance: "i-1")], in: "tg-ip") } == [
                "400",
                "targetSpecs[0].instanceId: group \"ip\" is of type ip and takes addresses only, not instance \"i-1\"",
            ])
    }

    @Test("a group has at most 1,000 targets")
    func quota() throws {
        let specs = (0..<998).map { TargetSpec(address: IPAddress(ipv4: 0x0a02_0000 + UInt32($0))) }
        _ = try stored.registeringTargets(Array(specs.dropLast()), in: "tg-web")
        #expect(
            refusal { try stored.registeringTargets(specs, in: "tg-web") } == [
                "429", "loadBalancers[\"web\"].groups[\"servers\"].targets: 1001 targets, and at most 1000 are allowed",
            ])
    }

    @Test("targets are deregistered all or none")
    func deregister() throws {
        let result = try stored.deregisteringTargets(["target-web-2", "target-web-0"], from: "tg-web")
        #expect(targets(result) == [stored.loadBalancers[0].groups[0].targets[1]])
        #expect(
            refusal { try stored.deregisteringTargets(["target-web-0", "target-mail-0"], from: "tg-web") } == [
                "404", "there is no target with the id \"target-mail-0\"",
            ])
        #expect(refusal { try stored.deregisteringTargets([], from: "tg-web") }.first == "400")
    }

    @Test("ports and weights change, all or none, and the one that changes is to blame")
    func update() throws {
        let result = try stored.updatingTargets(
            [.init(id: "target-web-0", weight: 0), .init(id: "target-web-1", port: 9000)], in: "tg-web", at: 0)
        #expect(targets(result).map(\.weight) == [0, 20, 0])
        #expect(targets(result).map(\.port) == [0, 9000, 0])
        #expect(targets(result).map(\.id) == stored.loadBalancers[0].groups[0].targets.map(\.id))
        #expect(
            refusal {
                try stored.updatingTargets([.init(id: "target-web-0", port: -1, weight: 101)], in: "tg-web", at: 0)
            } == [
                "400", "targetUpdateSpecs[0].port: -1 is outside 0...65535",
                "targetUpdateSpecs[0].weight: 101 is outside 0...100",
            ])
        let twice = stored.changed {
            $0.loadBalancers[0].groups[0].targets.append(
                Target(id: ResourceID(rawValue: "target-x"), server: .address("10.1.0.11"), port: 9))
        }
        #expect(
            refusal { try twice.updatingTargets([.init(id: "target-web-0", port: 9)], in: "tg-web", at: 0) } == [
                "409",
                "targetUpdateSpecs[0]: 10.1.0.11 on port 9 is already taken by "
                    + "loadBalancers[\"web\"].groups[\"servers\"].targets[3]",
            ])
        #expect(refusal { try stored.updatingTargets([.init(id: "x")], in: "tg-web", at: 0) }.first == "404")
        let both: [TargetUpdate] = [.init(id: "target-web-0", port: -1), .init(id: "target-web-0", port: 1)]
        #expect(
            refusal { try stored.updatingTargets(both, in: "tg-web", at: 0) } == [
                "400",
                "targetUpdateSpecs[1].targetId: is named by targetUpdateSpecs[0] too; one change for each target",
            ])
    }

    /// A target after one change after the other, at 1000 seconds since 1970.
    private func target(after updates: TargetUpdate...) throws -> Target {
        var current = stored
        for update in updates {
            current = try current.updatingTargets([update], in: "tg-web", at: 1000).configuration
        }
        return current.loadBalancers[0].groups[0].targets[0]
    }

    private func update(_ state: AdminState? = nil, _ deadline: TargetUpdate.Deadline? = nil) -> TargetUpdate {
        TargetUpdate(id: "target-web-0", adminState: state, deadline: deadline)
    }

    @Test("a target drains until a time, for a while from when it is asked, or as long as it takes")
    func drain() throws {
        for (deadline, time) in [(nil, nil), (.time(7), 7), (.seconds(0), 1000), (.seconds(86_400), 87_400)]
            as [(TargetUpdate.Deadline?, Int64?)]
        {
            let target = try target(after: update(.draining, deadline))
            #expect(target.adminState == .draining && target.drainUntil == time)
        }
        let later = try target(after: update(.draining, .time(7)), update(nil, .time(8)))
        #expect(later.adminState == .draining && later.drainUntil == 8)
    }

    @Test("what an update does not tell of state and deadline stays")
    func stateStays() throws {
        let reweighed = try target(after: update(.draining, .time(7)), .init(id: "target-web-0", weight: 3))
        #expect(reweighed.adminState == .draining && reweighed.drainUntil == 7 && reweighed.weight == 3)
        #expect(try target(after: update(.draining, .time(7)), update(.draining)).drainUntil == 7)
        #expect(try target(after: update(.disabled), update()).adminState == .disabled)
    }

    @Test("a target that is not to drain any more has no deadline", arguments: [AdminState.enabled, .disabled])
    func deadlineGoes(state: AdminState) throws {
        let target = try target(after: update(.draining, .time(7)), update(state))
        #expect(target.adminState == state && target.drainUntil == nil)
    }

    @Test("a deadline is refused in the field that told it")
    func deadline() {
        func problems(_ update: TargetUpdate) -> [String] {
            refusal { try stored.updatingTargets([update], in: "tg-web", at: 1000) }
        }
        let goesWith = "goes with adminState draining only, and this target is"
        #expect(problems(update(nil, .time(7))) == ["400", "targetUpdateSpecs[0].drainUntil: \(goesWith) enabled"])
        #expect(
            problems(update(.disabled, .seconds(7))) == [
                "400", "targetUpdateSpecs[0].drainSeconds: \(goesWith) disabled",
            ])
        for seconds in [-1, 86_401, Int.max] {
            #expect(
                problems(update(.draining, .seconds(seconds))) == [
                    "400", "targetUpdateSpecs[0].drainSeconds: \(seconds) is outside 0...86400",
                ])
        }
    }

    @Test("of a state that could not be read no more is told, its deadline included")
    func unreadState() {
        let unread = Problem(path: "targetSpecs[0].adminState", reason: .malformed(found: "5", expected: "a state"))
        #expect(
            refusal {
                try stored.registeringTargets(
                    [.init(address: "10.1.0.9", drainUntil: 9)], in: "tg-web", findings: [unread])
            } == ["400", "targetSpecs[0].adminState: 5 is not a state"])
    }
}

@Suite("Operations on availability groups and instances")
struct InstanceOperationTests {
    let stored = Configuration.stored

    @Test("an availability group is created, changed, renamed with its services, and goes when no service uses it")
    func availabilityGroup() throws {
        let created = try stored.creatingAvailabilityGroup(
            .init(name: "new", description: "d", instances: ["i-1"]), id: new
        ).configuration
        #expect(
            created.availabilityGroups[1]
                == AvailabilityGroup(id: new, name: "new", description: "d", instances: ["i-1"]))
        let renamed = try stored.updatingAvailabilityGroup("ag-pool-a", .init(name: "pool-b", instances: ["i-2"]))
        #expect(renamed.configuration.availabilityGroups[0].instances == ["i-2"])
        #expect(renamed.configuration.loadBalancers[0].services[1].servers == .availabilityGroup("pool-b"))
        #expect(try created.deletingAvailabilityGroup("new-1").configuration == stored)
        #expect(
            refusal { try stored.deletingAvailabilityGroup("ag-pool-a") } == [
                "409",
                "loadBalancers[\"web\"].services[\"web-https\"].availabilityGroup: "
                    + "availability group \"pool-a\" is used by backend service \"web-https\" and cannot be deleted",
            ])
    }

    @Test("instances are added to an availability group and removed from it, each once")
    func members() throws {
        let third = stored.changed { $0.instances.append(Instance(id: "i-3", address: "10.1.0.23")) }
        let more = try third.addingInstances(["i-3"], toAvailabilityGroup: "ag-pool-a").configuration
        #expect(more.availabilityGroups[0].instances == ["i-1", "i-2", "i-3"])
        let fewer = try more.removingInstances(["i-1", "i-2"], fromAvailabilityGroup: "ag-pool-a").configuration
        #expect(fewer.availabilityGroups[0].instances == ["i-3"])
        #expect(
            refusal { try stored.addingInstances(["i-9", "i-1"], toAvailabilityGroup: "ag-pool-a") } == [
                "400", "instanceIds[0]: there is no instance named \"i-9\"",
                "instanceIds[1]: the server of instance \"i-1\" is already taken by "
                    + "availabilityGroups[\"pool-a\"].instances[0]",
            ])
        #expect(refusal { try stored.removingInstances(["i-3"], fromAvailabilityGroup: "ag-pool-a") }.first == "404")
    }

    @Test("an instance is created, changed, and goes when no group uses it")
    func instance() throws {
        let created = try stored.creatingInstance(
            .init(id: "i-3", address: "10.1.0.23", vpc: "blue", state: .stopped, description: "d")
        ).configuration
        #expect(
            created.instances[2]
                == Instance(id: "i-3", description: "d", address: "10.1.0.23", vpc: "blue", state: .stopped))
        let changed = try stored.updatingInstance("i-1", .init(address: "10.1.0.24", state: .stopped)).configuration
        #expect(changed.instances[0].address == "10.1.0.24" && changed.instances[0].state == .stopped)
        #expect(try created.deletingInstance("i-3").configuration == stored)
        #expect(
            refusal { try stored.deletingInstance("i-1") } == [
                "409",
                "availabilityGroups[\"pool-a\"].instances[0]: "
                    + "instance \"i-1\" is used by availability group \"pool-a\" and cannot be deleted",
            ])
        #expect(
            refusal { try stored.deletingInstance("i-2") }[1]
                == "loadBalancers[\"web\"].groups[\"servers\"].targets[2].instance: "
                + "instance \"i-2\" is used by group \"servers\" and cannot be deleted")
        #expect(
            refusal { try stored.creatingInstance(.init(id: "i-1", address: "127.0.0.1")) } == [
                "400", "instanceId: the id \"i-1\" is already taken by instances[\"i-1\"]",
                "privateIpAddress: 127.0.0.1 is not usable as a server's address: it is a loopback address",
            ])
    }
}

@Suite("Findings of a request's form")
struct FindingsTests {
    @Test("are told with the rules that the rest breaks, and a field with one has no more")
    func together() {
        let findings = [
            Problem(path: "listenerName", reason: .missing),
            Problem(path: "port", reason: .malformed(found: "x", expected: "y")),
        ]
        let spec = ListenerSpec(name: "", loadBalancer: "lb-web", transport: .tcp, port: 0, service: "backend-no")
        #expect(
            refusal { try Configuration.stored.creatingListener(spec, id: new, findings: findings) } == [
                "400", "listenerName: is missing", "port: x is not y",
                "backendId: there is no backend service named \"backend-no\"",
            ])
        let nowhere = [Problem(path: "loadBalancerId", reason: .missing)]
        #expect(
            refusal { try Configuration.stored.creatingListener(spec, id: new, findings: nowhere) } == [
                "400", "loadBalancerId: is missing",
            ])
    }
}
