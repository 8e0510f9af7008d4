/// A target as hashing sees it: who it is and how much it should carry.
public struct WeightedTarget: Sendable, Hashable {
    /// The bytes that name the target, the same on every node; unique in its table.
    ///
    /// They decide which slots the target prefers, so a target whose bytes change is a new target. Any length will do,
    /// but all writers must encode alike: a table is only shared by nodes that agree on every byte.
    public let identity: [UInt8]

    /// Share of the slots relative to the other targets, 0...100. 0 owns no slot.
    public let weight: Int

    /// - Precondition: `weight` is in 0...100.
    public init(identity: [UInt8], weight: Int) {
        precondition((0...100).contains(weight), "The weight of a target is in 0...100, not \(weight).")
        self.identity = identity
        self.weight = weight
    }
}
