internal import AdminTypes
package import Authentication
internal import HTTPTypes
internal import Hummingbird

/// One operation of the API: where it is asked for, and what answers.
package struct Endpoint: Sendable {
    package enum Method: String, Sendable, CaseIterable {
        case get = "GET"
        case post = "POST"
        case patch = "PATCH"
        case delete = "DELETE"
    }

    package let operation: Operation
    package let method: Method
    /// Parameters in braces. The path of a collection ends with a slash, which a request may leave out.
    package let path: String
    let answer: @Sendable (AdminAPI, Call) async throws -> Reply

    init(
        _ operation: Operation, _ method: Method, _ path: String,
        _ answer: @escaping @Sendable (AdminAPI) -> (Call) async throws -> Reply
    ) {
        self.operation = operation
        self.method = method
        self.path = path
        self.answer = { api, call in try await answer(api)(call) }
    }
}

extension Endpoint {
    /// Everything that the daemon answers.
    package static let all =
        loadBalancers + listeners + services + groups + targets + availabilityGroups + instances
        + documents + events + access + daemon

    /// What resources of the region are below.
    static let region = "/v1/regions/{regionId}"
}

extension AdminAPI {
    /// Routes to all endpoints, and to answers that tell what a path knows instead of what was asked of it.
    var routes: APIResponder {
        let router = Router(context: APIRequestContext.self)
        for (path, endpoints) in Dictionary(grouping: Endpoint.all, by: \.path) {
            let answers = Dictionary(uniqueKeysWithValues: endpoints.map { ($0.method.rawValue, $0) })
            for method in HTTPRequest.Method.known {
                router.on(RouterPath(path), method: method) { request, context in
                    guard let endpoint = answers[method.rawValue] else {
                        return try Self.methodNotAllowed(method, allowed: answers.keys).response(to: context.requestID)
                    }
                    // Here and not further out, since the router has an answer of its own to some errors.
                    return try await answering(request, context) {
                        try await self.respond(with: endpoint, to: request, context)
                    }
                }
            }
        }
        for path in ["/", "**"] as [RouterPath] {
            for method in HTTPRequest.Method.known {
                router.on(path, method: method) { _, context in
                    try Reply.refusal(.nothingThere).response(to: context.requestID)
                }
            }
        }
        return APIResponder(routes: router.buildResponder())
    }

    private func respond(
        with endpoint: Endpoint, to request: Request, _ context: APIRequestContext
    ) async throws -> Response {
        let (caller, body) = try await authenticator.admit(request, context, to: endpoint.operation)
        let call = Call(
            caller: caller, headers: request.headers, target: context.target, path: context.parameters, body: body,
            region: region)
        try call.requireRegion()
        return try await endpoint.answer(self, call).response(to: context.requestID)
    }

    private static func methodNotAllowed(_ method: HTTPRequest.Method, allowed: some Sequence<String>) -> Reply {
        let allowed = allowed.sorted().joined(separator: ", ")
        let answer = ErrorAnswer(
            .init(code: 405, status: "METHOD_NOT_ALLOWED", message: "\(method) is not for this path; \(allowed) is"))
        return .refusal(answer, headers: [.allow: allowed])
    }
}

extension HTTPRequest.Method {
    fileprivate static let known: [Self] = [.get, .head, .post, .put, .delete, .connect, .options, .trace, .patch]
}
