import ConsistentHashing
import Testing

@Suite struct TableSizeTests {
    @Test(
        "the size is the smallest with 100 slots a target, and the largest beyond that",
        arguments: [
            (0, TableSize.slots251), (1, .slots251), (2, .slots251), (3, .slots1021),
            (10, .slots1021), (11, .slots4093), (40, .slots4093), (41, .slots16381),
            (163, .slots16381), (164, .slots65537), (655, .slots65537), (656, .slots131071),
            (1_000, .slots131071), (1_310, .slots131071), (1_311, .slots131071), (Int.max, .slots131071),
        ])
    func fittingSize(targets: Int, size: TableSize) {
        #expect(TableSize.fitting(targets: targets) == size)
    }

    @Test("every size is a prime and named after its number of slots", arguments: TableSize.allCases)
    func sizesArePrime(size: TableSize) {
        #expect((2..<size.rawValue).allSatisfy { size.rawValue % $0 != 0 })
        #expect("\(size)" == "slots\(size.rawValue)")
    }

    @Test("the size of a table follows from its targets of weight 1 and more")
    func sizeOfTable() {
        #expect(CanonicalTable(targets: WeightedTarget.list(weights: [1, 100])).slots.count == 251)
        #expect(CanonicalTable(targets: WeightedTarget.list(weights: [1, 0, 100])).slots.count == 251)
        #expect(CanonicalTable(targets: WeightedTarget.list(weights: [1, 1, 100])).slots.count == 1021)
    }
}
