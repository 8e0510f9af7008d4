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
        precondition(weights.allSatisfy { $0 >= 0 }, "A weight is at least 0.")
        var quotas = [Int](repeating: 0, count: weights.count)
        var sharers = weights.indices.filter { weights[$0] >= 1 }
        var slots = size.rawValue
        precondition(sharers.count <= slots, "\(sharers.count) targets can't own a slot each of \(slots).")

        while true {
            let shares = dealt(slots, by: sharers.map { weights[$0] })
            for (sharer, share) in zip(sharers, shares) { quotas[sharer] = max(1, share) }
            let satisfied = zip(sharers, shares).filter { $0.1 >= 1 }.map(\.0)
            if satisfied.count == sharers.count { return quotas }
            slots -= sharers.count - satisfied.count
            sharers = satisfied
        }
    }

    /// `slots` divided in proportion to `weights`, all at least 1, by largest remainder.
    private static func dealt(_ slots: Int, by weights: [Int]) -> [Int] {
        let sum = weights.reduce(0, +)
        let parts = weights.map { (slots * $0).quotientAndRemainder(dividingBy: sum) }
        var shares = parts.map(\.quotient)
        let byRemainder = parts.indices.sorted { (parts[$1].remainder, $0) < (parts[$0].remainder, $1) }
        for index in byRemainder.prefix(slots - shares.reduce(0, +)) { shares[index] += 1 }
        return shares
    }
}
