import ConsistentHashing
import SeededGenerator
import Testing

/// A table of random targets, mostly small so that a test can afford 1,000 of them.
struct RandomCase {
    let seed: Int
    let targets: [WeightedTarget]
    let size: TableSize
    /// For the choices of the test itself.
    var generator: SeededGenerator

    static var thousand: some Sequence<RandomCase> { (0..<1_000).lazy.map(RandomCase.init(seed:)) }

    /// What a failing expectation says about it.
    var label: Comment { "case \(seed): \(targets.map(\.weight)) in \(size)" }

    var table: CanonicalTable { CanonicalTable(targets: targets, size: size) }

    init(seed: Int) {
        var generator = SeededGenerator(seed: seed)
        let weights: [Int]
        switch seed % 4 {
        case 0: weights = [0, 1, 100]
        case 1: weights = [.random(in: 1...100, using: &generator)]
        default: weights = Array(0...100)
        }
        var identities: Set<[UInt8]> = []
        for _ in 0..<Int.random(in: 1...40, using: &generator) {
            let length = Int.random(in: 3...20, using: &generator)
            identities.insert((0..<length).map { _ in .random(in: 0...255, using: &generator) })
        }
        // Sorted, because a set has another order in each run.
        self.targets = identities.sorted { $0.lexicographicallyPrecedes($1) }.map {
            WeightedTarget(identity: $0, weight: weights.randomElement(using: &generator)!)
        }
        self.size = seed % 50 == 0 ? .slots4093 : seed % 5 == 0 ? .slots1021 : .slots251
        self.seed = seed
        self.generator = generator
    }
}

extension [WeightedTarget] {
    /// These targets after a change: some have left, some have other weights, some are new, and all are in another order.
    func changed(using generator: inout SeededGenerator) -> [WeightedTarget] {
        let change = Int.random(in: 0..<4, using: &generator)
        var changed = filter { _ in change != 0 || Int.random(in: 0..<5, using: &generator) > 0 }
        if change == 1 || change == 3 {
            changed += (0..<Int.random(in: 1...3, using: &generator)).map { _ in
                WeightedTarget(
                    identity: (0..<8).map { _ in .random(in: 0...255, using: &generator) },
                    weight: .random(in: 1...100, using: &generator))
            }
        }
        if change >= 2 {
            changed = changed.map { target in
                let keepsWeight = Int.random(in: 0..<3, using: &generator) > 0
                let weight = keepsWeight ? target.weight : Int.random(in: 0...100, using: &generator)
                return WeightedTarget(identity: target.identity, weight: weight)
            }
        }
        return changed.shuffled(using: &generator)
    }
}

extension WeightedTarget {
    /// Targets at 10.0.0.0, 10.0.0.1, … on port 80, one for each weight.
    static func list(weights: [Int]) -> [WeightedTarget] {
        weights.enumerated().map { number, weight in
            WeightedTarget(identity: [10, 0, UInt8(number / 256), UInt8(number % 256), 0, 80, 6], weight: weight)
        }
    }
}

extension CanonicalTable {
    /// The identity of each slot's owner, which can be compared between tables whose targets are ordered differently.
    func owners(of table: [UInt16]) -> [[UInt8]] {
        table.map { targets[Int($0)].identity }
    }
}

/// The slots that two tables of one size give to different owners.
func differences<Owner: Equatable>(_ left: [Owner], _ right: [Owner]) -> [Int] {
    left.indices.filter { left[$0] != right[$0] }
}
