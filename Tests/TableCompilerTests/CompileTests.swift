import ConsistentHashing
import NetworkTypes
import ServiceModel
import TableCompiler
import Testing

@Suite("compilation")
struct CompileTests {
    @Test("listener, service, targets and return paths refer to each other")
    func references() throws {
        var kernel = Kernel()
        _ = try kernel.install(checked(web(weights: [1, 2, 3])), healthy(0, 1, 2))
        let tables = kernel.installed
        let listener = try #require(tables.listeners[endpoint("203.0.113.10", 80)])
        let service = try #require(tables.services[listener.service])
        #expect(service.algorithm == .fiveTuple && service.range?.count == 1021)
        #expect(tables.targets.count == 3 && tables.targets.values.allSatisfy { $0.service == listener.service })
        #expect(!tables.targets.keys.contains(TargetID(rawValue: 0)), "0 is nobody")
        for (id, target) in tables.targets {
            let path = try #require(tables.returnPaths[target.endpoint])
            #expect(path.target == id && path.listener == listener.id && path.vip == endpoint("203.0.113.10", 80))
        }
    }

    @Test("in mode dsr nothing comes back, and a change of mode begins anew")
    func modes() throws {
        func resources(_ mode: BackendService.ForwardingMode, weights: [Int] = [10, 10]) throws -> CheckedConfiguration
        {
            var loadBalancer = web(weights: weights, check: false, drainSeconds: 60)
            loadBalancer.services[0].forwardingMode = mode
            for index in weights.indices { loadBalancer.groups[0].targets[index].port = 80 }
            return try checked(loadBalancer)
        }
        var kernel = Kernel()
        _ = try kernel.install(resources(.nat))
        let (targets, owners) = (kernel.installed.targets, kernel.table?.owners)
        #expect(kernel.installed.returnPaths.count == 2)
        for mode in [BackendService.ForwardingMode.dsr, .nat, .dsr] {
            _ = try kernel.install(resources(mode))
            #expect(kernel.installed.services.values.map(\.mode) == [mode == .dsr ? .dsr : .nat])
            #expect(kernel.installed.returnPaths.count == (mode == .nat ? 2 : 0))
            #expect(kernel.installed.targets == targets && kernel.table?.owners == owners)
            #expect(kernel.table?.movingCount == 0)
        }
        _ = try kernel.install(resources(.dsr, weights: [10]))
        #expect(kernel.installed.targets == targets, "who left keeps the flows that it has")
        #expect(kernel.installed.returnPaths.isEmpty && (kernel.table?.movingCount ?? 0) > 0)
        _ = try kernel.install(resources(.nat, weights: [10]))
        #expect(kernel.installed.targets.count == 1 && kernel.installed.returnPaths.count == 1)
    }

    @Test("a target of services in several modes has the return path of the one in mode nat")
    func sharedAmongModes() throws {
        func resources(dsr: Bool) throws -> CheckedConfiguration {
            var loadBalancer = web(weights: [10, 10], check: false)
            for index in 0..<2 { loadBalancer.groups[0].targets[index].port = 81 }
            if dsr {
                loadBalancer.listeners.append(Listener(name: "direct", port: 81, service: "direct"))
                loadBalancer.services.append(
                    BackendService(
                        name: "direct", port: 81, forwardingMode: .dsr, healthCheck: HealthCheck(isEnabled: false),
                        servers: .group("servers")))
            }
            return try checked(loadBalancer)
        }
        var kernel = Kernel()
        _ = try kernel.install(resources(dsr: false))
        let paths = kernel.installed.returnPaths
        #expect(paths.count == 2)
        _ = try kernel.install(resources(dsr: true))
        #expect(kernel.installed.returnPaths == paths && kernel.installed.targets.count == 4)
        _ = try kernel.install(resources(dsr: false))
        #expect(kernel.installed.returnPaths == paths && kernel.installed.targets.count == 2)
    }

    @Test("slots follow weights")
    func weights() throws {
        var kernel = Kernel()
        _ = try kernel.install(checked(web(weights: [10, 20, 30])), healthy(0, 1, 2))
        #expect(kernel.shares == [0: 170, 1: 340, 2: 511])
    }

    @Test("a target that is not proven healthy gets no slot, the others keep theirs")
    func unhealthy() throws {
        var kernel = Kernel()
        let resources = try checked(web(weights: [10, 10, 10]))
        _ = try kernel.install(resources, healthy(0, 1, 2))
        let before = try #require(kernel.installed.slots.values.first)
        var conditions = healthy(0, 2)
        conditions.unhealthy = healthy(1).healthy
        _ = try kernel.install(resources, conditions)
        let after = try #require(kernel.installed.slots.values.first)
        let failed = try #require(kernel.installed.targets.first { $0.value.endpoint.port == 8002 }?.key)
        #expect(!after.owners.contains(failed) && after.movingCount == 0, "the flows of a dead target are lost")
        #expect(zip(before.owners, after.owners).allSatisfy { $0 == failed || $0 == $1 })
        _ = try kernel.install(resources, healthy(0, 1, 2))
        #expect(kernel.table?.owners == before.owners, "recovery restores the table")
    }

    @Test("when none is healthy, policy forward goes to all by weight and drop to nobody")
    func noneHealthy() throws {
        var forward = Kernel()
        _ = try forward.install(checked(web(weights: [10, 20, 30], policy: .forward)))
        #expect(forward.shares == [0: 170, 1: 340, 2: 511])

        var drop = Kernel()
        _ = try drop.install(checked(web(weights: [10, 20, 30], policy: .drop)))
        #expect(drop.installed.slots.isEmpty)
        #expect(drop.installed.services.values.first?.range == nil)
    }

    @Test("without a health check all targets take flows")
    func unchecked() throws {
        var kernel = Kernel()
        _ = try kernel.install(checked(web(weights: [10, 20, 30], check: false)))
        #expect(kernel.shares == [0: 170, 1: 340, 2: 511])
    }

    @Test("the target of a stopped instance takes nothing, healthy or unchecked")
    func stopped() throws {
        var loadBalancer = web(weights: [10], check: false)
        loadBalancer.groups[0].targets.append(Target(server: .instance("i-1"), port: 8002))
        let resources = try CheckedConfiguration(
            Configuration(
                loadBalancers: [loadBalancer],
                instances: [Instance(id: "i-1", address: IPAddress("10.1.0.2")!, state: .stopped)]))
        var kernel = Kernel()
        _ = try kernel.install(resources, healthy(1))
        #expect(kernel.shares == [0: 251])
    }

    @Test("a service without a listener is not installed, nor is one without targets given a table")
    func unused() throws {
        var unlistened = web(weights: [10])
        unlistened.listeners = []
        var kernel = Kernel()
        _ = try kernel.install(checked(unlistened))
        #expect(kernel.installed == Tables())

        var empty = web(weights: [])
        empty.services[0].servers = nil
        _ = try kernel.install(checked(empty))
        #expect(kernel.installed.services.values.map(\.range) == [nil])
    }

    @Test("a disabled listener is not installed, and comes back as it was")
    func disabled() throws {
        var loadBalancer = web(weights: [10])
        loadBalancer.listeners.append(Listener(name: "alt", isEnabled: false, port: 81, service: "alt"))
        loadBalancer.services.append(BackendService(name: "alt", port: 81))
        var kernel = Kernel()
        let steps = try kernel.install(checked(loadBalancer))
        #expect(kernel.installed.listeners.keys.map(\.port) == [80] && kernel.installed.services.count == 1)

        loadBalancer.listeners[0].isEnabled = false
        _ = try kernel.install(checked(loadBalancer))
        #expect(kernel.installed == Tables())

        loadBalancer.listeners[0].isEnabled = true
        kernel.now += .seconds(2)
        #expect(try kernel.install(checked(loadBalancer)).count == steps.count)
        #expect(kernel.installed.listeners.keys.map(\.port) == [80])
    }

    @Test("the same resources and health give no steps")
    func idempotent() throws {
        var kernel = Kernel()
        let resources = try checked(web(weights: [1, 2, 3]))
        #expect(try !kernel.install(resources, healthy(0, 1)).isEmpty)
        #expect(try kernel.install(resources, healthy(0, 1)).isEmpty)
    }

    @Test("a controller that starts from the installed tables gives no steps either")
    func restart() throws {
        var kernel = Kernel()
        let resources = try checked(web(weights: [1, 2, 3]), web(weights: [], vip: "203.0.113.11", name: "b"))
        _ = try kernel.install(resources, healthy(0, 2))
        kernel.ledger = IDLedger(installed: kernel.installed)
        #expect(try kernel.install(resources, healthy(0, 2)).isEmpty)
    }

    @Test("another name of a service or its load balancer changes nothing in the maps")
    func renamed() throws {
        let service = ResourceID(.service, 7)
        var loadBalancer = web(weights: [1, 2, 3])
        loadBalancer.services[0].id = service
        var kernel = Kernel()
        _ = try kernel.install(checked(loadBalancer), healthy(0, 2, of: service))
        loadBalancer.name = "site"
        loadBalancer.services[0].name = "pages"
        loadBalancer.listeners[0].service = "pages"
        #expect(try kernel.install(checked(loadBalancer), healthy(0, 2, of: service)).isEmpty)
    }

    @Test("a service does not get the place of another one with its name")
    func replaced() throws {
        var loadBalancer = web(weights: [1, 2, 3], check: false)
        loadBalancer.services[0].id = ResourceID(.service, 7)
        var kernel = Kernel()
        _ = try kernel.install(checked(loadBalancer))
        let before = try #require(kernel.installed.services.first)
        loadBalancer.services[0].id = ResourceID(.service, 8)
        _ = try kernel.install(checked(loadBalancer))
        let after = try #require(kernel.installed.services.first)
        #expect(after.key != before.key && after.value.range != before.value.range)
    }

    @Test("maps of an earlier version, which knew services by their names, are taken over without moving a flow")
    func formerIdentity() throws {
        var loadBalancer = web(weights: [1, 2, 3], check: false)
        var kernel = Kernel()
        _ = try kernel.install(checked(loadBalancer))
        let before = kernel.installed
        kernel.ledger = IDLedger(installed: before)
        loadBalancer.services[0].id = ResourceID(.service, 7)
        let (id, service) = try #require(before.services.first)
        let steps = try kernel.install(checked(loadBalancer))
        let taken = try #require(kernel.installed.services[id])
        #expect(steps == [.putService(id, taken)] && taken.identity != service.identity)
        #expect(taken.range == service.range && taken.generation == service.generation)
        #expect(kernel.installed.slots == before.slots && kernel.installed.targets == before.targets)
        #expect(try kernel.install(checked(loadBalancer)).isEmpty)
    }

    @Test("resources keep their ids when others come and go")
    func stableIDs() throws {
        var kernel = Kernel()
        _ = try kernel.install(checked(web(weights: [1, 2, 3])), healthy(0, 1, 2))
        let before = kernel.installed
        _ = try kernel.install(checked(web(weights: [1, 2, 3, 4])), healthy(0, 1, 2, 3))
        #expect(kernel.installed.targets.filter { before.targets[$0.key] != nil } == before.targets)
        #expect(kernel.installed.listeners == before.listeners)
    }

    @Test("a freed id and a freed range rest before they are used again")
    func resting() throws {
        var kernel = Kernel(limits: TableLimits(targets: 3, slots: 512))
        _ = try kernel.install(checked(web(weights: [1, 1], check: false)))
        var two = web(weights: [1], check: false)
        two.groups[0].targets[0].port = 9000
        let next = try checked(two)
        #expect(throws: CompileError.tooManyTargets(limit: 3)) { try kernel.install(next) }
        _ = try kernel.install(checked(web(weights: [1], check: false)))
        #expect(throws: CompileError.tooManyTargets(limit: 3)) { try kernel.install(next) }
        kernel.now += .seconds(2)
        let gone = kernel.ledger.targetsToForget(at: kernel.now)
        #expect(gone.count == 1)
        #expect(throws: CompileError.tooManyTargets(limit: 3), "pins may name it") { try kernel.install(next) }
        kernel.ledger.release(gone)
        _ = try kernel.install(next)
        #expect(kernel.installed.targets.values.map(\.endpoint.port) == [9000])
    }

    @Test("a refused compilation leaves the ledger as it was")
    func refusal() throws {
        var kernel = Kernel(limits: TableLimits(slots: 300))
        let ledger = kernel.ledger
        #expect(throws: CompileError.outOfSlots(limit: 300)) {
            try kernel.install(checked(web(weights: [1, 2, 3], check: false)))
        }
        #expect(kernel.ledger == ledger)
    }

    @Test(
        "each limit has its error",
        arguments: [
            (TableLimits(listeners: 0), CompileError.tooManyListeners(limit: 0)),
            (TableLimits(services: 0), CompileError.tooManyServices(limit: 0)),
            (TableLimits(targets: 1), CompileError.tooManyTargets(limit: 1)),
            (TableLimits(slots: 0), CompileError.outOfSlots(limit: 0)),
        ])
    func limits(_ limits: TableLimits, _ error: CompileError) throws {
        var kernel = Kernel(limits: limits)
        #expect(throws: error) { try kernel.install(checked(web(weights: [1], check: false))) }
    }
}
