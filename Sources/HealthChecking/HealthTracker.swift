/// The health of one target of one service: what its probes add up to.
///
/// ```
///              1st success                unhealthyThreshold failures in a row
///   initial ────────────────► healthy ◄──────────────────────────► unhealthy
///      │                                healthyThreshold successes in a row ▲
///      └────────────── unhealthyThreshold failures in a row ────────────────┘
/// ```
public struct HealthTracker: Sendable, Hashable, Codable {
    /// Failures in a row that make a target unhealthy, from 1. A new value counts from the next result on.
    public var unhealthyThreshold: Int
    /// Successes in a row that make an unhealthy target healthy, from 1. A new value counts from the next result on.
    public var healthyThreshold: Int
    /// Successes since the last failure.
    public private(set) var successes = 0
    /// Failures since the last success.
    public private(set) var failures = 0
    /// The latest failure, which outlives the recovery from it.
    public private(set) var lastFailure: ProbeFailure?
    private var state = State.initial

    /// `Health` without N/A, which no probe leads to.
    private enum State: String, Codable {
        case initial, healthy, unhealthy
    }

    public init(unhealthyThreshold: Int, healthyThreshold: Int) {
        self.unhealthyThreshold = unhealthyThreshold
        self.healthyThreshold = healthyThreshold
    }

    public var health: Health {
        switch state {
        case .initial: .initial
        case .healthy: .healthy
        case .unhealthy: .unhealthy
        }
    }

    /// Counts the result of a probe. An inconclusive one changes nothing and breaks no row.
    ///
    /// - Returns: The change of health that this result completes, if any.
    public mutating func receive(_ result: ProbeResult) -> Transition? {
        switch result {
        case .success:
            successes += 1
            failures = 0
            return successes >= successesNeeded ? change(to: .healthy) : nil
        case .failure(let failure):
            failures += 1
            successes = 0
            lastFailure = failure
            return failures >= unhealthyThreshold ? change(to: .unhealthy) : nil
        case .inconclusive:
            return nil
        }
    }

    /// A new target need not earn what an unhealthy one has lost.
    private var successesNeeded: Int { state == .unhealthy ? healthyThreshold : 1 }

    private mutating func change(to next: State) -> Transition? {
        guard state != next else { return nil }
        let previous = health
        state = next
        return Transition(from: previous, to: health)
    }
}
