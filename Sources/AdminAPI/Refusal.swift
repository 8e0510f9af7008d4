internal import AdminTypes
internal import ControlPlane
internal import Hummingbird
internal import Logging
internal import ServiceModel
internal import Store

/// Turns errors into the envelope of the API, and what nobody expected into a 500 that says so.
struct ErrorMiddleware<Context: RequestContext>: RouterMiddleware {
    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as ErrorAnswer {
            return try answer(error, status: HTTPResponse.Status(code: error.error.code))
        } catch let error as ChangeError {
            let refusal = ErrorAnswer(error)
            return try answer(refusal, status: HTTPResponse.Status(code: refusal.error.code))
        } catch let error as any HTTPResponseError {
            let body = ErrorAnswer.Body(
                code: error.status.code, status: error.status.code == 404 ? "NOT_FOUND" : "INVALID_ARGUMENT",
                message: "\(request.method) \(request.uri.path): \(error.status.reasonPhrase)")
            return try answer(ErrorAnswer(body), status: error.status)
        } catch {
            context.logger.error("\(request.method) \(request.uri.path) failed: \(error)")
            return try answer(
                ErrorAnswer(.init(code: 500, status: "INTERNAL", message: "\(error)")), status: .internalServerError)
        }
    }
}

extension ErrorAnswer {
    init(_ error: ChangeError) {
        let (code, status, message) =
            switch error {
            case .invalid: (400, "INVALID_ARGUMENT", "the document was refused, nothing was changed")
            case .store(.conflict), .store(.duplicate): (409, "CONFLICT", "\(error)")
            case .store(.diskFull): (507, "INSUFFICIENT_STORAGE", "\(error)")
            case .detached: (409, "CONFLICT", "\(error)")
            case .store: (503, "UNAVAILABLE", "\(error)")
            }
        self.init(.init(code: code, status: status, message: message, details: error.problems?.map(Detail.init)))
    }

    static func notFound(_ message: String) -> ErrorAnswer {
        ErrorAnswer(.init(code: 404, status: "NOT_FOUND", message: message))
    }

    static func invalid(_ path: String, _ message: String) -> ErrorAnswer {
        ErrorAnswer(
            .init(
                code: 400, status: "INVALID_ARGUMENT", message: "the request was refused",
                details: [Detail(path: path, message: message)]))
    }
}

extension ErrorAnswer.Detail {
    init(_ problem: Problem) { self.init(path: problem.path, message: problem.reason.description) }
}

extension ChangeError {
    fileprivate var problems: [Problem]? {
        if case .invalid(let problems) = self { problems.list } else { nil }
    }
}
