import ConsistentHashing
import SeededGenerator
import Testing

@Suite struct SlotQuotasTests {
    @Test("quotas are the exact shares, rounded by largest remainder")
    func examples() {
        #expect(CanonicalTable.quotas(weights: [1, 2], size: .slots65537) == [21_846, 43_691])
        // Exact: 15.01, 97.60, 833.32 and 75.07.
        #expect(CanonicalTable.quotas(weights: [2, 13, 111, 10], size: .slots1021) == [15, 98, 833, 75])
        #expect(CanonicalTable.quotas(weights: [100], size: .slots251) == [251])
    }

    @Test("among equal remainders the earlier target gets the slot left over")
    func ties() {
        #expect(CanonicalTable.quotas(weights: [7, 7, 7], size: .slots251) == [84, 84, 83])
    }

    @Test("without weights there are no slots to own")
    func noWeights() {
        #expect(CanonicalTable.quotas(weights: [], size: .slots251) == [])
        #expect(CanonicalTable.quotas(weights: [0, 0], size: .slots251) == [0, 0])
    }

    @Test("the sum is the size, every quota is within 1 of its share, and weight 0 gets nothing")
    func exactness() {
        for seed in 0..<1_000 {
            var generator = SeededGenerator(seed: seed)
            let size = TableSize.allCases.randomElement(using: &generator)!
            // So few targets of so similar weights are worth more than a slot each even of 251.
            let weights =
                (0..<Int.random(in: 1...100, using: &generator)).map { _ in
                    Bool.random(using: &generator) ? 0 : Int.random(in: 501...1_000, using: &generator)
                } + [1_000]

            let quotas = CanonicalTable.quotas(weights: weights, size: size)

            let sum = weights.reduce(0, +)
            #expect(quotas.reduce(0, +) == size.rawValue, "case \(seed)")
            #expect(
                zip(quotas, weights).allSatisfy { abs($0 * sum - size.rawValue * $1) < sum },
                "case \(seed): \(weights) became \(quotas) of \(size)")
            #expect(zip(quotas, weights).allSatisfy { ($0 == 0) == ($1 == 0) }, "case \(seed)")
        }
    }

    @Test("no target of weight 1 and more goes without a slot, however small its share")
    func minimumOfOne() {
        #expect(CanonicalTable.quotas(weights: [1, 1_000_000], size: .slots251) == [1, 250])
        #expect(CanonicalTable.quotas(weights: [1_000_000, 0, 1, 1], size: .slots251) == [249, 0, 1, 1])
        let crowd = [Int](repeating: 1, count: 250)
        #expect(CanonicalTable.quotas(weights: crowd + [1_000_000], size: .slots251) == crowd + [1])
        // Exact: 0.25, 0.50, 0.50 and 249.75. Once the first and third have their minimum, the second target's share of
        // the rest no longer rounds to a slot.
        #expect(CanonicalTable.quotas(weights: [1, 2, 2, 1_000], size: .slots251) == [1, 1, 1, 248])
    }

    @Test("the minimum of one leaves the sum and the order of weights as they are")
    func minimumKeepsOrder() {
        for seed in 0..<1_000 {
            var generator = SeededGenerator(seed: seed)
            let weights = (0..<Int.random(in: 1...251, using: &generator)).map { _ in
                1 << Int.random(in: 0...20, using: &generator)
            }.sorted()

            let quotas = CanonicalTable.quotas(weights: weights, size: .slots251)

            #expect(quotas.reduce(0, +) == 251, "case \(seed)")
            #expect(quotas.first! >= 1, "case \(seed)")
            // Of equal weights the earlier may have one slot more.
            let inOrder = zip(zip(weights, quotas), zip(weights, quotas).dropFirst()).allSatisfy { left, right in
                left.1 <= right.1 || (left.0 == right.0 && left.1 == right.1 + 1)
            }
            #expect(inOrder, "case \(seed): \(weights) became \(quotas)")
        }
    }
}
