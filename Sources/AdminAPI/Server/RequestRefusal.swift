internal import AdminTypes
internal import NIOCore

/// Why a request is refused for how it comes, whatever it asks for.
package enum RequestRefusal: Error, Sendable, Hashable {
    case malformed
    case headTooLarge
    case bodyTooLarge
    case bodyTooSlow
    /// Its turn did not come.
    case tooManyBodies
}

extension ErrorAnswer {
    init(_ refusal: RequestRefusal) {
        let body: Body =
            switch refusal {
            case .malformed:
                .init(code: 400, status: "INVALID_ARGUMENT", message: "this is no complete request of HTTP/1.1")
            case .headTooLarge:
                .init(
                    code: 431, status: "HEADER_TOO_LARGE",
                    message: """
                        path and headers have more than \(ServerLimits.headBytes) bytes, or there are more than \
                        \(ServerLimits.headerFields) headers
                        """)
            case .bodyTooLarge:
                .init(
                    code: 413, status: "CONTENT_TOO_LARGE",
                    message: "the body has more than \(AdminAPI.bodyMax) bytes")
            case .bodyTooSlow:
                .init(
                    code: 408, status: "DEADLINE_EXCEEDED",
                    message: """
                        the body did not come within \(ServerLimits.body.nanoseconds / 1_000_000_000) seconds, or came \
                        slowly while others waited
                        """)
            case .tooManyBodies:
                .init(
                    code: 503, status: "UNAVAILABLE",
                    message: "too many large requests came at once; try again")
            }
        self.init(body)
    }
}
