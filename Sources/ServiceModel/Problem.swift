/// One thing that is wrong with a configuration, in words that tell a person what to change and where.
public struct Problem: Error, Sendable, Hashable {
    /// The field, as in `loadBalancers[0].listeners[1].port`.
    public let path: String
    public let reason: Reason

    public init(path: String, reason: Reason) {
        self.path = path
        self.reason = reason
    }

    public enum Reason: Sendable, Hashable {
        case outOfRange(value: Int, allowed: ClosedRange<Int>)
        /// `found` is the text that stands there; `expected` says what may.
        case malformed(found: String, expected: String)
        case missing
        /// `allowed` are the field names of this place.
        case unknownField(allowed: [String])
        /// A second one of what must be unique; `first` is the path of the other.
        case duplicate(what: String, first: String)
        /// A name that nothing bears; `kind` is what was looked for.
        case notFound(kind: String, name: String)
        /// Each value is allowed, their combination is not.
        case conflict(String)
        /// Fine in itself; what is there forbids it, since that is in use, protected or elsewhere.
        case blocked(String)
        /// Known, and not served by this version.
        case unsupported(String)
        case tooMany(count: Int, limit: Int, of: String)
    }
}

extension Problem {
    /// What an answer to a request with this problem bears as its HTTP status: 400, 409 or 429.
    public var status: Int {
        switch reason {
        case .outOfRange, .malformed, .missing, .unknownField, .notFound, .conflict, .unsupported: 400
        case .duplicate, .blocked: 409
        case .tooMany: 429
        }
    }
}

extension Problem: CustomStringConvertible {
    public var description: String { path.isEmpty ? reason.description : "\(path): \(reason)" }
}

extension Problem.Reason: CustomStringConvertible {
    public var description: String {
        switch self {
        case .outOfRange(let value, let allowed):
            "\(value) is outside \(allowed.lowerBound)...\(allowed.upperBound)"
        case .malformed(let found, let expected): "\(found) is not \(expected)"
        case .missing: "is missing"
        case .unknownField(let allowed): "is no field here; allowed are \(allowed.joined(separator: ", "))"
        case .duplicate(let what, let first): "\(what) is already taken by \(first)"
        case .notFound(let kind, let name): "there is no \(kind) named \"\(name)\""
        case .conflict(let text), .blocked(let text), .unsupported(let text): text
        case .tooMany(let count, let limit, let things): "\(count) \(things), and at most \(limit) are allowed"
        }
    }
}
