/// Which target owns each slot by weight alone, whatever its health.
///
/// The table is a function of the *set* of targets: any order of the same targets gives each slot to the same identity,
/// on every machine. So nodes behind one router agree without talking to each other. A flow's hash modulo
/// `slots.count` picks its slot.
///
/// Two tables are equal when their targets are listed in the same order and own the same slots.
public struct CanonicalTable: Sendable, Hashable {
    /// The targets in the caller's order, those of weight 0 too.
    public let targets: [WeightedTarget]

    /// For each slot the index of its owner in `targets`. Empty when no target has a weight of at least 1.
    public let slots: [UInt16]

    /// Builds a table whose size suits the number of targets of weight 1 and more, see `TableSize.fitting(targets:)`.
    ///
    /// - Precondition: As for `init(targets:size:)`.
    /// - Complexity: As for `init(targets:size:)`.
    public init(targets: [WeightedTarget]) {
        self.init(targets: targets, size: .fitting(targets: targets.count { $0.weight >= 1 }))
    }

    /// Builds a table of the given size: weighted Maglev, in which every target owns exactly its quota.
    ///
    /// - Precondition: No two targets have the same identity, there are at most 65,535 of them, and those of weight 1
    ///   and more are no more than the slots.
    /// - Complexity: On average `size · log(size)` steps, plus sorting the targets.
    public init(targets: [WeightedTarget], size: TableSize) {
        let contenders = Contender.ranked(targets)
        let quotas = Self.quotas(weights: contenders.map(\.weight), size: size)
        self.targets = targets
        self.slots = claimedSlots(contenders: contenders, quotas: quotas, size: size)
    }

    /// The number of slots that each target owns in a table of indices into `targets`, in the order of `targets`.
    ///
    /// - Parameter table: `slots`, or what `overlaid(takers:)` makes of it.
    /// - Complexity: One step a slot and a target.
    public func slotCounts(in table: [UInt16]) -> [Int] {
        var counts = [Int](repeating: 0, count: targets.count)
        for owner in table { counts[Int(owner)] += 1 }
        return counts
    }
}
