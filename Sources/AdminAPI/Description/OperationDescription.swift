internal import Authentication

/// What the reference tells of one operation, besides its path and who may.
struct OperationDescription: Sendable {
    /// A few words.
    let summary: String
    /// Markdown: the rules.
    let text: String
    var parameters: [Parameter] = []
    var body: Body?
    /// `nil` for an operation that is never carried out.
    var answer: Answer?
    /// Statuses of refusals, besides those that any request may get.
    var refusals: Set<Refusal> = []
    /// Answers of another status than 200 that are no refusals.
    var otherAnswers: [Int: Answer] = [:]
    /// The field of the result that bears the id of what was made, which is also its parameter in paths.
    var makes: String?
}

/// A parameter of the path, the query or the header.
struct Parameter: Sendable {
    enum Place: String, Sendable { case path, query, header }

    let name: String
    let place: Place
    /// Markdown.
    let text: String
    let schema: Schema
    var isRequired = false
    var example: JSON?

    var json: JSON {
        var json: [String: JSON] = [
            "name": .text(name), "in": .text(place.rawValue), "description": .text(text), "schema": schema.json,
        ]
        if isRequired { json["required"] = true }
        if let example { json["example"] = example }
        return .object(json)
    }
}

/// The body of a request.
struct Body: Sendable {
    let schema: Schema
    /// The first is the usual one.
    let examples: [Example]
    var isRequired = true
    var types = ["application/json"]

    struct Example: Sendable {
        let summary: String
        let value: JSON

        init(_ summary: String, _ json: String) {
            self.summary = summary
            value = JSON(literal: json)
        }
    }

    var json: JSON {
        let named = examples.enumerated().map { number, example in
            ("example\(number + 1)", JSON.object(["summary": .text(example.summary), "value": example.value]))
        }
        let media = JSON.object([
            "schema": schema.json, "examples": .object(Dictionary(uniqueKeysWithValues: named)),
        ])
        return .object([
            "required": .boolean(isRequired),
            "content": .object(Dictionary(uniqueKeysWithValues: types.map { ($0, media) })),
        ])
    }
}

/// What is answered when all went well.
struct Answer: Sendable {
    let text: String
    var content: [Content]
    /// Whether the answer tells the version of a resource in its `ETag`.
    var hasVersion = false

    struct Content: Sendable {
        let type: String
        let schema: Schema
        let example: JSON
    }

    /// A result in the envelope.
    ///
    /// - Parameter example: Of the result.
    static func result(_ text: String, _ schema: Schema, example: JSON, hasVersion: Bool = false) -> Answer {
        let envelope = Schema.answer(.required("requestId", .component("RequestId")), .required("result", schema))
        let content = Content(
            type: "application/json", schema: envelope,
            example: .object(["requestId": .text(Example.requestID), "result": example]))
        return Answer(text: text, content: [content], hasVersion: hasVersion)
    }

    static func plain(_ text: String, type: String, _ schema: Schema = .text, example: JSON) -> Answer {
        Answer(text: text, content: [Content(type: type, schema: schema, example: example)])
    }
}

// MARK: - The usual operations

extension OperationDescription {
    /// Reads a part of a list.
    ///
    /// - Parameters:
    ///   - field: The list's name in the result.
    ///   - filters: What the list can be filtered and sorted by.
    static func list(
        _ summary: String, _ text: String = "", field: String, of element: Schema, filters: [String],
        filterExample: (name: String, value: String), example: [JSON], hasVersion: Bool = false
    ) -> OperationDescription {
        let schema = Schema.answer(.required(field, .list(of: element)), .totalCount)
        return OperationDescription(
            summary: summary, text: text, parameters: Parameter.ofLists(filters: filters, example: filterExample),
            answer: .result(
                "One page of the list.", schema,
                example: .object([field: .list(example), "totalCount": .integer(example.count)])),
            refusals: .reading)
    }

    /// Reads one resource.
    static func one(
        _ summary: String, _ text: String = "", field: String, _ schema: Schema, example: JSON
    ) -> OperationDescription {
        OperationDescription(
            summary: summary, text: text,
            answer: .result(
                "The resource, and its version in `ETag`.", .answer(.required(field, schema)),
                example: .object([field: example]), hasVersion: true),
            refusals: .reading)
    }

    /// Makes a resource.
    ///
    /// - Parameter id: The field of the result with the new one's id.
    static func making(
        _ summary: String, _ text: String, body: Schema, id: String, of idSchema: Schema, example newID: String,
        isLimited: Bool = true, _ examples: Body.Example...
    ) -> OperationDescription {
        let outcome = Example.outcome.merging([id: .text(newID)]) { $1 }
        let schema = Schema.answer(
            fields: [.required(id, idSchema.about("The id of the new one."))] + Self.outcomeFields)
        return OperationDescription(
            summary: summary, text: text, body: Body(schema: body, examples: examples),
            answer: .result("It is there.", schema, example: .object(outcome)),
            refusals: isLimited ? .changing.union([.quotaExceeded]) : .changing, makes: id)
    }

    /// Changes a resource, which the path names.
    static func changing(
        _ summary: String, _ text: String, body: Body? = nil, parameters: [Parameter] = [], isLimited: Bool = false
    ) -> OperationDescription {
        OperationDescription(
            summary: summary, text: text, parameters: parameters + [.ifMatch], body: body,
            answer: .result("It is done.", .component("Outcome"), example: .object(Example.outcome)),
            refusals: isLimited ? .changing.union([.stale, .quotaExceeded]) : .changing.union([.stale]))
    }

    /// What the public API knows, and this version refuses.
    static func refused(_ summary: String, _ text: String, body: Body) -> OperationDescription {
        OperationDescription(summary: summary, text: text, body: body, refusals: .reading)
    }

    static let outcomeFields: [Field] = [
        .required("revision", .integer(from: 0).about("The revision of the resources after the change.")),
        .required(
            "installedRevision",
            .integer(from: 0).about("What the kernel holds; the same as `revision` when it took the change at once.")),
        .optional("failure", .text.about("Why the kernel does not hold the change yet; the daemon goes on trying.")),
    ]
}
