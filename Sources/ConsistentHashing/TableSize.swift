/// Number of slots of a table, always a prime.
///
/// A target visits the slots in strides of its own, and only a prime size lets every stride reach every slot.
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
}
