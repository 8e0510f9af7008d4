/// A target that competes for slots: one of weight 1 and more.
package struct Contender {
    /// Its place in the caller's list of targets.
    package let index: UInt16
    package let weight: Int
    package let hash: UInt64
    /// How much of the slots that would be its it takes.
    let portion: Portion

    package init(index: UInt16, weight: Int, hash: UInt64, portion: Portion = .all) {
        self.index = index
        self.weight = weight
        self.hash = hash
        self.portion = portion
    }

    /// Whether its portion includes a slot.
    func takes(_ slot: Int) -> Bool { portion == .all || portion.includes(slot, of: hash) }

    /// The contenders among `targets`, ordered by the hash of their identity and, should hashes collide, by identity.
    ///
    /// The rank decides every tie of the two algorithms, which makes their results independent of the caller's order.
    /// By hash first, because sorting by identity would give each extra slot to the lowest addresses.
    ///
    /// - Precondition: Identities are unique, also among targets of weight 0; at most 65,535 targets.
    static func ranked(_ targets: [WeightedTarget]) -> [Contender] {
        precondition(targets.count <= Int(UInt16.max), "A table has at most 65,535 targets, not \(targets.count).")
        let hashes = targets.map { identityHash($0.identity) }
        let ranking = targets.indices.sorted { left, right in
            hashes[left] == hashes[right]
                ? targets[left].identity.lexicographicallyPrecedes(targets[right].identity)
                : hashes[left] < hashes[right]
        }
        for (index, next) in zip(ranking, ranking.dropFirst()) {
            precondition(
                targets[index].identity != targets[next].identity,
                "Targets \(index) and \(next) of a table have the same identity.")
        }
        return ranking.filter { targets[$0].weight >= 1 }
            .map { Contender(index: UInt16($0), weight: targets[$0].weight, hash: hashes[$0]) }
    }
}
