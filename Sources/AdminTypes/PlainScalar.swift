/// What an unquoted YAML scalar stands for, by the core schema of YAML 1.2 (section 10.3.2), of which JSON is a part.
enum PlainScalar {
    case null
    case boolean(Bool)
    case number, text

    init(_ text: String) {
        switch text {
        case "", "~", "null", "Null", "NULL": self = .null
        case "true", "True", "TRUE": self = .boolean(true)
        case "false", "False", "FALSE": self = .boolean(false)
        default: self = Self.isNumber(text) ? .number : .text
        }
    }

    private static func isNumber(_ text: String) -> Bool {
        let isSigned = text.hasPrefix("-") || text.hasPrefix("+")
        let digits = isSigned ? text.dropFirst() : text[...]
        if digits.hasPrefix("0x"), digits.utf8.count > 2 { return digits.utf8.dropFirst(2).consists(of: hexadecimal) }
        if digits.hasPrefix("0o"), digits.utf8.count > 2 { return digits.utf8.dropFirst(2).consists(of: octal) }
        if [".inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN"].contains(digits) { return true }
        // Double reads more than YAML does, such as "infinity", but nothing more of these characters.
        return digits.utf8.consists(of: decimal) && Double(digits) != nil
    }

    /// Whether a reader of YAML 1.2 or of the older 1.1 takes the text for something else than text.
    static func isAmbiguous(_ text: String) -> Bool {
        guard case .text = PlainScalar(text) else { return true }
        if text.utf8.count <= 3, ["y", "n", "yes", "no", "on", "off"].contains(text.lowercased()) { return true }
        // Dates, numbers in bases 60, 16 and 2 and such with `_` in them; an IPv4 address is none of them.
        return text.hasPrefix("0x") || text.hasPrefix("0b") || text.utf8.consists(of: older)
    }

    private static let octal = Set("01234567".utf8)
    private static let hexadecimal = Set("0123456789abcdefABCDEF".utf8)
    private static let decimal = Set("0123456789.eE+-".utf8)
    private static let older = Set("0123456789_:-+=<>TtZz".utf8)
}

extension Sequence<UInt8> {
    fileprivate func consists(of bytes: Set<UInt8>) -> Bool { allSatisfy { bytes.contains($0) } }
}
