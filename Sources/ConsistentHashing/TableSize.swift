/// Number of slots of a table that is built anew, always a prime.
///
/// A target visits the slots in strides of its own, and with a prime size every stride reaches every slot.
public enum TableSize: Int, Sendable, CaseIterable {
    case slots251 = 251
    case slots1021 = 1021
    case slots4093 = 4093
    case slots16381 = 16381
    case slots65537 = 65537
    case slots131071 = 131071

    /// The smallest size with at least 100 slots a target, or the largest size when none has that many.
    ///
    /// A slot more or less is then at most about 1 % of the share of an average target.
    ///
    /// - Parameter count: Number of targets that own slots, which are those of weight 1 and more.
    public static func fitting(targets count: Int) -> TableSize {
        // Divided rather than multiplied, so that no count overflows.
        allCases.first { $0.rawValue / 100 >= count } ?? .slots131071
    }

    /// Into how many equal parts each slot of an existing table is split before the table serves this many targets.
    ///
    /// A flow's slot is `hash · size >> 32`, so that the parts of a slot serve just the flows that the slot served: a
    /// split moves none, where a step to the next prime would move 6 to 12 % of them. A table keeps its size down to 50
    /// slots a target, half of what a new one has, so that a group about a limit does not have it split at each turn.
    ///
    /// - Returns: 1, or the least power of two that gives 100 slots a target; less when the parts would be more than the
    ///   slots of the largest table.
    package static func split(of slots: Int, targets count: Int) -> Int {
        var parts = 1
        if slots / 50 >= count { return parts }
        while parts * slots / 100 < count, 2 * parts * slots <= TableSize.slots131071.rawValue { parts *= 2 }
        return parts
    }
}
