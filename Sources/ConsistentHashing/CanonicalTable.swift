/// Which target owns each slot by weight alone, whatever its health.
///
/// A table that is built is a function of the *set* of targets: any order of the same targets gives each slot to the same
/// identity, on every machine. So nodes behind one router agree without talking to each other. One that is repaired is a
/// function of the set and of the table before, which nodes therefore share.
///
/// Two tables are equal when their targets are listed in the same order, own the same slots, and are lent the same; see
/// `NamedTable` for a comparison by identity.
public struct CanonicalTable: Sendable, Hashable {
    /// The targets in the caller's order, those of weight 0 too.
    public let targets: [WeightedTarget]

    /// For each slot the index of its owner in `targets`. Empty when no target has a weight of at least 1.
    public let slots: [UInt16]

    /// For each slot the number of the draw that decides to whom it is lent: 0 in a table that is built, and another one
    /// when its owner left and others took slots of it that they had been lent.
    public let draws: [UInt8]

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
        self.init(targets: targets, contenders: Contender.ranked(targets), slotCount: size.rawValue)
    }

    /// A table from the past, as it was stored.
    ///
    /// - Parameters:
    ///   - targets: The `targets` that it had.
    ///   - slots: The `slots` that it had.
    ///   - draws: The `draws` that it had.
    /// - Returns: `nil` when a slot belongs to none of the targets or to one of weight 0, when there are more slots than any
    ///   table has, or not as many draws. Shares are not checked: a repair makes those of any table exact.
    /// - Precondition: No two targets have the same identity, and there are at most 65,535 of them.
    public init?(targets: [WeightedTarget], slots: [UInt16], draws: [UInt8]) {
        let contenders = Contender.ranked(targets)
        let owns = targets.map { $0.weight >= 1 }
        guard slots.count <= TableSize.slots131071.rawValue, slots.isEmpty == contenders.isEmpty,
            slots.allSatisfy({ $0 < owns.count && owns[Int($0)] }), draws.count == slots.count
        else { return nil }
        self.init(targets: targets, owners: slots, draws: draws)
    }

    /// Builds a table of any number of slots.
    ///
    /// - Parameter contenders: The ranking of `targets`.
    init(targets: [WeightedTarget], contenders: [Contender], slotCount: Int) {
        let quotas = QuotaBounds(weights: contenders.map(\.weight), slots: slotCount).byLargestRemainder
        let ranks = claimedSlots(contenders: contenders, quotas: quotas, size: slotCount)
        self.init(
            targets: targets, owners: ranks.map { contenders[Int($0)].index },
            draws: [UInt8](repeating: 0, count: ranks.count))
    }

    /// - Parameters:
    ///   - owners: Known to be indices of targets of weight 1 and more.
    ///   - draws: As many.
    init(targets: [WeightedTarget], owners: [UInt16], draws: [UInt8]) {
        self.targets = targets
        self.slots = owners
        self.draws = draws
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
