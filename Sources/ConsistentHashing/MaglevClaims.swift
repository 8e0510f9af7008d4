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
///   - size: Number of slots, at least 2.
/// - Returns: For each slot the rank of its contender. Empty when there is none.
func claimedSlots(contenders: [Contender], quotas: [Int], size: Int) -> [UInt16] {
    if contenders.isEmpty { return [] }
    precondition(quotas.reduce(0, +) == size, "The quotas of a table are all its slots, no more and no less.")
    // An average target claims one slot a round. As many rounds as the largest quota would do too, but then 999 light
    // targets would wait 12,000 rounds for one heavy one.
    let rounds = size / contenders.count
    var slots = [UInt16](repeating: 0, count: size)
    var free = SlotSet(all: size)
    var claimants = contenders.map { Claimant($0, size: size) }
    for _ in 0..<rounds {
        for turn in claimants.indices {
            claimants[turn].credit += quotas[turn]
            while claimants[turn].credit >= rounds {
                claimants[turn].credit -= rounds
                slots[claimants[turn].claimPreferred(from: &free)] = UInt16(turn)
            }
        }
    }
    return slots
}

/// A contender with its credit and its place in its permutation of the slots.
private struct Claimant {
    /// Distance between preferences, 1 ..< size. It shares no divisor with the size, so the strides visit each slot once.
    let stride: Int
    let size: Int
    var credit = 0
    /// The slot to try next.
    var preference: Int

    init(_ contender: Contender, size: Int) {
        self.size = size
        // Two more hashes, unrelated to each other and to the draws of the overlay.
        preference = Int(mixed(contender.hash ^ 1) % UInt64(size))
        var stride = Int(mixed(contender.hash ^ 2) % UInt64(size - 1)) + 1
        // Never for a prime size, one step in two or three for one that was split.
        while greatestCommonDivisor(stride, size) > 1 { stride = stride % (size - 1) + 1 }
        self.stride = stride
    }

    /// Takes the most preferred slot that is free. There must be one.
    mutating func claimPreferred(from free: inout SlotSet) -> Int {
        var slot = preference
        while !free.contains(slot) {
            let next = slot &+ stride
            let wrapped = next &- size
            slot = wrapped < 0 ? next : wrapped
        }
        free.remove(slot)
        preference = slot
        return slot
    }
}

/// A bit for each slot: 16 KiB for the largest table stay in the fastest cache, where walks in long strides need them.
private struct SlotSet {
    private var words: [UInt64]

    /// Holds the slots `0..<size`.
    init(all size: Int) { words = [UInt64](repeating: .max, count: size / 64 + 1) }

    func contains(_ slot: Int) -> Bool { words[slot >> 6] >> UInt64(slot & 63) & 1 == 1 }

    mutating func remove(_ slot: Int) { words[slot >> 6] &= ~(1 << UInt64(slot & 63)) }
}

private func greatestCommonDivisor(_ left: Int, _ right: Int) -> Int {
    var (left, right) = (left, right)
    while right > 0 { (left, right) = (right, left % right) }
    return left
}
