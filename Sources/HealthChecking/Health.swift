// The words of health checking: what a probe found, and what follows from several of them.

/// What is known about a target, in the words of the API.
public enum Health: String, Sendable, Hashable, Codable, CaseIterable {
    /// Watched, and not known yet. Takes no flows.
    case initial
    case healthy
    case unhealthy
    /// Not watched: the health check is off. A target without a `Check` has this health; no tracker ever does.
    case notApplicable = "N/A"
}

/// What one probe found.
public enum ProbeResult: Sendable, Hashable {
    case success
    /// The target, or the network on the way to it, did not let us in.
    case failure(ProbeFailure)
    /// The fault was ours, so that nothing is known about the target; the text says what was missing.
    case inconclusive(String)
}

/// Why a target did not let us in.
public struct ProbeFailure: Error, Sendable, Hashable, Codable {
    /// The reasons that the API gives.
    public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
        case connectTimeout = "connect_timeout"
        case connectRefused = "connect_refused"
        case connectReset = "connect_reset"
        case echoTimeout = "echo_timeout"
        /// The network reported that the target cannot be reached.
        case unreachable
    }

    public let kind: Kind
    /// The error in the kernel's words, or in ours when we gave up.
    public let detail: String

    public init(kind: Kind, detail: String) {
        self.kind = kind
        self.detail = detail
    }
}

extension ProbeFailure: CustomStringConvertible {
    /// `connect_refused: Connection refused`.
    public var description: String { "\(kind.rawValue): \(detail)" }
}

/// A change of health.
public struct Transition: Sendable, Hashable {
    public let from: Health
    public let to: Health

    public init(from: Health, to: Health) {
        self.from = from
        self.to = to
    }
}
