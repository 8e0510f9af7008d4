/// How much of its slots a target takes: all, none, or a part of them while it starts slowly.
///
/// Which slots are taken depends on the target, the slot and the portion only: a greater portion takes the same slots and
/// more.
public struct Portion: Sendable, Hashable, Comparable {
    public static let none = Portion(parts: 0)
    public static let all = Portion(parts: 1 << 32)

    /// The portion in parts of 2³².
    private let parts: UInt64

    private init(parts: UInt64) { self.parts = parts }

    /// The portion that a target takes from a step on until the next: `step / steps` of its slots, give or take the square
    /// root of their number.
    ///
    /// - Precondition: `steps` is at least 1, and `step` is in `0...steps`. At 0 the target takes nothing.
    public init(step: Int, of steps: Int) {
        precondition(steps >= 1 && (0...steps).contains(step), "Step \(step) is not one of \(steps).")
        parts = (UInt64(step) << 32) / UInt64(steps)
    }

    public static func < (left: Portion, right: Portion) -> Bool { left.parts < right.parts }

    /// Whether this much of the target with this hash includes a slot.
    func includes(_ slot: Int, of targetHash: UInt64) -> Bool {
        // One more hash, so that whether a slot is taken says nothing about who wins it.
        mixed(mixed(targetHash ^ 3) ^ mixed(UInt64(slot))) >> 32 < parts
    }
}
