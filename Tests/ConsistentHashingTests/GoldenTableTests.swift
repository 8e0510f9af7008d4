import ConsistentHashing
import Testing

/// The tables of this version, by digest.
///
/// A digest that changes means that a node of the new version gives slots to other targets than a node of the old one,
/// so that an upgrade moves flows of healthy targets, and nodes of both versions behind one router disagree until the
/// last is upgraded. Refactoring must not do that. If the algorithm is meant to change, the new digests belong into the
/// same commit as a decision record and a **Breaking** entry in the changelog.
@Suite struct GoldenTableTests {
    @Test("equal weights")
    func equalWeights() {
        #expect(digest(CanonicalTable(targets: .golden(weights: [100, 100, 100])).slots) == 11_691_848_733_053_706_476)
    }

    @Test("mixed weights, also 0")
    func mixedWeights() {
        let table = CanonicalTable(targets: .golden(weights: [1, 2, 0, 100, 50, 50, 7]))
        #expect(digest(table.slots) == 3_417_443_947_813_229_964)
    }

    @Test("the largest group")
    func largestGroup() {
        let table = CanonicalTable(targets: .golden(weights: (0..<1_000).map { 1 + $0 * 37 % 100 }))
        #expect(digest(table.slots) == 10_773_923_632_279_176_276)
    }

    @Test("more targets than the exact shares have slots for")
    func crowded() {
        let weights = [100, 100] + [Int](repeating: 1, count: 200)
        let table = CanonicalTable(targets: .golden(weights: weights), size: .slots251)
        #expect(digest(table.slots) == 2_208_458_056_853_216_285)
    }

    @Test("an overlay")
    func overlay() {
        let table = CanonicalTable(targets: .golden(weights: (0..<50).map { 1 + $0 * 37 % 100 }))
        #expect(digest(table.overlaid(takers: (0..<50).map { $0 % 7 != 0 })) == 16_686_920_836_607_354_103)
    }

    @Test("a repair")
    func repair() {
        let table = CanonicalTable(targets: .golden(weights: (0..<50).map { 1 + $0 * 37 % 100 }))
        let repaired = table.repaired(for: .golden(weights: (0..<60).map { 1 + $0 * 41 % 100 }))
        #expect(digest(repaired.slots) == 2_500_368_430_292_515_757)
    }

    @Test("an overlay of a table from which targets left")
    func redrawn() {
        let table = CanonicalTable(targets: .golden(weights: [10, 20, 30, 40, 50, 60])).repaired(
            for: .golden(weights: [10, 0, 30, 0, 50, 60]))
        #expect(digest(table.overlaid(takers: [false, true, true, true, true, true])) == 824_915_530_454_449_022)
        #expect(table.digest == 11_159_114_524_398_260_283)
    }

    @Test("a repair of a table that is split")
    func split() {
        let table = CanonicalTable(targets: .golden(weights: [10, 20, 30])).repaired(
            for: .golden(weights: [10, 20, 0] + [Int](repeating: 7, count: 20)))
        #expect(table.slots.count == 4084)
        #expect(digest(table.slots) == 9_346_032_758_912_113_622)
    }

    @Test("a slow start")
    func slowStart() {
        let before = CanonicalTable(targets: .golden(weights: [100, 50, 30]))
        let table = before.repaired(for: .golden(weights: [100, 50, 30, 40]))
        let portions = [Portion.none, .all, Portion(step: 1, of: 3), Portion(step: 2, of: 3)]
        #expect(digest(table.overlaid(portions: portions, before: before)) == 11_859_857_981_105_862_871)
    }

    @Test("the digest that nodes compare")
    func nodesCompare() {
        let table = CanonicalTable(targets: .golden(weights: [1, 2, 0, 100, 50, 50, 7]))
        #expect(table.named.digest == 14_491_198_846_736_333_489)
        #expect(table.digest == 4_829_006_061_919_038_483)
        #expect(CanonicalTable(targets: []).named.digest == 590_684_067_820_433_389)
    }

    /// FNV-1a of the slots, two bytes each, the low one first.
    private func digest(_ slots: [UInt16]) -> UInt64 {
        slots.flatMap { [$0 & 0xFF, $0 >> 8] }.reduce(0xCBF2_9CE4_8422_2325) { digest, byte in
            (digest ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
        }
    }
}

extension [WeightedTarget] {
    /// 192.0.2.0 and up, port 8080, TCP; the encoding is this test's own and stays as it is.
    fileprivate static func golden(weights: [Int]) -> [WeightedTarget] {
        weights.enumerated().map { number, weight in
            WeightedTarget(
                identity: [192, 0, UInt8(2 + number / 256), UInt8(number % 256), 0x1F, 0x90, 6], weight: weight)
        }
    }
}
