internal import AdminTypes
internal import ArgumentParser
internal import CommandText
internal import Foundation
internal import NetworkTypes
internal import UnixSignals

/// Waits until draining targets have no connection any more, and tells how many are left.
struct DrainWait {
    let client: APIClient
    /// Services that use the group.
    let services: [BackendAnswer]
    let targets: [TargetAnswer]

    private static let period = Duration.seconds(1)
    /// How long a daemon may be away, as during its restart, or take to cut what the deadline has left.
    private static let patience: Int64 = 30

    /// - Throws: `ExitCode` when the user has had enough; the drain goes on then.
    func run() async throws {
        let isDone = try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                for await _ in await UnixSignalsSequence(trapping: .sigint) { return false }
                return true
            }
            group.addTask {
                try await follow()
                return true
            }
            defer { group.cancelAll() }
            return try await group.next() ?? true
        }
        guard !isDone else { return }
        tell("the drain goes on; \"shoal target enable\" ends it, \"shoal table\" shows what is left")
        throw ExitCode(130)
    }

    private func follow() async throws {
        let deadline = targets.compactMap(\.deadline).max()
        var told: DrainRest?
        var lastSeen = Self.now
        while true {
            do {
                let rest = try await rest()
                lastSeen = Self.now
                if try isOver(rest, before: told, deadline: deadline) { return }
                if rest != told { tell(rest.text(secondsLeft: deadline.map { $0 - lastSeen })) }
                told = rest
            } catch let failure as Failure where failure.code == .daemonUnreachable {
                // It forwards on, and drains on once it is back.
                if Self.now - lastSeen > Self.patience { throw failure }
            }
            try await Task.sleep(for: Self.period)
        }
    }

    private func isOver(_ rest: DrainRest, before: DrainRest?, deadline: Int64?) throws -> Bool {
        guard rest.enabled.isEmpty else {
            let names = rest.enabled.sorted().joined(separator: ", ")
            throw Failure(.conflict, "\(names) was enabled again meanwhile, so it is not drained")
        }
        let now = Self.now
        guard rest.isOver(deadline: deadline, now: now) else {
            if let deadline, now - deadline > Self.patience {
                throw Failure(
                    .degraded, "the deadline is over, and \(rest.flows) connections are not cut yet; see shoal status")
            }
            return false
        }
        let cut = (before?.flows ?? 0) > 0 && (deadline.map { now >= $0 } ?? false)
        tell(cut ? "drained: what was left at the deadline is cut" : "drained: no connection is left")
        return true
    }

    private func rest() async throws -> DrainRest {
        var rest = DrainRest()
        for service in services { rest.add(try await client.table(of: service), of: endpoints(of: service)) }
        return rest
    }

    private func endpoints(of service: BackendAnswer) -> Set<String> {
        Set(
            targets.compactMap { target in
                let port = UInt16(target.port == 0 ? service.port : target.port)
                return target.ipAddress.flatMap(IPAddress.init).map {
                    Endpoint(address: $0, port: port, transport: .tcp).socketDescription
                }
            })
    }

    /// At once, also into a pipe.
    private func tell(_ line: String) {
        print(line)
        fflush(nil)
    }

    private static var now: Int64 { Int64(Date().timeIntervalSince1970) }
}
