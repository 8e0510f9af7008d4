import ConsistentHashing
import SeededGenerator
import Testing

@Suite struct ForwardingTableTests {
    @Test("a slot that changes hands remembers its owner, one that stays remembers nobody")
    func moves() {
        let table = ForwardingTable(settled: ["a", "b"]).handedOver(to: ["a", "c"], dead: [])
        #expect(table.owners == ["a", "c"])
        #expect(table.previous == [nil, "b"])
    }

    @Test("a slot of a target that died is settled at once")
    func death() {
        let table = ForwardingTable(settled: ["a", "b"]).handedOver(to: ["c", "c"], dead: ["a"])
        #expect(table.previous == [nil, "b"])
    }

    @Test("a second move keeps the oldest previous owner that lives")
    func secondMove() {
        let moving = ForwardingTable(settled: ["a"]).handedOver(to: ["b"], dead: [])
        #expect(moving.handedOver(to: ["c"], dead: []).previous == ["a"])
        #expect(moving.handedOver(to: ["c"], dead: ["b"]).previous == ["a"])
        #expect(moving.handedOver(to: ["c"], dead: ["a"]).previous == ["b"])
        #expect(moving.handedOver(to: ["b"], dead: []).previous == ["a"])
    }

    @Test("a slot that came back is not settled: flows that began meanwhile are pinned elsewhere")
    func comesBack() {
        let moving = ForwardingTable(settled: ["a"]).handedOver(to: ["b"], dead: [])
        #expect(moving.handedOver(to: ["a"], dead: []).previous == ["a"])
    }

    @Test("a moving slot stays one when its previous owner dies: others may have flows pinned")
    func previousDies() {
        let moving = ForwardingTable(settled: ["a"]).handedOver(to: ["b"], dead: []).handedOver(to: ["c"], dead: [])
        #expect(moving.handedOver(to: ["c"], dead: ["a"]).previous == ["c"])
        #expect(moving.handedOver(to: ["d"], dead: ["a", "c"]).previous == ["d"])
    }

    @Test("slots settle where they are said to be done")
    func settling() {
        let moving = ForwardingTable(settled: ["a", "a"]).handedOver(to: ["b", "b"], dead: [])
        #expect(moving.settling { $0 == 1 }.previous == ["a", nil])
    }

    @Test("parts of a split slot have its past, and without slots there is none")
    func sizes() {
        let moving = ForwardingTable(settled: ["a", "b"]).handedOver(to: ["a", "a", "c", "b"], dead: [])
        #expect(moving.previous == [nil, nil, "b", nil])
        #expect(ForwardingTable(settled: []).handedOver(to: ["a"], dead: []).previous == [nil])
        #expect(moving.handedOver(to: [], dead: []).previous == [])
    }

    /// Follows flows of one slot through moves, deaths, splits and settling, as the packet path would.
    @Test("whatever happens to a slot, its flows stay with their target until that dies")
    func flowsStay() {
        var lost = 0
        for seed in 0..<1_000 {
            var generator = SeededGenerator(seed: seed)
            var table = ForwardingTable(settled: [0])
            var flows: [Flow] = []
            var dead: Set<Int> = []
            for _ in 0..<20 {
                // Flows begin, and some that are known send something.
                flows.append(Flow(target: table.owners[0], pin: table.previous[0] == nil ? nil : table.owners[0]))
                for flow in flows.indices where Bool.random(using: &generator) { flows[flow].send(through: table) }
                switch Int.random(in: 0..<4, using: &generator) {
                case 0:
                    dead.insert(.random(in: 0..<5, using: &generator))
                    lost += flows.count { dead.contains($0.target) }
                    flows.removeAll { dead.contains($0.target) }
                case 1 where flows.allSatisfy { $0.target == table.owners[0] }:
                    table = table.settling { _ in true }
                    for flow in flows.indices { flows[flow].pin = nil }
                default: break
                }
                let alive = (0..<6).filter { !dead.contains($0) }
                let owner =
                    dead.contains(table.owners[0]) || Bool.random(using: &generator)
                    ? alive.randomElement(using: &generator)! : table.owners[0]
                table = table.handedOver(to: [owner], dead: dead)
            }
            for flow in flows.indices { flows[flow].send(through: table) }
            #expect(flows.allSatisfy { $0.reached.allSatisfy { [target = $0.target] in $0 == target } }, "case \(seed)")
        }
        #expect(lost > 1_000)
    }

    private struct Flow {
        let target: Int
        var pin: Int?
        var reached: Set<Int> = []

        mutating func send(through table: ForwardingTable<Int>) {
            guard let previous = table.previous[0] else {
                reached.insert(table.owners[0])
                return
            }
            pin = pin ?? previous
            reached.insert(pin!)
        }
    }
}
