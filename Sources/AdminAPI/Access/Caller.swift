internal import AdminTypes
internal import Authentication
internal import Store

/// Who asks, as far as they said so.
struct Caller: Sendable {
    /// For the history.
    let author: Author
    /// `nil` for somebody who did not say who they are.
    let role: Role?

    /// - Throws: What is answered to those who may not: 401 to those unknown, 403 to others.
    func mayAsk(for operation: Operation) throws(ErrorAnswer) {
        guard !operation.isAllowed(to: role) else { return }
        guard let role else {
            throw ErrorAnswer(
                .init(
                    code: 401, status: "UNAUTHENTICATED",
                    message: "sign the request with an access key, or send a bearer token"))
        }
        throw ErrorAnswer(
            .init(
                code: 403, status: "PERMISSION_DENIED",
                message: "\(operation.rawValue) is not allowed to \(author.name), whose role is \(role.rawValue)"))
    }
}
