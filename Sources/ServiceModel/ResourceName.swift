/// What may stand as the name of a resource or the id of an instance.
public enum ResourceName {
    /// What a name is, in the words of an error.
    public static let rule =
        "a name of \(Limits.nameLength.lowerBound) to \(Limits.nameLength.upperBound) Chinese characters, "
        + "letters a-z and A-Z, digits, _ or -"

    public static func isValid(_ name: String) -> Bool {
        Limits.nameLength.contains(name.unicodeScalars.count) && name.unicodeScalars.allSatisfy(isAllowed)
    }

    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", "_", "-", "〇": true
        // 〇 above is the one Chinese character that Unicode counts as a number.
        default: scalar.properties.isUnifiedIdeograph
        }
    }
}
