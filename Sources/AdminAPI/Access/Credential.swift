internal import AdminTypes
internal import Authentication
internal import HTTPTypes
internal import Hummingbird

/// What a request shows to prove who sent it.
enum Credential: Sendable {
    case signature
    case token(BearerToken)

    /// - Returns: `nil` when the request shows nothing.
    /// - Throws: What is answered to a header that is no such proof. A wrong one is never taken for none.
    init?(_ headers: HTTPFields) throws {
        let values = headers[values: .authorization]
        guard let value = values.first else { return nil }
        guard values.count == 1 else { throw SignatureRefusal.repeatedHeader("authorization") }
        let scheme = value.prefix { $0 != " " }
        if SigningScheme(rawValue: String(scheme)) != nil {
            self = .signature
        } else if scheme.lowercased() == "bearer" {
            guard let token = BearerToken(authorization: value) else {
                throw ErrorAnswer.unauthenticated(
                    "the token must read shoal_ and 64 hexadecimal digits, as it was shown when it was made")
            }
            self = .token(token)
        } else {
            throw ErrorAnswer.unauthenticated(
                "the header authorization must be of one of the schemes \(SignedRequest.challenge)")
        }
    }
}

extension SignedRequest {
    /// - Precondition: The request came through `APIResponder`.
    init(_ request: Request, _ context: APIRequestContext) throws(SignatureRefusal) {
        guard let target = context.target else { preconditionFailure("whoever routes a request has read its target") }
        // The server keeps the first host apart from the other headers.
        let host = request.head.authority.map { [(name: "host", value: $0)] } ?? []
        try self.init(
            method: request.method.rawValue, path: target.rawPath, query: target.rawQuery,
            headers: host + request.headers.map { (name: $0.name.rawName, value: $0.value) })
    }
}
