// The fields of a JSON object, read one by one, going on after whatever is wrong.

import NetworkTypes
import ServiceModel

/// An object of a request with its place.
struct RequestFields {
    let path: FieldPath
    let values: [String: JSONValue]

    static let none = RequestFields(path: .root, values: [:])

    /// `nil` when it is left out or null.
    subscript(name: String) -> JSONValue? { values[name].flatMap { $0 == .null ? nil : $0 } }
}

/// What has been found so far.
struct RequestReader {
    private(set) var findings: [Problem] = []

    mutating func report(_ reason: Problem.Reason, at fields: RequestFields, _ name: String) {
        report(reason, at: fields.path.field(name))
    }

    private mutating func report(_ reason: Problem.Reason, at path: FieldPath) {
        guard findings.count < Limits.problems else { return }
        findings.append(Problem(path: path.description, reason: reason))
    }

    /// A field that must be there; `standIn` when it is not, or cannot be read.
    mutating func required<Value>(
        _ fields: RequestFields, _ name: String, _ standIn: Value,
        _ read: (inout RequestReader, RequestFields, String) -> Value?
    ) -> Value {
        if fields[name] == nil { report(.missing, at: fields, name) }
        return read(&self, fields, name) ?? standIn
    }

    func fields(of value: JSONValue) -> [String: JSONValue]? {
        if case .object(let values) = value { values } else { nil }
    }

    mutating func fields(of value: JSONValue, at path: FieldPath) -> RequestFields? {
        guard let values = fields(of: value) else {
            report(.malformed(found: value.found, expected: "an object"), at: path)
            return nil
        }
        return RequestFields(path: path, values: values)
    }

    mutating func object(_ fields: RequestFields, _ name: String) -> RequestFields? {
        fields[name].flatMap { self.fields(of: $0, at: fields.path.field(name)) }
    }

    mutating func text(_ fields: RequestFields, _ name: String) -> String? {
        value(fields, name, "text") { if case .text(let text) = $0 { text } else { nil } }
    }

    mutating func boolean(_ fields: RequestFields, _ name: String) -> Bool? {
        value(fields, name, "true or false") { if case .boolean(let value) = $0 { value } else { nil } }
    }

    mutating func integer(_ fields: RequestFields, _ name: String) -> Int? {
        value(fields, name, "a whole number of moderate size") { $0.integer }
    }

    mutating func address(_ fields: RequestFields, _ name: String) -> IPAddress? {
        value(fields, name, "an IPv4 or IPv6 address") {
            if case .text(let text) = $0 { IPAddress(text) } else { nil }
        }
    }

    /// - Returns: Unix seconds.
    mutating func time(_ fields: RequestFields, _ name: String) -> Int64? {
        value(fields, name, UTCTime.rule) { if case .text(let text) = $0 { UTCTime.unixSeconds(text) } else { nil } }
    }

    mutating func choice<Value: CaseIterable & RawRepresentable<String>>(
        _ fields: RequestFields, _ name: String
    ) -> Value? {
        choice(fields, name, of: Value.allCases.map { ($0.rawValue, $0) })
    }

    mutating func choice<Value>(
        _ fields: RequestFields, _ name: String, of choices: [(name: String, value: Value)]
    ) -> Value? {
        let rule = (choices.count == 1 ? "" : "one of ") + choices.map(\.name).joined(separator: ", ")
        return value(fields, name, rule) { found in choices.first { .text($0.name) == found }?.value }
    }

    mutating func texts(_ fields: RequestFields, _ name: String) -> [String]? {
        list(fields, name) { reader, value, path in
            if case .text(let text) = value { return text }
            reader.report(.malformed(found: value.found, expected: "text"), at: path)
            return ""
        }
    }

    mutating func list<Element>(
        _ fields: RequestFields, _ name: String, _ element: (inout Self, JSONValue, FieldPath) -> Element
    ) -> [Element]? {
        let path = fields.path.field(name)
        let list: [JSONValue]? = value(fields, name, "a list") { if case .list(let list) = $0 { list } else { nil } }
        return list?.enumerated().map { element(&self, $1, path.element($0)) }
    }

    private mutating func value<Value>(
        _ fields: RequestFields, _ name: String, _ expected: String, _ read: (JSONValue) -> Value?
    ) -> Value? {
        guard let value = fields[name] else { return nil }
        if let result = read(value) { return result }
        report(.malformed(found: value.found, expected: expected), at: fields, name)
        return nil
    }
}

extension JSONValue {
    /// Of a number without a fraction, or with one of zeros only.
    var integer: Int? {
        guard case .number(let text) = self else { return nil }
        let parts = text.split(separator: ".")
        guard parts.count == 1 || parts[1].utf8.allSatisfy({ $0 == UInt8(ascii: "0") }) else { return nil }
        return Int(parts[0])
    }

    /// What stands there, for a message.
    var found: String {
        switch self {
        case .null: "null"
        case .boolean(let value): "\(value)"
        case .number(let text): text.utf8.count <= 64 ? text : "\(text.prefix(64))…"
        case .text(let text): quoted(text)
        case .list: "a list"
        case .object: "an object"
        }
    }
}
