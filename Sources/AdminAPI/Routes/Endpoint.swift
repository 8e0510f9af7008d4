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
        loadBalancers + listeners + services + tables + groups + targets + availabilityGroups + instances
        + documents + events + access + daemon + description

    /// What resources of the region are below.
    static let region = "/v1/regions/{regionId}"
}

extension AdminAPI {
    /// Routes to all endpoints, and to answers that tell what a path knows instead of what was asked of it.
    ///
    /// The router looks at paths only; whether a path knows the method is told here, for methods of every name.
    var routes: APIResponder {
        let router = Router(context: APIRequestContext.self)
        router.add(middleware: NothingThere())
        for (path, endpoints) in Dictionary(grouping: Endpoint.all, by: \.path) {
            var answers = Dictionary(uniqueKeysWithValues: endpoints.map { ($0.method.rawValue, $0) })
            answers[HTTPRequest.Method.head.rawValue] = answers[HTTPRequest.Method.get.rawValue]
            router.on(RouterPath(path), method: APIResponder.routedMethod) { [answers] request, context in
                guard let endpoint = answers[context.method.rawValue] else {
                    return try Self.methodNotAllowed(context.method, allowed: answers.keys)
                        .response(to: context.requestID)
                }
                var head = request.head
                head.method = context.method
                let request = Request(head: head, body: request.body)
                // Here and not further out, since the router has an answer of its own to some errors.
                return try await answering(request, context) {
                    try await self.respond(with: endpoint, to: request, context)
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
            .init(
                code: 405, status: "METHOD_NOT_ALLOWED",
                message: "\(method) is not for this path, which takes \(allowed)"))
        return .refusal(answer, headers: [.allow: allowed])
    }
}

/// Tells in the envelope that there is nothing at a path, which the router would do without a word.
private struct NothingThere: RouterMiddleware {
    func handle(
        _ request: Request, context: APIRequestContext,
        next: (Request, APIRequestContext) async throws -> Response
    ) async throws -> Response {
        do { return try await next(request, context) } catch let error as HTTPError where error.status == .notFound {
            return try Reply.refusal(.nothingThere).response(to: context.requestID)
        }
    }
}
