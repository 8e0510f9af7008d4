import Glibc
import HealthChecking
import NetworkTypes
import ServiceModel
import Testing

/// With real sockets, all of them on loopback.
@Suite(.timeLimit(.minutes(1))) struct HealthCheckerTests {
    @Test("a target that accepts connections is healthy", arguments: [IPAddress.loopbackIPv4, .loopbackIPv6])
    func accepting(_ address: IPAddress) async throws {
        let server = LoopbackServer(.accepts, on: address)
        try await withChecker { checker in
            await checker.update([.quick(server)])
            let record = await checker.record(of: .sample()) { $0.health != .initial }
            #expect(record?.health == .healthy)
            #expect(record?.lastFailure == nil)
        }
    }

    @Test("a target that refuses is unhealthy and says so", arguments: [IPAddress.loopbackIPv4, .loopbackIPv6])
    func refusing(_ address: IPAddress) async throws {
        let server = LoopbackServer(.refuses, on: address)
        try await withChecker { checker in
            await checker.update([.quick(server, unhealthyThreshold: 3)])
            let record = await checker.record(of: .sample()) { $0.health != .initial }
            #expect(record?.health == .unhealthy)
            #expect(record?.tracker.failures == 3)
            #expect(record?.lastFailure == ProbeFailure(kind: .connectRefused, detail: "Connection refused"))
        }
    }

    @Test("a target that does not answer is unhealthy", arguments: [IPAddress.loopbackIPv4, .loopbackIPv6])
    func ignoring(_ address: IPAddress) async throws {
        let server = LoopbackServer(.ignores, on: address)
        try await withChecker { checker in
            await checker.update([.quick(server, timeout: .milliseconds(100), unhealthyThreshold: 2)])
            let record = await checker.record(of: .sample()) { $0.health != .initial }
            #expect(record?.health == .unhealthy)
            #expect(
                record?.lastFailure == ProbeFailure(kind: .connectTimeout, detail: "no answer within 0.1 seconds"))
        }
    }

    @Test("a target recovers", arguments: [1, 3])
    func recovering(healthyThreshold: Int) async throws {
        let (up, down) = (LoopbackServer(.accepts), LoopbackServer(.refuses))
        try await withChecker { checker in
            await checker.update([.quick(down)])
            _ = await checker.record(of: .sample()) { $0.health == .unhealthy }
            await checker.update([.quick(up, healthyThreshold: healthyThreshold)])
            let record = await checker.record(of: .sample()) { $0.health == .healthy }
            #expect(record?.tracker.successes == healthyThreshold)
            #expect(record?.lastFailure?.kind == .connectRefused)
        }
    }

    @Test("the connection of a probe is reset at once and leaves no TIME_WAIT")
    func reset() async throws {
        let server = LoopbackServer(.accepts)
        try await withChecker { checker in
            await checker.update([.quick(server)])
            for await connection in server.connections.prefix(20) {
                #expect(connection.ending == ECONNRESET)
            }
        }
        #expect(tcpSockets(.timeWait, port: server.endpoint.port) == 0)
        #expect(tcpSockets(.established, port: server.endpoint.port) == 0)
    }

    @Test("probes come from the first source address of the target's family")
    func sourceAddress() async throws {
        let servers = [LoopbackServer(.accepts), LoopbackServer(.accepts, on: .loopbackIPv6)]
        let sources = ["::1", "127.0.0.7", "127.0.0.8"].map { IPAddress($0)! }
        try await withChecker(sourceAddresses: sources) { checker in
            await checker.update([.quick(servers[0], number: 1), .quick(servers[1], number: 2)])
            #expect(await servers[0].connections.first { _ in true }?.peer == sources[1])
            #expect(await servers[1].connections.first { _ in true }?.peer == sources[0])
        }
    }

    @Test("without a source address of the target's family the kernel chooses one")
    func otherFamily() async throws {
        let server = LoopbackServer(.accepts, on: .loopbackIPv6)
        try await withChecker(sourceAddresses: [IPAddress("127.0.0.7")!]) { checker in
            await checker.update([.quick(server)])
            #expect(await server.connections.first { _ in true }?.peer == .loopbackIPv6)
        }
    }

    @Test("a source address that this host does not have is not the target's fault")
    func foreignSourceAddress() async throws {
        let server = LoopbackServer(.accepts)
        try await withChecker(sourceAddresses: [IPAddress("192.0.2.7")!]) { checker in
            await checker.update([.quick(server, unhealthyThreshold: 1)])
            // An inconclusive probe is no event, so this one has to be looked for.
            try await eventually { await checker.snapshot().records[.sample()]?.obstacle != nil }
            let record = await checker.snapshot().records[.sample()]
            #expect(record?.obstacle == "Cannot assign requested address")
            #expect(record?.health == .initial)
            #expect(record?.tracker.failures == 0)
        }
    }

    @Test("a target that the kernel has no route to is not to blame")
    func noRoute() async throws {
        // TCP to the broadcast address fails in `connect`, as a missing route does, before a packet is made.
        let broadcast = Endpoint(address: IPAddress("255.255.255.255")!, port: 80, transport: .tcp)
        try await withChecker { checker in
            await checker.update([.sample(endpoint: broadcast, interval: .milliseconds(20), unhealthyThreshold: 1)])
            try await eventually { await checker.snapshot().records[.sample()]?.obstacle != nil }
            #expect(await checker.snapshot().records[.sample()]?.obstacle == "Network is unreachable")
            #expect(await checker.snapshot().records[.sample()]?.health == .initial)
        }
    }

    @Test("probes are an interval apart")
    func cadence() async throws {
        let server = LoopbackServer(.accepts)
        let interval = Duration.milliseconds(50)
        try await withChecker { checker in
            let start = SuspendingClock.now
            await checker.update([.quick(server, interval: interval)])
            let last = await server.connections.prefix(21).reduce(start) { $1.time }
            // No machine is slow enough for the first of these to fail; the second leaves room for a busy one.
            #expect(start.duration(to: last) >= interval * 20)
            #expect(start.duration(to: last) < interval * 40)
        }
    }

    @Test("a check that is gone is not probed again, and its probe under way is closed")
    func removed() async throws {
        let server = LoopbackServer(.ignores)
        try await withChecker { checker in
            await checker.update([.quick(server, timeout: .seconds(60))])
            try await eventually { tcpSockets(.synSent, port: server.endpoint.port) == 1 }
            await checker.update([])
            #expect(await checker.snapshot().records.isEmpty)
            try await eventually { tcpSockets(.synSent, port: server.endpoint.port) == 0 }
        }
    }

    @Test("a check that is as before goes on while others come and go")
    func undisturbed() async throws {
        let server = LoopbackServer(.ignores)
        try await withChecker { checker in
            let steady = Check.quick(server, number: 1, timeout: .milliseconds(200), unhealthyThreshold: 1)
            await checker.update([steady])
            try await eventually { tcpSockets(.synSent, port: server.endpoint.port) == 1 }
            // A disturbed probe would start anew each time, and so never come to its timeout.
            var number = 1
            try await eventually {
                number += 1
                await checker.update([steady, .quick(server, number: number, timeout: .seconds(60))])
                return await checker.snapshot().records[.sample(1)]?.health == .unhealthy
            }
        }
    }

    @Test("cancelling ends the run, the probes and the stream of changes at once")
    func cancelled() async throws {
        let server = LoopbackServer(.ignores)
        let checker = HealthChecker()
        await checker.update([.quick(server, timeout: .seconds(60))])
        let run = Task { await checker.run() }
        try await eventually { tcpSockets(.synSent, port: server.endpoint.port) == 1 }
        run.cancel()
        await run.value
        try await eventually { tcpSockets(.synSent, port: server.endpoint.port) == 0 }
        #expect(await checker.changes.first { true } == nil)
        #expect(await checker.snapshot().records[.sample()]?.tracker.failures == 0)
    }

    @Test("a restored record goes on where it ended")
    func restored() async throws {
        let server = LoopbackServer(.accepts)
        let stored = HealthRecord.unhealthy(unhealthyThreshold: 2, sinceUnixSeconds: 1_000)
        try await withChecker { checker in
            await checker.update([.quick(server, healthyThreshold: 3)], restoring: [.sample(): stored])
            #expect(await checker.snapshot().records[.sample()] == stored.with(healthyThreshold: 3))
            let record = await checker.record(of: .sample()) { $0.health == .healthy }
            #expect(record?.tracker.successes == 3)
            #expect(record.map { $0.sinceUnixSeconds > stored.sinceUnixSeconds } == true)
        }
    }

    @Test("checks that are gone and come back begin anew, also when they are the same as before")
    func goneAndBack() async {
        let checker = HealthChecker()
        let stored = HealthRecord.unhealthy(unhealthyThreshold: 2, sinceUnixSeconds: 1_000)
        await checker.update([.sample()], restoring: [.sample(): stored])
        await checker.update([.sample()])
        #expect(await checker.snapshot().records[.sample()]?.health == .unhealthy)
        await checker.update([])
        await checker.update([.sample()])
        #expect(await checker.snapshot().records[.sample()]?.health == .initial)
    }

    @Test("probes over the limit wait for those under way")
    func bounded() async throws {
        let server = LoopbackServer(.ignores)
        try await withChecker(schedule: ProbeSchedule(inFlightMax: 2)) { checker in
            await checker.update(
                (0..<6).map { .quick(server, number: $0, timeout: .milliseconds(200), unhealthyThreshold: 1) })
            var most = 0
            try await eventually {
                // The kernel's list is read in pieces: a probe that ends meanwhile and the one that takes its place
                // may both be in it, but hardly in two lists in a row.
                let counts = (0..<2).map { _ in tcpSockets(.synSent, port: server.endpoint.port) }
                most = max(most, counts.min() ?? 0)
                return await checker.snapshot().records.values.allSatisfy { $0.health == .unhealthy }
            }
            #expect(most == 2)
        }
    }
}

extension HealthRecord {
    fileprivate func with(healthyThreshold: Int) -> HealthRecord {
        var tracker = tracker
        tracker.healthyThreshold = healthyThreshold
        return HealthRecord(tracker: tracker, sinceUnixSeconds: sinceUnixSeconds)
    }
}

extension Check {
    /// As fast as a test wants it, which no configuration allows.
    fileprivate static func quick(
        _ server: LoopbackServer, number: Int = 1, timeout: Duration = .seconds(5),
        interval: Duration = .milliseconds(20), unhealthyThreshold: Int = 2, healthyThreshold: Int = 2
    ) -> Check {
        .sample(
            number, endpoint: server.endpoint, timeout: timeout, interval: interval,
            unhealthyThreshold: unhealthyThreshold, healthyThreshold: healthyThreshold)
    }
}
