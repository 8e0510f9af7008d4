import ConsistentHashing
import NetworkTypes
import SeededGenerator
import ServiceModel
import TableCompiler
import Testing

@Suite("moving slots")
struct MovingTests {
    /// Tables of services without an id have no history.
    private static let service = ResourceID(.service, 7)
    private static let all = healthy(0, 1, 2, of: service)

    private func key(_ place: Int) -> TargetKey { healthy(place, of: Self.service).healthy.first! }

    private func web(
        _ weights: [Int], algorithm: BackendService.Algorithm = .fiveTuple, drainSeconds: Int = 60
    ) -> LoadBalancer {
        var loadBalancer = TableCompilerTests.web(weights: weights, algorithm: algorithm, drainSeconds: drainSeconds)
        loadBalancer.services[0].id = Self.service
        return loadBalancer
    }

    /// Three equal targets in a table, and a drain time of 60 s.
    private func kernel(weights: [Int] = [10, 10, 10], _ conditions: Conditions = all) throws -> Kernel {
        var kernel = Kernel()
        _ = try kernel.install(checked(web(weights)), conditions)
        return kernel
    }

    @Test("a slot that changes owners remembers the one before, and others stay settled")
    func weight() throws {
        var kernel = try kernel()
        let before = try #require(kernel.table)
        #expect(before.movingCount == 0)
        _ = try kernel.install(checked(web([10, 10, 40])), Self.all)
        let after = try #require(kernel.table)
        #expect(after.movingCount > 0)
        for slot in after.owners.indices {
            let isSame = before.owners[slot] == after.owners[slot]
            #expect(after.previous[slot] == (isSame ? nil : before.owners[slot]))
        }
    }

    @Test("slots of UDP services forget who had them when no older flow can be silent", arguments: [false, true])
    func udp(isUDP: Bool) throws {
        var loadBalancer = web([10, 10, 10])
        if isUDP {
            loadBalancer.listeners[0].transport = .udp
            loadBalancer.services[0].transport = .udp
        }
        loadBalancer.services[0].healthCheck.isEnabled = false
        var kernel = Kernel()
        _ = try kernel.install(checked(loadBalancer))
        loadBalancer.groups[0].targets[2].weight = 40
        _ = try kernel.install(checked(loadBalancer))
        let before = try #require(kernel.table)
        kernel.now += .seconds(udpIdleSeconds)
        #expect(kernel.forgetPrevious().isEmpty)
        kernel.now += .seconds(1)
        let steps = kernel.forgetPrevious()
        let after = try #require(kernel.table)
        guard isUDP else {
            #expect(steps.isEmpty && after == before)
            return
        }
        #expect(steps.count == 1, "written in place")
        #expect(after.owners == before.owners && after.movingCount == before.movingCount, "pinned flows are followed")
        for slot in after.owners.indices where before.previous[slot] != nil {
            #expect(after.previous[slot] == after.owners[slot])
        }
        #expect(kernel.forgetPrevious().isEmpty, "once")

        loadBalancer.groups[0].targets[2].weight = 10
        _ = try kernel.install(checked(loadBalancer))
        let back = try #require(kernel.table)
        for slot in back.owners.indices where before.previous[slot] != nil {
            #expect(back.previous[slot] == before.owners[slot], "flows that are unknown now began there")
        }
        kernel.now += .seconds(61)
        #expect(!kernel.settle().isEmpty && kernel.table?.movingCount == 0)
    }

    @Test("the slots of a target that failed settle at once where they go, and move when they come back")
    func death() throws {
        var kernel = try kernel()
        let resources = try checked(web([10, 10, 10]))
        var conditions = healthy(0, 1, of: Self.service)
        conditions.unhealthy = [key(2)]
        _ = try kernel.install(resources, conditions)
        #expect(kernel.table?.movingCount == 0)
        let lent = try #require(kernel.table)
        _ = try kernel.install(resources, Self.all)
        let table = try #require(kernel.table)
        for slot in table.owners.indices {
            #expect(table.previous[slot] == (table.owners[slot] == kernel.id(2) ? lent.owners[slot] : nil))
        }
    }

    @Test("a target that is not proven yet, or drains, or has weight 0, keeps its flows")
    func keepers() throws {
        var drained = Self.all
        drained.draining = [key(2)]
        for (weights, conditions) in [
            ([10, 10, 10], healthy(0, 1, of: Self.service)), ([10, 10, 10], drained), ([10, 10, 0], Self.all),
        ] {
            var kernel = try kernel()
            let id = kernel.id(2)
            _ = try kernel.install(checked(web(weights)), conditions)
            let table = try #require(kernel.table)
            #expect(!table.owners.contains(id) && table.movingCount > 80)
            #expect(table.previous.allSatisfy { $0 == nil || $0 == id })
        }
    }

    @Test("the flows of a disabled target or a stopped instance are cut")
    func losers() throws {
        var kernel = try kernel()
        var conditions = Self.all
        conditions.draining = [key(2)]
        let resources = try checked(web([10, 10, 10]))
        _ = try kernel.install(resources, conditions)
        #expect(kernel.table?.previous.contains(kernel.id(2)) == true)
        conditions.draining = []
        conditions.disabled = [key(2)]
        _ = try kernel.install(resources, conditions)
        #expect(kernel.table?.previous.contains(kernel.id(2)) == false)
        #expect(kernel.installed.targets.count == 3)
    }

    @Test("a target that is removed stays until its time is over or no slot names it, and its id rests for pins")
    func removal() throws {
        var kernel = try kernel()
        let id = kernel.id(2)
        let shrunk = try checked(web([10, 10]))
        #expect(try !kernel.install(shrunk, healthy(0, 1, of: Self.service)).contains(.removeTarget(id)))
        #expect(kernel.installed.returnPaths.count == 3)
        kernel.now += .seconds(59)
        #expect(kernel.settle().isEmpty && kernel.expired.isEmpty)

        var other = kernel
        other.now += .seconds(3)
        let some = try #require(other.table).previous.indices.filter { other.table?.previous[$0] != nil }
        _ = other.settle(except: [some[0]])
        #expect(other.table?.movingCount == 1 && other.id(2) == id, "a flow is still there")
        let steps = other.settle()
        #expect(steps.contains(.removeTarget(id)) && other.table?.movingCount == 0)
        #expect(other.installed.targets.count == 2 && other.installed.returnPaths.count == 2)
        #expect(other.ledger.targetsToForget(at: other.now).isEmpty)
        #expect(other.ledger.targetsToForget(at: other.now + .seconds(1)) == [id])

        kernel.now += .seconds(1)
        #expect(kernel.expired == [id])
        var conditions = healthy(0, 1, of: Self.service)
        conditions.expired = kernel.expired
        #expect(try kernel.install(shrunk, conditions).contains(.removeTarget(id)), "whether flows are there or not")
        #expect(kernel.expired.isEmpty)
    }

    @Test("a target that leaves slots which were moving before stays, though no slot names it: flows are pinned to it")
    func pinnedOnly() throws {
        var kernel = try kernel(weights: [10, 10])
        _ = try kernel.install(checked(web([10, 10, 10])), Self.all)
        let id = kernel.id(2)
        _ = try kernel.install(checked(web([10, 10])), healthy(0, 1, of: Self.service))
        #expect(kernel.table?.previous.contains(id) == false && kernel.installed.targets[id] != nil)
        #expect(kernel.installed.returnPaths.values.contains { $0.target == id })
        kernel.now += .seconds(61)
        var other = kernel
        _ = other.settle(except: [0], pinned: [id])
        #expect(other.installed.targets[id] != nil)
        _ = kernel.settle()
        #expect(kernel.installed.targets[id] == nil)
    }

    @Test("without a drain time a target that is removed is gone at once")
    func removalAtOnce() throws {
        var kernel = try kernel()
        _ = try kernel.install(checked(web([10, 10], drainSeconds: 0)), healthy(0, 1, of: Self.service))
        #expect(kernel.installed.targets.count == 2 && kernel.table?.movingCount == 0)
    }

    @Test("a target that comes back while it leaves has its id and its flows")
    func return_() throws {
        var kernel = try kernel()
        let before = kernel.installed
        _ = try kernel.install(checked(web([10, 10])), healthy(0, 1, of: Self.service))
        _ = try kernel.install(checked(web([10, 10, 10])), Self.all)
        #expect(kernel.installed.targets == before.targets)
        let table = try #require(kernel.table)
        #expect(zip(table.owners, table.previous).allSatisfy { $1 == nil || $1 == $0 || $0 != kernel.id(2) })
    }

    @Test("a leaving target that another service asks for belongs to that one", arguments: [false, true])
    func takenOver(isLater: Bool) throws {
        var kernel = try kernel()
        let id = kernel.id(2)
        if isLater {
            _ = try kernel.install(checked(web([10, 10])), healthy(0, 1, of: Self.service))
            #expect(kernel.table?.previous.contains(id) == true)
        }
        let endpoint = key(2).endpoint
        var other = TableCompilerTests.web(
            weights: [10], vip: "203.0.113.11", name: "other", drainSeconds: 60)
        other.groups[0].targets[0].server = .address(endpoint.address)
        other.groups[0].targets[0].port = Int(endpoint.port)
        let resources = try checked(web([10, 10]), other)
        var conditions = healthy(0, 1, of: Self.service)
        conditions.healthy.insert(
            TargetKey(service: resources.configuration.loadBalancers[1].key(of: other.services[0]), endpoint: endpoint))
        _ = try kernel.install(resources, conditions)
        #expect(kernel.installed.targets.values.count { $0.endpoint == endpoint } == 1)
        #expect(kernel.installed.returnPaths[endpoint]?.vip.address == IPAddress("203.0.113.11"))
        #expect(kernel.installed.slots.values.allSatisfy { !$0.previous.contains(id) })
        #expect(kernel.installed.targets[id] == nil)
    }

    @Test("when the last target drains, nobody takes new flows and it keeps its own")
    func lastOne() throws {
        var kernel = try kernel(weights: [10], healthy(0, of: Self.service))
        let id = kernel.id(0)
        var conditions = healthy(0, of: Self.service)
        conditions.draining = [key(0)]
        let resources = try checked(web([10]))
        _ = try kernel.install(resources, conditions)
        #expect(kernel.table?.owners.allSatisfy { $0 == .nobody } == true)
        #expect(kernel.table?.previous.allSatisfy { $0 == id } == true)
        conditions.draining = []
        conditions.disabled = [key(0)]
        _ = try kernel.install(resources, conditions)
        #expect(kernel.table == nil && kernel.installed.services.values.map(\.range) == [nil])
    }

    @Test("a slot that comes back to its owner is not settled before its time")
    func andBack() throws {
        var kernel = try kernel()
        let before = try #require(kernel.table)
        let resources = try checked(web([10, 10, 10]))
        var conditions = Self.all
        conditions.draining = [key(2)]
        _ = try kernel.install(resources, conditions)
        let moving = try #require(kernel.table).movingCount
        _ = try kernel.install(resources, Self.all)
        let table = try #require(kernel.table)
        #expect(table.owners == before.owners && table.movingCount == moving)
        kernel.now += .seconds(61)
        let range = kernel.installed.services.values.first?.range
        #expect(kernel.settle().count == 1, "written in place")
        #expect(kernel.table == before && kernel.installed.services.values.first?.range == range)
    }

    @Test("another algorithm settles all: it gives flows other slots")
    func algorithm() throws {
        var kernel = try kernel()
        _ = try kernel.install(checked(web([10, 10, 40])), Self.all)
        let other = web([10, 10, 40], algorithm: .sourceIP)
        _ = try kernel.install(checked(other), Self.all)
        #expect(kernel.table?.movingCount == 0)
    }

    @Test("a target that joins moves nothing before it is ready")
    func joining() throws {
        var kernel = try kernel(weights: [10, 10], healthy(0, 1, of: Self.service))
        let before = try #require(kernel.table)
        let resources = try checked(web([10, 10, 10]))
        var conditions = healthy(0, 1, of: Self.service)
        conditions.tablesBefore = [
            key(0).service: try #require(kernel.canonical[key(0).service])
        ]
        _ = try kernel.install(resources, conditions)
        #expect(kernel.table == before)
        conditions.healthy = Self.all.healthy
        _ = try kernel.install(resources, conditions)
        let table = try #require(kernel.table)
        #expect(
            table.owners.indices.allSatisfy {
                table.owners[$0] == before.owners[$0] || table.owners[$0] == kernel.id(2)
            })
    }

    @Test("moving slots and leaving targets outlive a restart")
    func restart() throws {
        var kernel = try kernel()
        let shrunk = try checked(web([10, 10]))
        _ = try kernel.install(shrunk, healthy(0, 1, of: Self.service))
        let before = kernel.installed
        var next = Kernel()
        next.installed = before
        next.canonical = kernel.canonical
        next.ledger = IDLedger(installed: before)
        #expect(try next.install(shrunk, healthy(0, 1, of: Self.service)).isEmpty && next.installed == before)
        next.now += .seconds(60)
        #expect(next.expired.count == 1, "its time begins anew")
    }
}
