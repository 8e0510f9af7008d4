import ConsistentHashing
import SeededGenerator
import Testing

@Suite struct SlowStartTests {
    @Test("a target that starts takes more slots at each step and gives none back, and in the end has all that are its")
    func stepsAreNested() {
        for var random in RandomCase.thousand {
            let table = random.table
            let starter = random.targets.indices.randomElement(using: &random.generator)!
            var portions = random.targets.map { _ in Portion.sample(using: &random.generator) }
            let steps = Int.random(in: 1...8, using: &random.generator)
            // Without another that takes all, everybody does from the first step.
            let carrier = random.targets.indices.first { $0 != starter && random.targets[$0].weight >= 1 }
            guard let carrier else { continue }
            portions[carrier] = .all

            let tables = (0...steps).map { step in
                portions[starter] = Portion(step: step, of: steps)
                return table.overlaid(portions: portions)
            }

            for (before, after) in zip(tables, tables.dropFirst()) {
                #expect(differences(before, after).allSatisfy { after[$0] == starter }, random.label)
            }
            #expect(!tables[0].contains(UInt16(starter)), random.label)
            portions[starter] = .all
            #expect(tables[steps] == table.overlaid(portions: portions), random.label)
        }
    }

    @Test("when several start together, slots go to those that take a step and to nobody else")
    func stepsTogether() {
        for var random in RandomCase.thousand {
            let before = random.table
            let table = before.repaired(for: random.targets.changed(using: &random.generator))
            guard let carrier = table.targets.firstIndex(where: { $0.weight >= 1 }) else { continue }
            var portions = table.targets.map { _ in Portion.sample(using: &random.generator) }
            portions[carrier] = .all
            let grown = portions.map { max($0, .sample(using: &random.generator)) }

            let now = table.overlaid(portions: portions, before: before)
            let next = table.overlaid(portions: grown, before: before)

            #expect(differences(now, next).allSatisfy { grown[Int(next[$0])] > portions[Int(next[$0])] }, random.label)
        }
    }

    @Test("targets that take all or nothing have the table of takers")
    func takers() {
        for var random in RandomCase.thousand {
            let takers = random.targets.map { _ in Bool.random(using: &random.generator) }
            let portions = takers.map { $0 ? Portion.all : .none }
            let table = random.table
            #expect(table.overlaid(portions: portions) == table.overlaid(takers: takers), random.label)
        }
    }

    @Test("a target that joins and is not ready leaves its slots to those who had them")
    func newTargetNotReady() {
        for var random in RandomCase.thousand {
            let newcomer = WeightedTarget(identity: [1, 2], weight: 50)
            let before = random.table
            let after = before.repaired(for: random.targets + [newcomer])
            if after.slots.count != before.slots.count || before.slots.isEmpty { continue }
            var takers = random.targets.map { _ in Int.random(in: 0..<4, using: &random.generator) > 0 }
            let forwarding = before.overlaid(takers: takers)
            if forwarding.isEmpty { continue }

            takers.append(false)
            let overlaid = after.overlaid(portions: takers.map { $0 ? .all : .none }, before: before)

            let joined = UInt16(random.targets.count)
            for slot in overlaid.indices where after.slots[slot] == joined || after.slots[slot] == before.slots[slot] {
                #expect(overlaid[slot] == forwarding[slot], random.label)
            }
        }
    }

    @Test("a target that replaces a dead one and is not ready leaves its slots to those who were lent them")
    func replacementNotReady() {
        for var random in RandomCase.thousand {
            let before = random.table
            let dead = random.targets.indices.randomElement(using: &random.generator)!
            var targets = random.targets
            targets[dead] = WeightedTarget(identity: [1, 2], weight: targets[dead].weight)
            let after = before.repaired(for: targets)
            if after.slots.count != before.slots.count { continue }
            let takers = targets.indices.map { $0 != dead }
            #expect(differences(before.overlaid(takers: takers), after.overlaid(takers: takers)) == [], random.label)
        }
    }

    @Test("a new target starts where it is in the end: every slot moves once, from its owner before")
    func newTargetStarts() {
        let before = CanonicalTable(targets: WeightedTarget.list(weights: [Int](repeating: 10, count: 10)))
        let after = before.repaired(for: WeightedTarget.list(weights: [Int](repeating: 10, count: 11)))
        let tables = (0...4).map { step in
            let portions = [Portion](repeating: .all, count: 10) + [Portion(step: step, of: 4)]
            return after.overlaid(portions: portions, before: before)
        }
        #expect(tables[0] == before.slots)
        #expect(tables[4] == after.slots)
        let moves = zip(tables, tables.dropFirst()).reduce(0) { $0 + differences($1.0, $1.1).count }
        #expect(moves == differences(before.slots, after.slots).count)
    }

    @Test("a step takes about its part of the slots")
    func proportion() {
        let table = CanonicalTable(targets: WeightedTarget.list(weights: [50, 50]), size: .slots131071)
        for step in 0...10 {
            let counts = table.slotCounts(in: table.overlaid(portions: [.all, Portion(step: step, of: 10)]))
            #expect(abs(Double(counts[1]) / 65_536 - Double(step) / 10) < 0.01, "step \(step)")
        }
    }

    @Test("as long as nobody takes all, those that take anything take all")
    func nobodyCarries() {
        let table = CanonicalTable(targets: WeightedTarget.list(weights: [10, 20, 30]))
        let portions = [Portion(step: 1, of: 4), Portion(step: 2, of: 4), .none]
        #expect(table.overlaid(portions: portions) == table.overlaid(takers: [true, true, false]))
        #expect(table.overlaid(portions: [.none, .none, .none]) == [])
    }

    @Test("a target of weight 0 neither takes a portion nor carries the others")
    func weightZero() {
        let table = CanonicalTable(targets: WeightedTarget.list(weights: [0, 10]))
        #expect(table.overlaid(portions: [.all, Portion(step: 1, of: 4)]) == table.slots)
    }

    @Test("slots of a table that was split stay with the owner of the whole one")
    func split() {
        let before = CanonicalTable(targets: WeightedTarget.list(weights: [10, 10, 10]), size: .slots251)
        let after = before.repaired(for: WeightedTarget.list(weights: [10, 10, 10, 10, 10, 10]))
        #expect(after.slots.count == 1004)
        let overlaid = after.overlaid(portions: [.all, .all, .all, .none, .none, .none], before: before)
        #expect(TableChange(from: before.named, to: after.named(overlaid)).moved == 0)
    }
}

extension Portion {
    fileprivate static func sample(using generator: inout SeededGenerator) -> Portion {
        Portion(step: .random(in: 0...4, using: &generator), of: 4)
    }
}
