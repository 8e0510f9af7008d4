import HealthChecking
import NIOCore
import NIOPosix
import NetworkTypes
import ServiceModel
import Testing

/// Runs a checker for as long as `body` takes.
func withChecker(
    sourceAddresses: [IPAddress] = [], schedule: ProbeSchedule = ProbeSchedule(),
    group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton, _ body: (HealthChecker) async throws -> Void
) async throws {
    let checker = HealthChecker(sourceAddresses: sourceAddresses, group: group, schedule: schedule)
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { await checker.run() }
        try await body(checker)
        group.cancelAll()
    }
}

/// For what announces itself by no event.
func eventually(_ condition: () async throws -> Bool) async throws {
    for _ in 0..<2_000 {
        if try await condition() { return }
        try await Task.sleep(for: .milliseconds(5))
    }
    Issue.record("did not come about in ten seconds")
}

extension HealthChecker {
    /// Waits for the record of one check to satisfy `condition`.
    func record(of id: TargetKey, when condition: (HealthRecord) -> Bool) async -> HealthRecord? {
        if let record = snapshot().records[id], condition(record) { return record }
        for await _ in changes {
            if let record = snapshot().records[id], condition(record) { return record }
        }
        return nil
    }
}
