/// What the packet path reads: who gets the new flows of each slot, and where flows that began earlier are to be found.
///
/// A slot is *settled* when all its flows are with its owner; then nothing is known of single flows. It *moves* from the
/// moment that it changes hands until its flows are pinned or over: a new flow goes to the owner and is pinned there, one
/// that is unknown but not new goes to the previous owner.
public struct ForwardingTable<Owner: Hashable & Sendable>: Sendable, Hashable {
    /// The owner of each slot.
    public let owners: [Owner]

    /// For each slot that moves its previous owner, `nil` for one that is settled.
    ///
    /// A slot that moves can have its owner as the previous one, when it came back: flows that began while it was away
    /// are pinned elsewhere, and only lookups find them.
    public let previous: [Owner?]

    /// How many slots move.
    public let movingCount: Int

    /// A table of which every slot is settled.
    public init(settled owners: [Owner]) {
        self.init(owners: owners, previous: [Owner?](repeating: nil, count: owners.count))
    }

    /// - Precondition: Both are of one size.
    public init(owners: [Owner], previous: [Owner?]) {
        precondition(owners.count == previous.count, "\(previous.count) previous owners of \(owners.count) slots.")
        self.owners = owners
        self.previous = previous
        movingCount = previous.count { $0 != nil }
    }

    /// The table after its slots were given to new owners, or to the same.
    ///
    /// | the slot was | previous owner from now on |
    /// |---|---|
    /// | settled, and stays | none |
    /// | settled, and goes | its owner; none if that died, since its flows are lost with it |
    /// | moving | as before, wherever it goes: flows without a pin are as old as that |
    /// | moving, and the previous owner died | its owner, or the new one if that died too: flows may be pinned to a third |
    ///
    /// - Parameters:
    ///   - newOwners: The owners from now on. Where the number of slots differs, a new slot takes the place of the one
    ///     around its middle, which is the only one when slots were split. Flows from beyond its edges lose their way.
    ///   - dead: Owners whose flows are lost, such as those that fail their checks.
    /// - Complexity: One step a slot.
    public func handedOver(to newOwners: [Owner], dead: Set<Owner>) -> ForwardingTable {
        if owners.isEmpty { return ForwardingTable(settled: newOwners) }
        let previous = newOwners.indices.map { slot in
            let slotBefore = (2 * slot + 1) * owners.count / (2 * newOwners.count)
            return previousOwner(of: slotBefore, newOwner: newOwners[slot], dead: dead)
        }
        return ForwardingTable(owners: newOwners, previous: previous)
    }

    /// The table in which slots that moved long enough are settled.
    public func settling(where isDone: (_ slot: Int) -> Bool) -> ForwardingTable {
        ForwardingTable(owners: owners, previous: previous.indices.map { isDone($0) ? nil : previous[$0] })
    }

    /// The table in which flows that are unknown, but not new, go to the owner of these slots, too: such as began before
    /// the slot moved have been seen by now, and are pinned, or are over. The slots go on moving.
    public func forgettingPrevious(where isOver: (_ slot: Int) -> Bool) -> ForwardingTable {
        ForwardingTable(
            owners: owners,
            previous: previous.indices.map { slot in
                previous[slot] != nil && isOver(slot) ? owners[slot] : previous[slot]
            })
    }

    private func previousOwner(of slot: Int, newOwner: Owner, dead: Set<Owner>) -> Owner? {
        let owner = owners[slot]
        guard let previous = previous[slot] else { return owner == newOwner || dead.contains(owner) ? nil : owner }
        return [previous, owner].first { !dead.contains($0) } ?? newOwner
    }
}
