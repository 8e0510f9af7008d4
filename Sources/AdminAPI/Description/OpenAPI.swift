package import Authentication

/// The reference of the API, made from the table of endpoints and a description of each operation.
package struct APIDescription: Sendable {
    let endpoints = Endpoint.all
    let region: String
    let version: String

    /// - Parameters:
    ///   - region: The daemon's.
    ///   - version: The daemon's.
    package init(region: String, version: String) {
        self.region = region
        self.version = version
    }

    /// The chapters of the reference, in reading order.
    static let chapters: [Chapter] = [
        LoadBalancerDescription.chapter, ListenerDescription.chapter, ServiceDescription.chapter,
        GroupDescription.chapter, AvailabilityGroupDescription.chapter, InstanceDescription.chapter,
        DocumentDescription.chapter, DaemonDescription.chapter, AccessDescription.chapter,
    ]

    /// Everything that is described, be there an endpoint for it or not.
    package static var describedOperations: Set<Operation> { Set(operations.keys) }

    private static let operations = chapters.map(\.operations).reduce(into: [:]) { all, some in
        all.merge(some) { _, _ in preconditionFailure("an operation is described twice") }
    }

    /// Operations that belong together.
    struct Chapter: Sendable {
        let name: String
        /// Markdown.
        let text: String
        let operations: [Operation: OperationDescription]
        let schemas: [String: Schema]
    }
}

// MARK: - The document

extension APIDescription {
    /// As it is answered.
    package var text: String { document.pretty + "\n" }

    /// As OpenAPI 3.1 writes it.
    var document: JSON {
        .object([
            "openapi": "3.1.0",
            "info": info,
            "servers": [["url": "/", "description": "The daemon that this comes from."]],
            "tags": .list(chapters.map { .object(["name": .text($0.name), "description": .text($0.text)]) }),
            "security": [["bearer": []], ["signature": []]],
            "paths": .object(paths()),
            "components": .object([
                "schemas": .object(schemas.mapValues(\.json)),
                "parameters": .object(Dictionary(uniqueKeysWithValues: pathParameters.map { ($0.name, $0.json) })),
                "headers": ResponseHeader.components,
                "responses": Refusal.responses,
                "securitySchemes": Self.securitySchemes,
            ]),
        ])
    }

    private var info: JSON {
        .object([
            "title": "Shoal",
            "version": .text(version),
            "summary": "The REST API of a layer-4 load balancer.",
            "description": .text(Self.introduction),
            "license": ["name": "Apache-2.0", "identifier": "Apache-2.0"],
        ])
    }

    /// Chapters with an operation that there is.
    private var chapters: [Chapter] {
        let known = Set(endpoints.map(\.operation))
        return Self.chapters.filter { !known.isDisjoint(with: $0.operations.keys) }
    }

    private var schemas: [String: Schema] {
        let region = ["Region": Schema.choice([region]).about("The region of this daemon.")]
        return ([region, Schema.common, Refusal.schemas] + chapters.map(\.schemas)).reduce(into: [:]) { all, some in
            all.merge(some) { _, _ in preconditionFailure("a schema is described twice") }
        }
    }

    /// Those that some path has.
    private var pathParameters: [Parameter] {
        let used = Set(endpoints.flatMap(\.parameterNames))
        return Parameter.ofPaths(region: region).filter { used.contains($0.name) }
    }

    private func paths() -> [String: JSON] {
        Dictionary(grouping: endpoints, by: \.path).mapValues { endpoints in
            let operations = endpoints.compactMap { endpoint in
                Self.operations[endpoint.operation].map {
                    (endpoint.method.rawValue.lowercased(), operation(endpoint, $0))
                }
            }
            let parameters = (endpoints.first?.parameterNames ?? []).map { name in
                JSON.object(["$ref": .text("#/components/parameters/\(name)")])
            }
            var path = Dictionary(uniqueKeysWithValues: operations)
            if !parameters.isEmpty { path["parameters"] = .list(parameters) }
            return .object(path)
        }
    }

    private func operation(_ endpoint: Endpoint, _ description: OperationDescription) -> JSON {
        let operation = endpoint.operation
        let chapter = chapters.first { $0.operations.keys.contains(operation) }
        var json: [String: JSON] = [
            "operationId": .text(operation.rawValue),
            "summary": .text(description.summary),
            "tags": .list(chapter.map { [.text($0.name)] } ?? []),
            "responses": .object(responses(endpoint, description)),
        ]
        var text = description.text
        switch operation.access {
        case .role(let role):
            text += (text.isEmpty ? "" : "\n\n") + "Needs the role *\(role.rawValue)*."
            json["x-shoal-role"] = .text(role.rawValue)
        case .everyone:
            text += (text.isEmpty ? "" : "\n\n") + "Needs no credentials."
            json["security"] = []
        case nil: break
        }
        json["description"] = .text(text)
        if !description.parameters.isEmpty { json["parameters"] = .list(description.parameters.map(\.json)) }
        if let body = description.body { json["requestBody"] = body.json }
        return .object(json)
    }

    private func responses(_ endpoint: Endpoint, _ description: OperationDescription) -> [String: JSON] {
        var responses: [String: JSON] = [:]
        if let answer = description.answer { responses["200"] = response(answer, links: links(of: description)) }
        for refusal in refusals(endpoint, description) {
            responses["\(refusal.rawValue)"] = .object(["$ref": .text("#/components/responses/\(refusal.component)")])
        }
        return responses.merging(description.otherAnswers.map { ("\($0)", response($1, links: [:])) }) { $1 }
    }

    private func refusals(_ endpoint: Endpoint, _ description: OperationDescription) -> Set<Refusal> {
        var refusals = description.refusals.union([.malformed, .headTooLarge])
        if case .role = endpoint.operation.access { refusals.formUnion([.unauthenticated, .notAllowed]) }
        if !endpoint.parameterNames.isEmpty { refusals.insert(.notFound) }
        if description.body != nil { refusals.formUnion([.tooLarge, .tooSlow, .unavailable]) }
        return refusals
    }

    private func response(_ answer: Answer, links: [String: JSON]) -> JSON {
        var headers = ResponseHeader.everywhere
        if answer.hasVersion { headers["ETag"] = ResponseHeader.version }
        let content = answer.content.map { content in
            (content.type, JSON.object(["schema": content.schema.json, "example": content.example]))
        }
        var json: [String: JSON] = [
            "description": .text(answer.text), "headers": .object(headers),
            "content": .object(Dictionary(uniqueKeysWithValues: content)),
        ]
        if !links.isEmpty { json["links"] = .object(links) }
        return .object(json)
    }

    /// What can be asked about something new: everything with its id in the path.
    private func links(of description: OperationDescription) -> [String: JSON] {
        guard let id = description.makes else { return [:] }
        let about = endpoints.filter { $0.parameterNames.contains(id) }
        return Dictionary(
            uniqueKeysWithValues: about.map { endpoint in
                let name = endpoint.operation.rawValue
                var parameters: [String: JSON] = [id: "$response.body#/result/\(id)"]
                if endpoint.path.hasPrefix(Endpoint.region) { parameters["regionId"] = .text(region) }
                return (name, .object(["operationId": .text(name), "parameters": .object(parameters)]))
            })
    }
}

extension Endpoint {
    /// The names in braces.
    var parameterNames: [String] {
        path.split(separator: "{").dropFirst().map { String($0.prefix { $0 != "}" }) }
    }
}

// MARK: - What stands before the operations

extension APIDescription {
    private static let securitySchemes: JSON = [
        "bearer": [
            "type": "http", "scheme": "bearer",
            "description": "A token, as `shoal token create` shows it once.",
        ],
        "signature": [
            "type": "apiKey", "in": "header", "name": "Authorization",
            "description": .text(
                """
                A signature with an access key, which `shoal key create` shows once. It is made by the rules of the JD \
                Cloud SDKs, `\(SigningScheme.jdcloud2.rawValue)` or `\(SigningScheme.jdcloud3.rawValue)`; let an SDK \
                do it, with this daemon as its endpoint.
                """),
        ],
    ]

    static let introduction = """
        What `shoal` asks of the daemon, it asks through this API.

        The operations on load balancers, listeners, backend services, target groups and targets are those of the JD \
        Cloud `lb` API, version 1, as far as it is about load balancers of type `dnlb`. Its SDKs and its command line \
        work unchanged. Availability groups, instances, documents and what is about the daemon are ours.

        ## Who may
        Over the daemon's unix socket nobody needs credentials: the kernel says who asks. Over TCP a request is signed \
        with an access key, or bears a token. There are three roles, each of which may all that the one before may: \
        *viewer* reads, *operator* changes resources, *admin* gives access and stops forwarding. `x-shoal-role` of an \
        operation is the least role that may.

        ## Answers
        An answer is an envelope with `requestId`, which also stands in the header `x-jdcloud-request-id`, and either \
        `result` or `error`. A refused request has changed nothing, and `error.details` tells all that is wrong with \
        it at once. A status of 500 is a fault of ours.

        ## Requests
        - A body is one JSON object of at most \(AdminAPI.bodyMax >> 20) MiB. `null` is the same as leaving a field \
        out, names that an operation does not know are passed over, and so the ids of a path may be repeated in it. \
        What an update leaves out stays as it is.
        - Parameters of a query stand there once each, with a `=`. Those that an operation does not know are passed \
        over.
        - Path and headers together have at most \(ServerLimits.headBytes >> 10) KiB.
        - Collections end with a slash, which may be left out. `HEAD` is answered as `GET` is, without the body.

        ## Changes
        An answer to a change comes after the kernel took it. When `installedRevision` is less than `revision`, \
        the change is stored and the kernel does not hold it yet; `failure` says why, and the daemon goes on trying.

        Each resource has a version, which reading it tells in `ETag`. A change with `If-Match` is carried out \
        only when the resource is still at that version. The targets of a group count as part of it; otherwise what \
        is below a resource counts for itself.
        """
}
