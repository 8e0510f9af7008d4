// How a table follows its targets: by as few moves of slots as exact shares allow.

extension CanonicalTable {
    /// This table with the least change that gives the targets their exact shares.
    ///
    /// Of all tables in which every target owns its share to within a slot, this is one that differs from the present one
    /// in the fewest slots: targets that lose give up what they have too much and nothing else, and only targets that
    /// lack slots get them. Which slots go where is decided thus:
    ///
    /// - A slot of a target that left goes to the one that the overlay lent it to, as long as that may own more. So few
    ///   flows of a target that was drained or dead move a second time when it is removed.
    /// - The others make the table more like one built anew, as far as they can. So a change that is undone leads back,
    ///   and tables with other histories become more alike.
    ///
    /// The number of slots stays as long as there are 50 a target; after that each slot is split into equal parts, which
    /// moves no flow (see `TableSize.split(of:targets:)`). A table without slots is built anew, and there are no slots
    /// when no target has a weight of at least 1.
    ///
    /// - Parameter targets: The targets from now on, in any order. Those that this table knows by identity keep what they
    ///   may of their slots.
    /// - Precondition: As for `init(targets:size:)`.
    /// - Complexity: As building a table, plus one hash for each pair of a slot of a target that left and one that stays.
    public func repaired(for targets: [WeightedTarget]) -> CanonicalTable {
        let contenders = Contender.ranked(targets)
        if slots.isEmpty || contenders.isEmpty { return CanonicalTable(targets: targets) }
        let parts = TableSize.split(of: slots.count, targets: contenders.count)
        var repair = Repair(
            owners: ranksOfOwners(among: contenders, of: targets).split(into: parts), draws: draws.split(into: parts),
            contenders: contenders)
        repair.giveToBorrowers()
        repair.settleQuotas()
        repair.moveSurplus()
        return CanonicalTable(
            targets: targets, owners: repair.owners.map { contenders[Int($0)].index }, draws: repair.draws)
    }

    /// The table that the targets would have without its history, with as many slots as `repaired(for:)` gives it.
    ///
    /// It moves slots that need not move; `TableChange` tells how many.
    ///
    /// - Precondition: As for `init(targets:size:)`.
    /// - Complexity: As building a table.
    public func rebuilt(for targets: [WeightedTarget]) -> CanonicalTable {
        let contenders = Contender.ranked(targets)
        if slots.isEmpty || contenders.isEmpty { return CanonicalTable(targets: targets) }
        let parts = TableSize.split(of: slots.count, targets: contenders.count)
        return CanonicalTable(targets: targets, contenders: contenders, slotCount: parts * slots.count)
    }

    /// For each slot the rank of its owner among the contenders for a new table; their number if it is not among them.
    private func ranksOfOwners(among contenders: [Contender], of newTargets: [WeightedTarget]) -> [UInt16] {
        let ranks = Dictionary(
            uniqueKeysWithValues: contenders.enumerated().map { (newTargets[Int($1.index)].identity, UInt16($0)) })
        let rankOfTarget = targets.map { ranks[$0.identity] ?? UInt16(contenders.count) }
        return slots.map { rankOfTarget[Int($0)] }
    }
}

extension Array {
    /// Each element as often as its slot has parts.
    fileprivate func split(into parts: Int) -> [Element] {
        parts == 1 ? self : flatMap { repeatElement($0, count: parts) }
    }
}

/// One repair under way. Targets go by their rank, and all that left share the rank after the last.
private struct Repair {
    private let contenders: [Contender]
    private let bounds: QuotaBounds

    /// For each slot the rank of its owner so far.
    private(set) var owners: [UInt16]

    /// For each slot the number of its draw.
    private(set) var draws: [UInt8]

    /// The number of slots of each rank before the repair, and so far.
    private let ownedBefore: [Int]
    private var owned: [Int]

    /// The number of slots that each rank will own, none for the last; in sum `spare` less than the table.
    private var quotas: [Int]
    private var spare: Int

    init(owners: [UInt16], draws: [UInt8], contenders: [Contender]) {
        self.contenders = contenders
        self.owners = owners
        self.draws = draws
        var owned = [Int](repeating: 0, count: contenders.count + 1)
        for owner in owners { owned[Int(owner)] += 1 }
        self.owned = owned
        ownedBefore = owned
        bounds = QuotaBounds(weights: contenders.map(\.weight), slots: owners.count)
        quotas = bounds.least + [0]
        spare = owners.count - quotas.reduce(0, +)
        // Whatever its quota, a target keeps a slot for each that it both owned and will own, and the whole part of its
        // share is its anyway. A slot left over saves a move where it goes to one that owned more than that, and none
        // elsewhere. New targets come next, so that one that replaces another needs nothing of a third.
        roundUp(bounds.roundable.filter { owned[$0] > bounds.least[$0] })
        roundUp(bounds.roundable.filter { owned[$0] == 0 })
    }

    /// Gives slots of targets that left to those that the overlay lent them to, as long as these may own more.
    ///
    /// Once some are given thus, all slots of targets that left are lent by a new draw. Otherwise targets would own the
    /// very slots that they win, be lent less than their share of others' when these fail, and later ones more.
    mutating func giveToBorrowers() {
        let left = UInt16(contenders.count)
        let borrowers = contenders.enumerated().filter { ownedBefore[$0.offset] > 0 }.map { rank, contender in
            Contender(index: UInt16(rank), weight: contender.weight, hash: contender.hash)
        }
        let mayGain = spare > 0 || borrowers.contains { owned[Int($0.index)] < quotas[Int($0.index)] }
        if owned[contenders.count] == 0 || borrowers.isEmpty || !mayGain { return }
        let rendezvous = Rendezvous(contenders: borrowers)
        for slot in owners.indices where owners[slot] == left {
            let winner = Int(rendezvous.winner(of: slot, draw: draws[slot]))
            if owned[winner] == quotas[winner] { roundUp([winner]) }
            if owned[winner] < quotas[winner] { give(slot, to: winner) }
            draws[slot] &+= 1
        }
    }

    /// Rounds up the shares of targets that gain slots anyway, and then of others if need be.
    mutating func settleQuotas() {
        roundUp(bounds.roundable.filter { ownedBefore[$0] < bounds.least[$0] })
        roundUp(bounds.roundable)
    }

    /// Moves slots from whoever owns more than its quota to whoever owns less.
    mutating func moveSurplus() {
        if owned == quotas { return }
        let anew = claimedSlots(contenders: contenders, quotas: bounds.byLargestRemainder, size: owners.count)
        // Where a table built anew has them, slots are at home.
        for slot in owners.indices where lacks(anew[slot]) && hasSurplus(owners[slot]) {
            give(slot, to: Int(anew[slot]))
        }
        // What still has to go: first those that are not at home anyway, then any.
        var receivers = Receivers(lacking: zip(quotas, owned).map { max(0, $0 - $1) })
        for slot in owners.indices where hasSurplus(owners[slot]) && owners[slot] != anew[slot] {
            give(slot, to: receivers.next())
        }
        if owned == quotas { return }
        for slot in owners.indices where hasSurplus(owners[slot]) {
            give(slot, to: receivers.next())
        }
    }

    /// Rounds up the shares of targets, one by one as long as there are slots left over.
    private mutating func roundUp(_ ranks: [Int]) {
        for rank in ranks where spare > 0 && quotas[rank] < bounds.most[rank] {
            quotas[rank] += 1
            spare -= 1
        }
    }

    private func lacks(_ rank: UInt16) -> Bool { owned[Int(rank)] < quotas[Int(rank)] }

    private func hasSurplus(_ rank: UInt16) -> Bool { owned[Int(rank)] > quotas[Int(rank)] }

    private mutating func give(_ slot: Int, to rank: Int) {
        owned[Int(owners[slot])] -= 1
        owners[slot] = UInt16(rank)
        owned[rank] += 1
    }
}

/// Those that lack slots, in turns, each as often as it lacks one.
private struct Receivers {
    private var lacking: [(rank: Int, slots: Int)]
    private var turn = 0

    init(lacking: [Int]) { self.lacking = lacking.enumerated().filter { $1 > 0 }.map { ($0, $1) } }

    /// The rank of the next. There must be one.
    mutating func next() -> Int {
        if turn >= lacking.count {
            lacking = lacking.filter { $0.slots > 0 }
            turn = 0
        }
        lacking[turn].slots -= 1
        turn += 1
        return lacking[turn - 1].rank
    }
}
