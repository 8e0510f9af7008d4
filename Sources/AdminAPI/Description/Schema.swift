internal import ServiceModel

/// What a value must be like, as a JSON Schema of draft 2020-12, which OpenAPI 3.1 takes as it is.
struct Schema: Sendable, Hashable {
    private(set) var keywords: [String: JSON]

    init(_ keywords: [String: JSON]) { self.keywords = keywords }

    var json: JSON { .object(keywords) }
}

// MARK: - Kinds

extension Schema {
    static let boolean = Schema(["type": "boolean"])
    static let text = Schema(["type": "string"])
    static let nothing = Schema(["type": "null"])

    /// - Parameters:
    ///   - length: In Unicode scalars.
    ///   - format: One that JSON Schema or OpenAPI know, as `date-time`.
    static func text(length: ClosedRange<Int>? = nil, pattern: String? = nil, format: String? = nil) -> Schema {
        var schema = text
        if let length {
            if length.lowerBound > 0 { schema["minLength"] = .integer(length.lowerBound) }
            schema["maxLength"] = .integer(length.upperBound)
        }
        if let pattern { schema["pattern"] = .text(pattern) }
        if let format { schema["format"] = .text(format) }
        return schema
    }

    static func integer(_ range: ClosedRange<Int>) -> Schema {
        Schema(["type": "integer", "minimum": .integer(range.lowerBound), "maximum": .integer(range.upperBound)])
    }

    static func integer(from least: Int) -> Schema { Schema(["type": "integer", "minimum": .integer(least)]) }

    static func number(_ range: ClosedRange<Int>) -> Schema {
        Schema(["type": "number", "minimum": .integer(range.lowerBound), "maximum": .integer(range.upperBound)])
    }

    static func choice(_ names: [String]) -> Schema {
        Schema(["type": "string", "enum": .list(names.map { .text($0) })])
    }

    static func choice<Value: CaseIterable & RawRepresentable<String>>(of type: Value.Type) -> Schema {
        choice(type.allCases.map(\.rawValue))
    }

    static func list(of element: Schema, count: ClosedRange<Int>? = nil) -> Schema {
        var schema = Schema(["type": "array", "items": element.json])
        if let count {
            if count.lowerBound > 0 { schema["minItems"] = .integer(count.lowerBound) }
            schema["maxItems"] = .integer(count.upperBound)
        }
        return schema
    }

    /// An object of a request: what is optional may be `null` too, and other fields are passed over.
    static func request(_ fields: Field...) -> Schema { request(fields: fields) }

    static func request(fields: [Field]) -> Schema {
        object(fields.map { $0.isRequired ? $0 : Field(name: $0.name, schema: $0.schema.orNull, isRequired: false) })
    }

    /// An object of an answer: what is optional is left out when there is none.
    static func answer(_ fields: Field...) -> Schema { object(fields) }

    static func answer(fields: [Field]) -> Schema { object(fields) }

    /// An object of a document: what is optional may be `null` too, and other fields are refused.
    static func document(_ fields: Field...) -> Schema { document(fields: fields) }

    static func document(fields: [Field]) -> Schema {
        var schema = Schema.request(fields: fields)
        schema["additionalProperties"] = false
        return schema
    }

    private static func object(_ fields: [Field]) -> Schema {
        var schema = Schema(["type": "object"])
        schema["properties"] = .object(Dictionary(uniqueKeysWithValues: fields.map { ($0.name, $0.schema.json) }))
        let required = fields.filter(\.isRequired)
        if !required.isEmpty { schema["required"] = .list(required.map { .text($0.name) }) }
        return schema
    }

    static func oneOf(_ schemas: Schema...) -> Schema { Schema(["oneOf": .list(schemas.map(\.json))]) }

    static func anyOf(_ schemas: Schema...) -> Schema { Schema(["anyOf": .list(schemas.map(\.json))]) }

    /// The schema of that name among the components.
    static func component(_ name: String) -> Schema { Schema(["$ref": "#/components/schemas/\(name)"]) }
}

/// A field of an object.
struct Field: Sendable {
    let name: String
    let schema: Schema
    let isRequired: Bool

    static func required(_ name: String, _ schema: Schema) -> Field {
        Field(name: name, schema: schema, isRequired: true)
    }

    static func optional(_ name: String, _ schema: Schema) -> Field {
        Field(name: name, schema: schema, isRequired: false)
    }
}

// MARK: - Variations

extension Schema {
    subscript(keyword: String) -> JSON? {
        get { keywords[keyword] }
        set { keywords[keyword] = newValue }
    }

    func with(_ keyword: String, _ value: JSON) -> Schema {
        var schema = self
        schema[keyword] = value
        return schema
    }

    /// - Parameter text: Markdown.
    func about(_ text: String) -> Schema { with("description", .text(text)) }

    /// What holds when it is left out.
    func standard(_ value: JSON) -> Schema { with("default", value) }

    func example(_ value: JSON) -> Schema { with("examples", [value]) }

    /// The same, or `null`.
    var orNull: Schema {
        var schema = self
        guard case .text(let type)? = keywords["type"] else {
            // What tells people about the value stays outside, where they look for it.
            let outside = ["description", "default", "examples"]
            schema.keywords = keywords.filter { !outside.contains($0.key) }
            return Schema(keywords.filter { outside.contains($0.key) }).with("anyOf", [schema.json, Self.nothing.json])
        }
        guard type != "null" else { return self }
        schema["type"] = [.text(type), "null"]
        if case .list(let values)? = keywords["enum"] { schema["enum"] = .list(values + [.null]) }
        return schema
    }
}
