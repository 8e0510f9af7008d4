/// What a change of a table means for the flows: how many of them move, how many had to, and who carries how much.
///
/// All shares are of the flows that hash evenly, between 0 and 1. The change is computed from the very tables that are
/// then put in place, so the forecast is the plan.
public struct TableChange: Sendable, Hashable {
    /// The share of flows whose slot gets another owner. A table without slots belongs to nobody, who counts as an owner.
    public let moved: Double

    /// The least share that moves between any two tables in which targets have these shares.
    public let needed: Double

    /// Everyone who owns slots before or after, in the order of their identities.
    public let targets: [Target]

    /// One target's part in a change.
    public struct Target: Sendable, Hashable {
        public let identity: [UInt8]
        public let before: Double
        public let after: Double
    }

    /// Compares two tables, which may differ in size.
    ///
    /// A slot stands for its part of the range of hashes, `slot / size ..< (slot + 1) / size`, as in the packet path.
    ///
    /// - Complexity: One step for each slot of both, plus sorting the targets.
    public init(from before: NamedTable, to after: NamedTable) {
        let identities = Set(before.identities).union(after.identities).sorted { $0.lexicographicallyPrecedes($1) }
        let overlaps = Overlaps(before, after, owners: identities)
        let whole = Double(overlaps.whole)
        moved = Double(overlaps.moved) / whole
        // What an owner loses has to move, nobody's flows included; the last element is nobody.
        let lost = zip(overlaps.before, overlaps.after).reduce(0) { $0 + max(0, $1.0 - $1.1) }
        needed = Double(lost) / whole
        targets = identities.indices.map {
            Target(
                identity: identities[$0], before: Double(overlaps.before[$0]) / whole,
                after: Double(overlaps.after[$0]) / whole)
        }
    }
}

/// Two tables laid one upon the other, measured in units of which slots of both have a whole number.
private struct Overlaps {
    /// The units of a whole table: its slots, or for tables of two sizes the product, at most 131,071².
    let whole: Int
    private(set) var moved = 0
    /// The units of each owner; the last element is nobody's.
    private(set) var before: [Int]
    private(set) var after: [Int]

    init(_ left: NamedTable, _ right: NamedTable, owners: [[UInt8]]) {
        let (left, right) = (left.slots(of: owners), right.slots(of: owners))
        whole = left.count == right.count ? left.count : left.count * right.count
        before = [Int](repeating: 0, count: owners.count + 1)
        after = before

        let (leftWidth, rightWidth) = (whole / left.count, whole / right.count)
        var (leftSlot, rightSlot, start) = (0, 0, 0)
        while start < whole {
            let (leftEnd, rightEnd) = ((leftSlot + 1) * leftWidth, (rightSlot + 1) * rightWidth)
            let end = min(leftEnd, rightEnd)
            before[left[leftSlot]] += end - start
            after[right[rightSlot]] += end - start
            if left[leftSlot] != right[rightSlot] { moved += end - start }
            if end == leftEnd { leftSlot += 1 }
            if end == rightEnd { rightSlot += 1 }
            start = end
        }
    }
}

extension NamedTable {
    /// For each slot the index of its owner in a list that has them all. A table without slots is one slot of nobody, who
    /// comes after the last.
    fileprivate func slots(of owners: [[UInt8]]) -> [Int] {
        if slots.isEmpty { return [owners.count] }
        let indices = Dictionary(uniqueKeysWithValues: owners.enumerated().map { ($1, $0) })
        let indexOfIdentity = identities.map { indices[$0] ?? owners.count }
        return slots.map { indexOfIdentity[Int($0)] }
    }
}
