public import ServiceModel

extension ErrorAnswer {
    /// The envelope of a refused operation, with all problems as details.
    public init(_ error: OperationError) {
        switch error {
        case .notFound:
            self.init(Body(code: error.status, status: Self.word(for: error.status), message: "\(error)"))
        case .refused(let problems):
            self.init(problems, message: "the request was refused, nothing was changed")
        }
    }

    /// - Parameter message: Stands before the problems; where there is one only, that is told in the message, too,
    ///   since public clients show nothing else.
    public init(_ problems: Problems, message: String) {
        let only = problems.list.count == 1 ? ": \(problems)" : ""
        self.init(
            Body(
                code: problems.status, status: Self.word(for: problems.status), message: message + only,
                details: problems.list.map { Detail(path: $0.path, message: $0.reason.description) }))
    }

    private static func word(for status: Int) -> String {
        switch status {
        case 404: "NOT_FOUND"
        case 409: "CONFLICT"
        case 429: "QUOTA_EXCEEDED"
        default: "INVALID_ARGUMENT"
        }
    }
}
