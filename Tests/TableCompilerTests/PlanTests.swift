import ConsistentHashing
import NetworkTypes
import SeededGenerator
import ServiceModel
import TableCompiler
import Testing

/// The maps as a packet meets them: what each step does, and what must hold after every one of them.
private struct Maps {
    private(set) var tables = Tables()
    /// Slots by their place in the one array, with what was last written there.
    private var array: [UInt32: Slot] = [:]

    private struct Slot: Equatable {
        let owner: TargetID
        let previous: TargetID?
    }

    mutating func perform(_ step: MapStep) {
        switch step {
        case .putTarget(let id, let entry): tables.targets[id] = entry
        case .putReturnPath(let endpoint, let entry): tables.returnPaths[endpoint] = entry
        case .writeSlots(let range, let table):
            for index in table.owners.indices {
                array[range.offset + UInt32(index)] = Slot(owner: table.owners[index], previous: table.previous[index])
            }
            for (id, entry) in tables.services where entry.range == range { tables.slots[id] = self.table(in: range) }
        case .putService(let id, let entry):
            tables.services[id] = entry
            tables.slots[id] = entry.range.map(table)
        case .putListener(let endpoint, let entry): tables.listeners[endpoint] = entry
        case .removeListener(let endpoint, _): tables.listeners[endpoint] = nil
        case .removeService(let id):
            tables.services[id] = nil
            tables.slots[id] = nil
        case .removeReturnPath(let endpoint): tables.returnPaths[endpoint] = nil
        case .removeTarget(let id): tables.targets[id] = nil
        }
    }

    private func table(in range: SlotRange) -> ForwardingTable<TargetID> {
        let slots = (0..<range.count).compactMap { array[range.offset + $0] }
        return ForwardingTable(owners: slots.map(\.owner), previous: slots.map(\.previous))
    }

    /// What a packet could meet now and must not.
    var defects: [String] {
        var defects: [String] = []
        for (vip, listener) in tables.listeners {
            guard let service = tables.services[listener.service] else {
                defects.append("\(vip) leads to no service")
                continue
            }
            guard let range = service.range else { continue }
            for index in 0..<range.count {
                let slot = array[range.offset + index]
                for id in [slot?.owner, slot?.previous].compactMap(\.self) where id != .nobody {
                    guard let target = tables.targets[id] else {
                        defects.append("slot \(index) of \(vip) leads to no target")
                        break
                    }
                    if target.service != listener.service {
                        defects.append("a slot of \(vip) leads to another's target")
                    }
                    if tables.returnPaths[target.endpoint] == nil {
                        defects.append("replies of \(target.endpoint) go astray")
                    }
                }
            }
        }
        return defects
    }
}

@Suite("plans")
struct PlanTests {
    @Test("equal tables need no steps")
    func nothing() {
        #expect(plan(from: Tables(), to: Tables()).isEmpty)
    }

    @Test("a new service is complete before its listener leads there, and gone after")
    func order() throws {
        var kernel = Kernel()
        let coming = try kernel.install(checked(web(weights: [1, 1])), healthy(0, 1)).map(kind)
        #expect(
            coming == [
                "putTarget", "putTarget", "putReturnPath", "putReturnPath", "writeSlots", "putService", "putListener",
            ])
        let going = try kernel.install(checked()).map(kind)
        #expect(
            going == [
                "removeListener", "removeService", "removeReturnPath", "removeReturnPath", "removeTarget",
                "removeTarget",
            ])
    }

    @Test("a change of the table is written aside and then switched to")
    func swap() throws {
        var kernel = Kernel()
        _ = try kernel.install(checked(web(weights: [1, 1])), healthy(0, 1))
        let before = try #require(kernel.installed.services.values.first)
        let steps = try kernel.install(checked(web(weights: [1, 2])), healthy(0, 1))
        let after = try #require(kernel.installed.services.values.first)
        #expect(steps.map(kind) == ["writeSlots", "putService"])
        #expect(before.range != after.range && after.generation == before.generation + 1)
    }

    /// The promise that no packet ever sees half of an update, over random changes of everything.
    @Test("after every prefix of every plan, every packet finds its way", arguments: 0..<40)
    func prefixes(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        var kernel = Kernel()
        var maps = Maps()
        for _ in 0..<25 {
            kernel.now += .milliseconds(Int.random(in: 0...1500, using: &random))
            let (resources, conditions) = try randomState(&random, expired: kernel.expired)
            let isSettled = Bool.random(using: &random)
            for step in try kernel.install(resources, conditions) + (isSettled ? kernel.settle() : []) {
                maps.perform(step)
                #expect(maps.defects == [])
            }
            #expect(maps.tables == kernel.installed)
        }
    }

    @Test("what is in the cache makes no difference to the tables", arguments: 0..<40)
    func cache(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        var kernel = Kernel()
        var maps = Maps()
        var caches = [CompilerCache()]
        for _ in 0..<40 {
            kernel.now += .milliseconds(Int.random(in: 0...1500, using: &random))
            let (resources, view) = try randomState(&random, expired: kernel.expired)
            var other = kernel
            other.cache = CompilerCache()
            // Now and then one of other tables than those that are installed.
            if Int.random(in: 0..<4, using: &random) == 0 { kernel.cache = caches.randomElement(using: &random)! }
            let steps = try kernel.install(resources, view)
            #expect(try other.install(resources, view) == steps)
            #expect(other.installed == kernel.installed)
            caches.append(kernel.cache)
            // Now and then the kernel refuses somewhere in between, and is read back.
            let isRefused = Int.random(in: 0..<8, using: &random) == 0
            let done = isRefused ? Int.random(in: 0...steps.count, using: &random) : steps.count
            for step in steps.prefix(done) { maps.perform(step) }
            guard isRefused else { continue }
            kernel.installed = maps.tables
            kernel.ledger = IDLedger(installed: maps.tables)
        }
    }

    private func randomState(
        _ random: inout SeededGenerator, expired: Set<TargetID>
    ) throws -> (CheckedConfiguration, Conditions) {
        var view = Conditions(expired: expired)
        var loadBalancers: [LoadBalancer] = []
        for number in 0..<Int.random(in: 0...3, using: &random) {
            let name = "lb\(number)"
            var loadBalancer = web(
                weights: (0..<Int.random(in: 0...4, using: &random)).map { _ in .random(in: 0...3, using: &random) },
                vip: "203.0.113.\(number + 1)", name: name, policy: Bool.random(using: &random) ? .forward : .drop,
                check: Bool.random(using: &random), drainSeconds: .random(in: 0...2, using: &random))
            for index in loadBalancer.groups[0].targets.indices {
                let address = IPAddress("10.1.\(number).\(index + 1)")!
                loadBalancer.groups[0].targets[index].server = .address(address)
                let target = TargetKey(
                    service: loadBalancer.key(of: loadBalancer.services[0]),
                    endpoint: Endpoint(address: address, port: UInt16(8001 + index), transport: .tcp))
                switch Int.random(in: 0..<8, using: &random) {
                case 0...4: view.healthy.insert(target)
                case 5...6: view.unhealthy.insert(target)
                default: break
                }
                switch Int.random(in: 0..<8, using: &random) {
                case 0: view.draining.insert(target)
                case 1: view.disabled.insert(target)
                default: break
                }
            }
            loadBalancers.append(loadBalancer)
        }
        return (try CheckedConfiguration(Configuration(loadBalancers: loadBalancers)), view)
    }

    private func kind(_ step: MapStep) -> String { String("\(step)".prefix { $0 != "(" }) }
}
