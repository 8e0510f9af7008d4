public import ServiceModel

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

/// What is known about all checked targets at one moment.
public struct HealthSnapshot: Sendable, Hashable {
    public fileprivate(set) var records: [TargetKey: HealthRecord] = [:]
    /// The targets of those records that say healthy.
    public fileprivate(set) var healthy: Set<TargetKey> = []
    /// The targets of those records that say unhealthy.
    public fileprivate(set) var unhealthy: Set<TargetKey> = []

    public init() {}

    /// - Parameter health: `nil` of a target without a record.
    fileprivate mutating func note(_ health: Health?, of id: TargetKey) {
        if health == .healthy { healthy.insert(id) } else { healthy.remove(id) }
        if health == .unhealthy { unhealthy.insert(id) } else { unhealthy.remove(id) }
    }
}

/// The records of all checks. Pure: the caller tells the time, in seconds since 1970.
package struct HealthLedger {
    package private(set) var snapshot = HealthSnapshot()

    package init() {}

    /// Makes the records those of `checks`: kept where there is one, else restored, else new.
    package mutating func update(
        _ checks: [Check], restoring stored: [TargetKey: HealthRecord], at unixSeconds: Int64
    ) {
        var wanted = Set<TargetKey>(minimumCapacity: checks.count)
        for check in checks where wanted.insert(check.id).inserted {
            let old = snapshot.records[check.id]
            let record = (old ?? stored[check.id])?.adopting(check) ?? HealthRecord(of: check, at: unixSeconds)
            guard record != old else { continue }
            snapshot.records[check.id] = record
            snapshot.note(record.health, of: check.id)
        }
        guard snapshot.records.count > wanted.count else { return }
        for id in snapshot.records.keys where !wanted.contains(id) {
            snapshot.records[id] = nil
            snapshot.note(nil, of: id)
        }
    }

    /// - Returns: The change of health that `result` completes, if any.
    package mutating func receive(_ result: ProbeResult, of id: TargetKey, at unixSeconds: Int64) -> Transition? {
        guard var record = snapshot.records[id] else { return nil }
        let transition = record.tracker.receive(result)
        if let transition {
            record.sinceUnixSeconds = unixSeconds
            snapshot.note(transition.to, of: id)
        }
        record.obstacle = if case .inconclusive(let reason) = result { reason } else { nil }
        snapshot.records[id] = record
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
