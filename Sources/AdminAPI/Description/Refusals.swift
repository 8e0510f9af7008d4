internal import AdminTypes

/// Why a request can be refused, by the status of the answer.
enum Refusal: Int, Sendable, Hashable, CaseIterable {
    case malformed = 400
    case unauthenticated = 401
    case notAllowed = 403
    case notFound = 404
    case tooSlow = 408
    case conflict = 409
    case stale = 412
    case tooLarge = 413
    case quotaExceeded = 429
    case headTooLarge = 431
    case unavailable = 503
    case storeFull = 507

    /// The name of the answer among the components.
    var component: String {
        switch self {
        case .malformed: "Malformed"
        case .unauthenticated: "Unauthenticated"
        case .notAllowed: "NotAllowed"
        case .notFound: "NotFound"
        case .tooSlow: "TooSlow"
        case .conflict: "Conflict"
        case .stale: "Stale"
        case .tooLarge: "TooLarge"
        case .quotaExceeded: "QuotaExceeded"
        case .headTooLarge: "HeadTooLarge"
        case .unavailable: "Unavailable"
        case .storeFull: "StoreFull"
        }
    }

    /// Markdown.
    fileprivate var text: String {
        switch self {
        case .malformed: "Something is wrong with the request itself, or with what it names; `details` tells it all."
        case .unauthenticated: "Nothing proves who sent the request."
        case .notAllowed: "It is known who sent the request, and their role may not; or it is a replay."
        case .notFound: "There is no such region, or nothing bears the id."
        case .tooSlow: "The body came too slowly."
        case .conflict: "The request is fine in itself, and what is there forbids it: a name is taken, or it is in use."
        case .stale: "The resource is not at a version that `If-Match` names: somebody else has changed it since."
        case .tooLarge: "The body has more than \(AdminAPI.bodyMax) bytes."
        case .quotaExceeded: "There would be more than the limit allows; `GET …/quotas/` tells limits and counts."
        case .headTooLarge: "Path and headers are too many, or too long."
        case .unavailable: "The store does not answer, or too many large requests come at once; forwarding goes on."
        case .storeFull: "The store's disk is full."
        }
    }

    fileprivate var example: ErrorAnswer.Body {
        func body(_ status: String, _ message: String, _ details: [ErrorAnswer.Detail]? = nil) -> ErrorAnswer.Body {
            ErrorAnswer.Body(code: rawValue, status: status, message: message, details: details)
        }
        switch self {
        case .malformed:
            return body(
                "INVALID_ARGUMENT",
                "the request was refused, nothing was changed: healthCheckSpec.intervalSeconds: 400 is outside 5...300",
                [.init(path: "healthCheckSpec.intervalSeconds", message: "400 is outside 5...300")])
        case .unauthenticated:
            return body("UNAUTHENTICATED", "sign the request with an access key, or send a bearer token")
        case .notAllowed:
            return body("PERMISSION_DENIED", "deleteBackend is not allowed to token ci, whose role is viewer")
        case .notFound: return body("NOT_FOUND", "there is no backend service with the id \"\(Example.serviceID)\"")
        case .conflict:
            let message = "backend service \"web-http\" is used by listener \"http\" and cannot be deleted"
            let path = #"loadBalancers["web"].listeners["http"].service"#
            return body(
                "CONFLICT", "the request was refused, nothing was changed: \(path): \(message)",
                [.init(path: path, message: message)])
        case .stale:
            return body(
                "FAILED_PRECONDITION",
                "somebody else has changed the resource since, it is at version 8 now; read it again, and decide "
                    + "whether the change still makes sense")
        case .tooSlow: return ErrorAnswer(RequestRefusal.bodyTooSlow).error
        case .tooLarge: return ErrorAnswer(RequestRefusal.bodyTooLarge).error
        case .headTooLarge: return ErrorAnswer(RequestRefusal.headTooLarge).error
        case .quotaExceeded:
            let message = "101 load balancers, and at most 100 are allowed"
            return body(
                "QUOTA_EXCEEDED", "the request was refused, nothing was changed: loadBalancers: \(message)",
                [.init(path: "loadBalancers", message: message)])
        case .unavailable: return body("UNAVAILABLE", "the store cannot be read: disk I/O error")
        case .storeFull: return body("INSUFFICIENT_STORAGE", "the disk of the store is full")
        }
    }
}

extension Set<Refusal> {
    /// Of what reads the resources.
    static let reading: Self = [.unavailable]
    /// Of what changes the resources.
    static let changing: Self = [.conflict, .unavailable, .storeFull]
}

extension Refusal {
    static var responses: JSON {
        .object(Dictionary(uniqueKeysWithValues: allCases.map { ($0.component, $0.response) }))
    }

    private var response: JSON {
        var headers = ResponseHeader.everywhere
        if self == .unauthenticated { headers["WWW-Authenticate"] = ResponseHeader.challenge }
        let envelope = JSON.object(["requestId": .text(Example.requestID), "error": Example.json(example)])
        let content = JSON.object(["schema": Schema.component("Refusal").json, "example": envelope])
        return .object([
            "description": .text(text), "headers": .object(headers), "content": .object(["application/json": content]),
        ])
    }

    static let schemas: [String: Schema] = [
        "Refusal": .answer(.required("requestId", .component("RequestId")), .required("error", error))
            .about("Why a request was refused. Nothing has changed then.")
    ]

    private static let error = Schema.answer(
        .required("code", .integer(400...599).about("The HTTP status.")),
        .required("status", .text(pattern: "^[A-Z_]+$").about("The kind of refusal, as `INVALID_ARGUMENT`.")),
        .required("message", .text.about("What is wrong, and what to do; for people.")),
        .optional("details", .list(of: detail).about("All that is wrong, one by one.")))

    private static let detail = Schema.answer(
        .required(
            "path",
            .text.about(
                """
                The field or parameter, as `targetSpecs[1].port`. What is wrong with other resources for the request's \
                sake has their names, as `loadBalancers["web"].vip`.
                """)),
        .required("message", .text))
}

/// The headers of answers.
enum ResponseHeader {
    static let everywhere: [String: JSON] = ["x-jdcloud-request-id": ["$ref": "#/components/headers/RequestId"]]
    static let version: JSON = ["$ref": "#/components/headers/Version"]
    static let challenge: JSON = ["$ref": "#/components/headers/Challenge"]

    static let components = JSON.object([
        "RequestId": header(
            "The request's id, the same as in the envelope. Please name it when you report a fault.",
            .component("RequestId")),
        "Version": header("The version of the resource, for `If-Match`.", .text(pattern: "^\"[0-9]+\"$")),
        "Challenge": header("How a request can be signed.", .text),
    ])

    private static func header(_ text: String, _ schema: Schema) -> JSON {
        .object(["description": .text(text), "required": true, "schema": schema.json])
    }
}
