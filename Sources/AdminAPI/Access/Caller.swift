internal import AdminTypes
internal import Authentication
internal import Store

/// Who asks.
struct Caller: Sendable {
    /// For the history.
    let author: Author
    /// `nil` for somebody who has none, or did not say who they are.
    let role: Role?

    /// - Throws: What is answered to those who may not: 401 to those unknown, 403 to others.
    func mayAsk(for operation: Operation) throws(ErrorAnswer) {
        guard !operation.isAllowed(to: role) else { return }
        switch (author.kind, role) {
        case (.anonymous, _): throw .unauthenticated("sign the request with an access key, or send a bearer token")
        case (_, let role?):
            throw .denied("\(operation.rawValue) is not allowed to \(author.name), whose role is \(role.rawValue)")
        case (.socket, nil):
            throw .denied(
                "user \(author.name) has no access: become a member of group shoal or shoal-read, or send a token")
        case (_, nil):
            throw .denied("\(author.name) has a role that this version does not know; make another, and revoke it")
        }
    }
}

extension ErrorAnswer {
    /// For those who did not prove who they are.
    static func unauthenticated(_ message: String) -> ErrorAnswer {
        ErrorAnswer(.init(code: 401, status: "UNAUTHENTICATED", message: message))
    }

    /// For those who did, and may not.
    static func denied(_ message: String) -> ErrorAnswer {
        ErrorAnswer(.init(code: 403, status: "PERMISSION_DENIED", message: message))
    }
}
