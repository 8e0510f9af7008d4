internal import AdminTypes
internal import Authentication
internal import HTTPTypes
internal import Hummingbird
internal import Logging

/// Around all routes: reads path and query by one rule, gives every request an id, and turns errors into answers.
struct APIResponder: HTTPResponder {
    typealias Context = APIRequestContext

    /// What the router knows all paths under.
    static let routedMethod = HTTPRequest.Method.get

    let routes: any HTTPResponder<APIRequestContext>

    func respond(to request: Request, context: Context) async throws -> Response {
        var response = try await answering(request, context) {
            var context = context
            let target = try RequestTarget(path: request.uri.path, query: request.uri.query ?? "")
            context.target = target
            context.method = request.method
            return try await routes.respond(to: routed(request, to: target.path), context: context)
        }
        response.headers[.requestID] = context.requestID
        // A client reads no body here, and would take one for the next answer.
        return request.method == .head ? response.createHeadResponse() : response
    }

    /// The request with its path decoded, since clients percent-encode the colon of `{id}:registerTargets`, or don't.
    private func routed(_ request: Request, to path: String) throws(ErrorAnswer) -> Request {
        // Whatever would not be a path any more, or another one, is the path of nothing: a request's head has no control
        // characters, and the router would look at what stands around them.
        guard
            !path.unicodeScalars.contains(where: {
                "?#%".unicodeScalars.contains($0) || $0.properties.isWhitespace
                    || $0.properties.generalCategory == .control
            })
        else { throw .nothingThere }
        var head = request.head
        head.path = path
        head.method = Self.routedMethod
        return Request(head: head, body: request.body)
    }
}

/// What `body` answers, or the envelope of its error.
func answering(
    _ request: Request, _ context: APIRequestContext, _ body: () async throws -> Response
) async throws -> Response {
    do {
        return try await body()
    } catch {
        let refusal = ErrorAnswer(refusing: error, of: request)
        if refusal.error.code == 500 {
            context.logger.error("\(request.method) \(request.uri.path) failed: \(error)")
        }
        return try Reply.refusal(refusal).response(to: context.requestID)
    }
}
