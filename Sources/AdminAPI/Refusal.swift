internal import AdminTypes
internal import Authentication
internal import ControlPlane
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import ServiceModel
internal import Store

extension Reply {
    /// The envelope of an error, with its code as the status.
    static func refusal(_ error: ErrorAnswer, headers: HTTPFields = [:]) -> Reply {
        Reply { requestID in
            var response = json(
                try error.envelope(requestID: requestID), status: HTTPResponse.Status(code: error.error.code))
            response.headers.append(contentsOf: headers)
            if error.error.code == 401 { response.headers[.wwwAuthenticate] = SignedRequest.challenge }
            return response
        }
    }
}

private struct RefusalEnvelope: Encodable {
    let requestId: String
    let error: ErrorAnswer.Body
}

extension ErrorAnswer {
    /// What stands in the body of an answer.
    func envelope(requestID: String) throws -> ByteBuffer {
        try jsonText(RefusalEnvelope(requestId: requestID, error: error))
    }

    /// What is answered when a request ended with an error; what nobody expected is a 500.
    init(refusing error: any Error, of request: Request) {
        switch error {
        case let error as ErrorAnswer: self = error
        case let error as ChangeError: self.init(error)
        case let error as OperationError: self.init(error)
        case let error as Problems: self.init(error, message: "the request was refused")
        case let error as RequestRefusal: self.init(error)
        case let error as SignatureRefusal: self.init(error)
        case let error as StoreError: self.init(ChangeError.store(error))
        case let error as any HTTPResponseError:
            self.init(
                .init(code: error.status.code, status: Self.word(for: error.status), message: Self.text(error, request))
            )
        default: self.init(.init(code: 500, status: "INTERNAL", message: "\(error)"))
        }
    }

    init(_ refusal: SignatureRefusal) {
        switch refusal {
        // Asked by anybody, what has no clear meaning has no answer.
        case .malformed(.path): self = .invalid("path", "\(refusal)")
        case .malformed(.query): self = .invalid("query", "\(refusal)")
        case _ where refusal.httpStatus == 403: self = .denied("\(refusal)")
        default: self = .unauthenticated("\(refusal)")
        }
    }

    init(_ error: ChangeError) {
        switch error {
        case .refused(let error): self.init(error)
        case .stale:
            let remedy = "\(error); read it again, and decide whether the change still makes sense"
            self.init(.init(code: 412, status: "FAILED_PRECONDITION", message: remedy))
        case .store(.conflict), .store(.duplicate), .detached:
            self.init(.init(code: 409, status: "CONFLICT", message: "\(error)"))
        case .store(.diskFull): self.init(.init(code: 507, status: "INSUFFICIENT_STORAGE", message: "\(error)"))
        case .store: self.init(.init(code: 503, status: "UNAVAILABLE", message: "\(error)"))
        }
    }

    static let nothingThere = notFound("there is nothing at this path; see /openapi.json")

    static func notFound(_ message: String) -> ErrorAnswer {
        ErrorAnswer(.init(code: 404, status: "NOT_FOUND", message: message))
    }

    /// - Parameter path: The parameter or header.
    static func invalid(_ path: String, _ message: String) -> ErrorAnswer {
        ErrorAnswer(
            .init(
                code: 400, status: "INVALID_ARGUMENT", message: "the request was refused: \(path): \(message)",
                details: [Detail(path: path, message: message)]))
    }

    private static func word(for status: HTTPResponse.Status) -> String {
        switch status.code {
        case 404: "NOT_FOUND"
        case 413: "CONTENT_TOO_LARGE"
        case 500...: "INTERNAL"
        default: "INVALID_ARGUMENT"
        }
    }

    private static func text(_ error: any HTTPResponseError, _ request: Request) -> String {
        switch error.status.code {
        case 413: "the body has more than \(AdminAPI.bodyMax) bytes"
        default: "\(request.method): \(error.status.reasonPhrase)"
        }
    }
}
