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

    /// The same rule as a regular expression (ECMA-262 with the flag `u`), for those who check names elsewhere. Chinese
    /// characters stand there as the ranges that Unicode has for them, since not all know them by a property.
    public static let pattern: String = {
        let ranges = ideographs.map { range in
            range.lowerBound == range.upperBound ? "\(range.lowerBound)" : "\(range.lowerBound)-\(range.upperBound)"
        }
        let count = "{\(Limits.nameLength.lowerBound),\(Limits.nameLength.upperBound)}"
        return "^[a-zA-Z0-9_\\-〇\(ranges.joined())]\(count)$"
    }()

    private static var ideographs: [ClosedRange<Unicode.Scalar>] {
        let all = (0x3400...0x3ffff).compactMap(Unicode.Scalar.init).filter(\.properties.isUnifiedIdeograph)
        return all.reduce(into: []) { ranges, scalar in
            if let last = ranges.last, last.upperBound.value + 1 == scalar.value {
                ranges[ranges.count - 1] = last.lowerBound...scalar
            } else {
                ranges.append(scalar...scalar)
            }
        }
    }
}
