/// Why an operation was refused. Nothing has changed then.
public enum OperationError: Error, Sendable, Hashable {
    /// Nothing bears this id; `kind` is what was looked for.
    case notFound(kind: String, id: String)
    /// What is wrong with the request, all of it, with paths and names as in the request's body. What is wrong with
    /// other resources for its sake has their names in its path, as in `loadBalancers["web"].listeners["http"]`.
    case refused(Problems)
}

extension OperationError {
    /// What the answer bears as its HTTP status: 400, 404, 409 or 429.
    public var status: Int {
        switch self {
        case .notFound: 404
        case .refused(let problems): problems.status
        }
    }
}

extension OperationError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .notFound(let kind, let id): "there is no \(kind) with the id \(quoted(id))"
        case .refused(let problems): problems.description
        }
    }
}
