import ConsistentHashing
import Testing

@Suite struct CanonicalTableTests {
    @Test("every slot has an owner, and every target owns what its weight is worth")
    func shares() {
        for random in RandomCase.thousand {
            let weights = random.targets.map(\.weight)
            let sum = weights.reduce(0, +)

            let table = random.table

            #expect(table.slots.count == (sum == 0 ? 0 : random.size.rawValue), random.label)
            #expect(table.slots.allSatisfy { $0 < table.targets.count }, random.label)
            let counts = table.slotCounts(in: table.slots)
            #expect(zip(counts, weights).allSatisfy { ($0 >= 1) == ($1 >= 1) }, random.label)
            // Forty targets can be too many for the exact shares of 251 slots; then someone's minimum is another's loss.
            let minimumMayApply = weights.contains { $0 >= 1 && random.size.rawValue * $0 < sum }
            let exact = zip(counts, weights).allSatisfy { abs($0 * sum - random.size.rawValue * $1) < max(sum, 1) }
            #expect(exact || minimumMayApply, random.label)
        }
    }

    @Test("the order of the targets changes neither the table nor what is laid over it")
    func orderOfTargets() {
        for var random in RandomCase.thousand {
            let shuffled = CanonicalTable(targets: random.targets.shuffled(using: &random.generator), size: random.size)
            let takes = random.targets.reduce(into: [:]) { $0[$1.identity] = Bool.random(using: &random.generator) }
            let table = random.table

            #expect(shuffled.owners(of: shuffled.slots) == table.owners(of: table.slots), random.label)
            let overlaid = [table, shuffled].map { table in
                table.owners(of: table.overlaid(takers: table.targets.map { takes[$0.identity]! }))
            }
            #expect(overlaid[0] == overlaid[1], random.label)
        }
    }

    @Test("the order does not matter either for targets whose hashes collide")
    func collidingHashes() {
        // Two identities of two words: the second words cancel what the first words differ in.
        let start = mixed(16)
        let words: [[UInt64]] = [[1, mixed(start ^ 2)], [2, mixed(start ^ 1)]]
        let targets = words.map { words in
            WeightedTarget(
                identity: words.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) } },
                weight: 1)
        }
        #expect(targets[0].identity != targets[1].identity)
        #expect(identityHash(targets[0].identity) == identityHash(targets[1].identity))

        let table = CanonicalTable(targets: targets)
        let reversed = CanonicalTable(targets: targets.reversed())

        #expect(table.owners(of: table.slots) == reversed.owners(of: reversed.slots))
        #expect(table.slotCounts(in: table.slots).sorted() == [125, 126])
    }

    @Test("targets of weight 0 leave the table as it is without them")
    func weightZero() {
        for random in RandomCase.thousand {
            let weighted = CanonicalTable(targets: random.targets.filter { $0.weight >= 1 }, size: random.size)
            let table = random.table
            #expect(table.owners(of: table.slots) == weighted.owners(of: weighted.slots), random.label)
        }
    }

    @Test("without a target of weight 1 or more there are no slots")
    func emptyTable() {
        #expect(CanonicalTable(targets: []).slots == [])
        #expect(CanonicalTable(targets: WeightedTarget.list(weights: [0, 0])).slots == [])
    }

    @Test("a target alone owns every slot")
    func singleTarget() {
        #expect(CanonicalTable(targets: WeightedTarget.list(weights: [1])).slots == [UInt16](repeating: 0, count: 251))
    }

    @Test("weights 1 and 2 own 21,846 and 43,691 of 65,537 slots")
    func oneToTwo() {
        let table = CanonicalTable(targets: WeightedTarget.list(weights: [1, 2]), size: .slots65537)
        #expect(table.slotCounts(in: table.slots) == [21_846, 43_691])
    }

    @Test("a product-sized table gives every target its exact share", arguments: [100, 655, 1_000])
    func largeTables(count: Int) {
        let weights = (0..<count).map { 1 + $0 * 37 % 100 }
        let table = CanonicalTable(targets: WeightedTarget.list(weights: weights))
        let sum = weights.reduce(0, +)
        #expect(
            zip(table.slotCounts(in: table.slots), weights).allSatisfy {
                abs($0 * sum - table.slots.count * $1) < sum
            })
    }

    @Test(
        "a table built anew after a change of one target in 100 stays close to the one before",
        arguments: [
            // Slots that have to move: 1.00 %, 0.50 % and 0.10 %.
            (100, 0, 2.0), (100, 50, 1.4), (50, 55, 0.6),
        ])
    func rebuildIsConsistent(weight: Int, changed: Int, percent: Double) {
        var weights = [Int](repeating: weight, count: 100)
        let before = CanonicalTable(targets: WeightedTarget.list(weights: weights), size: .slots65537)
        weights[42] = changed
        let after = CanonicalTable(targets: WeightedTarget.list(weights: weights), size: .slots65537)
        #expect(Double(differences(before.slots, after.slots).count) / 65_537 * 100 < percent)
    }
}
