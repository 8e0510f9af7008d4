package import ServiceModel

/// What is known about one target of one service, in the form that survives a restart of the daemon.
public struct HealthRecord: Sendable, Hashable, Codable {
    public internal(set) var tracker: HealthTracker
    /// When the health last changed, in seconds since 1970; of an `initial` one, when the target was first seen.
    public internal(set) var sinceUnixSeconds: Int64
    /// Why the latest probe said nothing about the target; `nil` when it did.
    public internal(set) var obstacle: String?

    public init(tracker: HealthTracker, sinceUnixSeconds: Int64) {
        self.tracker = tracker
        self.sinceUnixSeconds = sinceUnixSeconds
    }

    public var health: Health { tracker.health }
    /// The latest failure, which outlives the recovery from it.
    public var lastFailure: ProbeFailure? { tracker.lastFailure }
}

/// The records of all checks. Pure: the caller tells the time, in seconds since 1970.
package struct HealthLedger {
    package private(set) var records: [TargetKey: HealthRecord] = [:]

    package init() {}

    /// Makes the records those of `checks`: kept where there is one, else restored, else new.
    package mutating func update(
        _ checks: [Check], restoring stored: [TargetKey: HealthRecord], at unixSeconds: Int64
    ) {
        let pairs = checks.map { check in
            let known = records[check.id] ?? stored[check.id]
            return (check.id, known?.adopting(check) ?? HealthRecord(of: check, at: unixSeconds))
        }
        records = Dictionary(pairs) { first, _ in first }
    }

    /// - Returns: The change of health that `result` completes, if any.
    package mutating func receive(_ result: ProbeResult, of id: TargetKey, at unixSeconds: Int64) -> Transition? {
        guard var record = records[id] else { return nil }
        let transition = record.tracker.receive(result)
        if transition != nil { record.sinceUnixSeconds = unixSeconds }
        record.obstacle = if case .inconclusive(let reason) = result { reason } else { nil }
        records[id] = record
        return transition
    }
}

extension HealthRecord {
    fileprivate init(of check: Check, at unixSeconds: Int64) {
        let tracker = HealthTracker(
            unhealthyThreshold: check.unhealthyThreshold, healthyThreshold: check.healthyThreshold)
        self.init(tracker: tracker, sinceUnixSeconds: unixSeconds)
    }

    /// This record under the thresholds of `check`.
    fileprivate func adopting(_ check: Check) -> HealthRecord {
        var record = self
        record.tracker.unhealthyThreshold = check.unhealthyThreshold
        record.tracker.healthyThreshold = check.healthyThreshold
        return record
    }
}
