extension CanonicalTable {
    /// The number of slots that each target of a table owns.
    ///
    /// Slots are dealt by largest remainder (Hamilton's method): everyone gets the whole part of
    /// `size · weight / sum`, and the slots left over go one by one to the largest fractions, the earlier target
    /// first among equals. Targets of weight 1 and more that would get nothing own one slot each, and the others divide
    /// the rest in the same way.
    ///
    /// - Parameter weights: Weights of at least 0, not limited to 100. Their sum times `size` must fit an `Int`.
    /// - Returns: A quota for each weight: 0 for weight 0, otherwise at least 1. The sum is `size`, or 0 when every
    ///   weight is 0. Unless the minimum of one slot had to be given to someone, each quota is less than 1 away from
    ///   `size · weight / sum`. A larger weight never has the smaller quota.
    /// - Precondition: No weight is negative, and those of 1 and more are no more than the slots.
    /// - Complexity: `n · log(n)` steps for `n` weights, a few times that when the minimum applies.
    public static func quotas(weights: [Int], size: TableSize) -> [Int] {
        QuotaBounds(weights: weights, slots: size.rawValue).byLargestRemainder
    }
}

/// How many slots each target may own for its share to be exact: the whole part of the share, or that and one more.
///
/// Every choice within the bounds that adds up to the table is equally exact. A table built anew takes the one by largest
/// remainder; a repair takes the one that moves least.
package struct QuotaBounds {
    /// For each weight the whole part of its share; at least 1 for a weight of 1 and more, 0 for weight 0.
    package private(set) var least: [Int]
    /// For each weight its share rounded up: `least`, or one slot more.
    package private(set) var most: [Int]
    /// The indices whose `most` is more than their `least`, largest remainder first, the earlier among equals.
    package private(set) var roundable: [Int] = []
    private let slots: Int

    /// - Precondition: As for `CanonicalTable.quotas(weights:size:)`.
    package init(weights: [Int], slots: Int) {
        precondition(weights.allSatisfy { $0 >= 0 }, "A weight is at least 0.")
        least = weights.map { min($0, 1) }
        most = least
        var sharers = weights.indices.filter { weights[$0] >= 1 }
        precondition(sharers.count <= slots, "\(sharers.count) targets can't own a slot each of \(slots).")
        self.slots = sharers.isEmpty ? 0 : slots

        var shared = slots
        while !sharers.isEmpty {
            let sum = sharers.reduce(0) { $0 + weights[$1] }
            let parts = sharers.map { (shared * weights[$0]).quotientAndRemainder(dividingBy: sum) }
            let byRemainder = parts.indices.sorted { (parts[$1].remainder, $0) < (parts[$0].remainder, $1) }
            let leftOver = shared - parts.reduce(0) { $0 + $1.quotient }
            // Whoever gets nothing even so owns the minimum, at the expense of the others.
            let without = Set(byRemainder.dropFirst(leftOver).filter { parts[$0].quotient == 0 })
            if without.isEmpty {
                for (sharer, part) in zip(sharers, parts) {
                    least[sharer] = max(1, part.quotient)
                    most[sharer] = part.quotient + (part.remainder > 0 ? 1 : 0)
                }
                roundable = byRemainder.map { sharers[$0] }.filter { least[$0] < most[$0] }
                return
            }
            shared -= without.count
            sharers = sharers.indices.filter { !without.contains($0) }.map { sharers[$0] }
        }
    }

    /// The quotas of a table built anew.
    package var byLargestRemainder: [Int] {
        var quotas = least
        for index in roundable.prefix(slots - least.reduce(0, +)) { quotas[index] += 1 }
        return quotas
    }
}
