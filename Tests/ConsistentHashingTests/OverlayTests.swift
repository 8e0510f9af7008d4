import ConsistentHashing
import Foundation
import SeededGenerator
import Testing

@Suite struct OverlayTests {
    @Test("no slot of a surviving target moves, and all others go to survivors of weight 1 and more")
    func survivorsKeepTheirSlots() {
        for var random in RandomCase.thousand {
            let table = random.table
            let takers = random.targets.map { _ in Int.random(in: 0..<4, using: &random.generator) > 0 }

            let overlaid = table.overlaid(takers: takers)

            if !zip(takers, random.targets).contains(where: { $0 && $1.weight >= 1 }) {
                #expect(overlaid.isEmpty, random.label)
                continue
            }
            #expect(overlaid.allSatisfy { takers[Int($0)] && random.targets[Int($0)].weight >= 1 }, random.label)
            #expect(differences(table.slots, overlaid).allSatisfy { !takers[Int(table.slots[$0])] }, random.label)
        }
    }

    @Test("a further failure moves the slots of the target that failed and no others")
    func laterFailures() {
        for var random in RandomCase.thousand {
            let table = random.table
            var takers = random.targets.map { _ in Bool.random(using: &random.generator) }
            let before = table.overlaid(takers: takers)
            let failed = random.targets.indices.randomElement(using: &random.generator)!
            takers[failed] = false

            let after = table.overlaid(takers: takers)

            if after.isEmpty { continue }
            #expect(differences(before, after) == before.indices.filter { before[$0] == failed }, random.label)
        }
    }

    @Test("when every target takes again, the table is the canonical one")
    func recovery() {
        for random in RandomCase.thousand {
            let table = random.table
            #expect(table.overlaid(takers: random.targets.map { _ in true }) == table.slots, random.label)
        }
    }

    @Test("a taker of weight 0 is lent nothing")
    func weightZero() {
        let table = CanonicalTable(targets: WeightedTarget.list(weights: [100, 0, 1]))
        #expect(table.slotCounts(in: table.overlaid(takers: [false, true, true])) == [0, 0, 251])
        #expect(table.overlaid(takers: [false, true, false]) == [])
    }

    @Test("when nobody takes, there is no table")
    func allDead() {
        let table = CanonicalTable(targets: WeightedTarget.list(weights: [100, 1, 1]))
        #expect(table.overlaid(takers: [false, false, false]) == [])
        #expect(CanonicalTable(targets: []).overlaid(takers: []) == [])
    }

    @Test("with 10 of 100 targets dead, each of the others carries 0.96 to 1.04 of its fair share")
    func fairness() {
        let table = CanonicalTable(
            targets: WeightedTarget.list(weights: [Int](repeating: 100, count: 100)), size: .slots65537)
        let counts = table.slotCounts(in: table.overlaid(takers: (0..<100).map { $0 % 10 != 3 }))
        let fair = 65_537 / 90.0
        #expect(counts.enumerated().allSatisfy { $0 % 10 == 3 ? $1 == 0 : (0.96...1.04).contains(Double($1) / fair) })
    }

    @Test("slots are lent in proportion to weight")
    func proportion() {
        let weights = [100, 1, 9, 40, 50]
        let table = CanonicalTable(targets: WeightedTarget.list(weights: weights), size: .slots131071)
        let own = table.slotCounts(in: table.slots)

        let overlaid = table.slotCounts(in: table.overlaid(takers: [false, true, true, true, true]))

        for taker in 1...4 {
            let probability = Double(weights[taker]) / 100
            let expected = Double(own[0]) * probability
            let deviation = (expected * (1 - probability)).squareRoot()
            #expect(abs(Double(overlaid[taker] - own[taker]) - expected) < 4 * deviation, "weight \(weights[taker])")
        }
    }

    @Test("the winner of a slot has the highest weight / -ln(u) of all")
    func winner() {
        for seed in 0..<1_000 {
            var generator = SeededGenerator(seed: seed)
            let contenders = (0..<UInt16.random(in: 1...100, using: &generator)).map {
                Contender(index: $0, weight: .random(in: 1...100, using: &generator), hash: generator.next())
            }
            let slot = Int.random(in: 0..<131_071, using: &generator)

            let winner = Rendezvous(contenders: contenders).winner(of: slot)

            let scores = contenders.map { contender in
                let u = Double(mixed(contender.hash ^ mixed(UInt64(slot))) >> 11 | 1) / 0x1p53
                return Double(contender.weight) / -Foundation.log(u)
            }
            #expect(scores[Int(winner)] == scores.max(), "case \(seed)")
        }
    }
}
