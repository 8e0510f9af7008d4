// JSON of strangers: bounded in depth and in number of values, numbers left as the text that they are.

import ServiceModel

/// A JSON text (RFC 8259) as a tree.
indirect enum JSONValue: Sendable, Hashable {
    case null
    case boolean(Bool)
    /// As it was written, which may be of any size.
    case number(String)
    case text(String)
    case list([JSONValue])
    case object([String: JSONValue])
}

extension JSONValue {
    static let depthMax = 64
    /// Of all kinds, in the whole text; some 7,000 make the largest request that there is a use for.
    static let valuesMax = 50_000

    /// - Throws: One problem without a path that says what is wrong and at which byte.
    init(parsing bytes: [UInt8]) throws(Problem) {
        var parser = JSONParser(bytes: bytes)
        self = try parser.document()
    }
}

private struct JSONParser {
    let bytes: [UInt8]
    private var position = 0
    private var valuesLeft = JSONValue.valuesMax

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func document() throws(Problem) -> JSONValue {
        let value = try value(depth: 0)
        skipSpace()
        guard position == bytes.count else { throw problem("something follows the value") }
        return value
    }

    private mutating func value(depth: Int) throws(Problem) -> JSONValue {
        skipSpace()
        valuesLeft -= 1
        guard valuesLeft >= 0 else { throw problem("there are more than \(JSONValue.valuesMax) values") }
        guard depth < JSONValue.depthMax else { throw problem("values are nested deeper than \(JSONValue.depthMax)") }
        switch next {
        case UInt8(ascii: "{"): return .object(try object(depth: depth))
        case UInt8(ascii: "["): return .list(try list(depth: depth))
        case UInt8(ascii: "\""): return .text(try text())
        case UInt8(ascii: "t"): return try word("true", .boolean(true))
        case UInt8(ascii: "f"): return try word("false", .boolean(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case let byte? where byte == UInt8(ascii: "-") || Self.isDigit(byte): return .number(try number())
        default: throw problem("a value is missing")
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private mutating func object(depth: Int) throws(Problem) -> [String: JSONValue] {
        var members: [String: JSONValue] = [:]
        position += 1
        if take("}") { return members }
        repeat {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw problem("a name in quotes is missing") }
            let name = try text()
            guard take(":") else { throw problem("a colon is missing") }
            let value = try value(depth: depth + 1)
            guard members.updateValue(value, forKey: name) == nil else {
                throw problem("the name \(quoted(name)) stands twice in one object")
            }
        } while take(",")
        guard take("}") else { throw problem("a comma or } is missing") }
        return members
    }

    private mutating func list(depth: Int) throws(Problem) -> [JSONValue] {
        var list: [JSONValue] = []
        position += 1
        if take("]") { return list }
        repeat { list.append(try value(depth: depth + 1)) } while take(",")
        guard take("]") else { throw problem("a comma or ] is missing") }
        return list
    }

    private mutating func word(_ word: StaticString, _ value: JSONValue) throws(Problem) -> JSONValue {
        let end = position + word.utf8CodeUnitCount
        guard end <= bytes.count, "\(word)".utf8.elementsEqual(bytes[position..<end]) else {
            throw problem("a value is missing")
        }
        position = end
        return value
    }

    /// RFC 8259, section 6.
    private mutating func number() throws(Problem) -> String {
        let start = position
        if next == UInt8(ascii: "-") { position += 1 }
        let integerStart = position
        try digits()
        guard bytes[integerStart] != UInt8(ascii: "0") || position == integerStart + 1 else {
            throw problem("a number begins with 0")
        }
        if next == UInt8(ascii: ".") {
            position += 1
            try digits()
        }
        if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
            position += 1
            if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { position += 1 }
            try digits()
        }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func digits() throws(Problem) {
        let start = position
        while let byte = next, Self.isDigit(byte) { position += 1 }
        guard position > start else { throw problem("a digit is missing") }
    }

    /// RFC 8259, section 7.
    private mutating func text() throws(Problem) -> String {
        position += 1
        var text = ""
        var start = position
        while true {
            guard let byte = next else { throw problem("a text does not end") }
            switch byte {
            case UInt8(ascii: "\""):
                text += try plain(start)
                position += 1
                return text
            case UInt8(ascii: "\\"):
                text += try plain(start)
                text.unicodeScalars.append(try escape())
                start = position
            case 0..<0x20: throw problem("a control character stands in a text without an escape")
            default: position += 1
            }
        }
    }

    private func plain(_ start: Int) throws(Problem) -> String {
        guard let text = String(validating: bytes[start..<position], as: UTF8.self) else {
            throw problem("a text is no UTF-8")
        }
        return text
    }

    private mutating func escape() throws(Problem) -> Unicode.Scalar {
        position += 1
        guard let byte = next else { throw problem("a text does not end") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try hexadecimal()
        default: throw problem("an escape is none of JSON")
        }
    }

    private mutating func hexadecimal() throws(Problem) -> Unicode.Scalar {
        let first = try unit()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard UTF16.isLeadSurrogate(UInt16(first)), next == UInt8(ascii: "\\"), position + 1 < bytes.count,
            bytes[position + 1] == UInt8(ascii: "u")
        else { throw problem("half of a pair of surrogates is missing") }
        position += 2
        let second = try unit()
        guard UTF16.isTrailSurrogate(UInt16(second)),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xd800) << 10 + (second - 0xdc00))
        else { throw problem("half of a pair of surrogates is missing") }
        return scalar
    }

    private mutating func unit() throws(Problem) -> UInt32 {
        let end = position + 4
        guard end <= bytes.count, bytes[position..<end].allSatisfy({ Unicode.Scalar($0).properties.isASCIIHexDigit })
        else { throw problem("an escape needs four hexadecimal digits") }
        defer { position = end }
        return UInt32(String(decoding: bytes[position..<end], as: UTF8.self), radix: 16)!
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
        while let byte = next, [0x20, 0x09, 0x0a, 0x0d].contains(byte) { position += 1 }
    }

    /// Skips white space and the character, if it is the next one.
    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard next == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private func problem(_ text: String) -> Problem {
        Problem(path: "", reason: .malformed(found: "the body", expected: "JSON: \(text) at byte \(position)"))
    }
}
