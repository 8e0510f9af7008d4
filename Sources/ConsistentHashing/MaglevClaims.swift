// How targets come to own slots: Maglev hashing (Eisenbud et al., "Maglev: A Fast and Reliable Software Network Load
// Balancer", NSDI 2016, section 3.4). Every target has its own order of preference over all slots, and the targets take
// turns in claiming the first free slot they like. The paper leaves weights open beyond saying that they change how
// often a target has its turn; here turns are bought with credit.

/// Lets the targets claim slots until each owns its quota.
///
/// In each of `rounds` rounds a target is credited with its quota, and a slot costs `rounds`. All rounds together credit
/// it with exactly what its quota costs, so that weights need no cap or correction, and the pace is even: targets of any
/// weight finish together, and nobody is left with all the slots that the others did not want.
///
/// - Parameters:
///   - contenders: In rank order, which is the order of turns within a round.
///   - quotas: Of each contender; at least 1 and `size` in sum.
/// - Returns: For each slot the `index` of its contender. Empty when there is none.
func claimedSlots(contenders: [Contender], quotas: [Int], size: TableSize) -> [UInt16] {
    if contenders.isEmpty { return [] }
    precondition(quotas.reduce(0, +) == size.rawValue, "The quotas of a table are all its slots, no more and no less.")
    // An average target claims one slot a round. As many rounds as the largest quota would do too, but then 999 light
    // targets would wait 12,000 rounds for one heavy one.
    let rounds = size.rawValue / contenders.count
    var slots = [UInt16](repeating: unclaimed, count: size.rawValue)
    var claimants = contenders.map { Claimant($0, size: size) }
    for _ in 0..<rounds {
        for turn in claimants.indices {
            claimants[turn].credit += quotas[turn]
            while claimants[turn].credit >= rounds {
                claimants[turn].credit -= rounds
                claimants[turn].claimPreferred(in: &slots)
            }
        }
    }
    return slots
}

/// Marks a slot without owner, which is why there are at most 65,535 targets.
private let unclaimed = UInt16.max

/// A contender with its credit and its place in its permutation of the slots.
private struct Claimant {
    let index: UInt16
    /// Distance between preferences, 1 ..< size. The size is prime, so the strides visit each slot once.
    let stride: Int
    var credit = 0
    /// The slot to try next.
    var preference: Int

    init(_ contender: Contender, size: TableSize) {
        let size = UInt64(size.rawValue)
        index = contender.index
        // Two more hashes, unrelated to each other and to the draws of the overlay.
        preference = Int(mixed(contender.hash ^ 1) % size)
        stride = Int(mixed(contender.hash ^ 2) % (size - 1)) + 1
    }

    /// Takes the most preferred slot that is free. There must be one.
    mutating func claimPreferred(in slots: inout [UInt16]) {
        while slots[preference] != unclaimed {
            preference += stride
            if preference >= slots.count { preference -= slots.count }
        }
        slots[preference] = index
    }
}
