import Glibc
import HealthChecking
import NetworkTypes
import ServiceModel
import Testing

/// With real raw sockets, on loopback.
@Suite(.timeLimit(.minutes(1)), .enabled(if: geteuid() == 0, "raw sockets need root"))
struct EchoProbeTests {
    @Test("an address that replies is healthy", arguments: ["127.0.0.1", "127.9.9.9", "::1"])
    func replying(_ address: String) async throws {
        try await withChecker { checker in
            await checker.update([.echo(address)])
            let record = await checker.record(of: .sample()) { $0.tracker.successes > 0 }
            #expect(record?.health == .healthy && record?.lastFailure == nil)
        }
    }

    @Test("probes come from the source address of the target's family")
    func source() async throws {
        try await withChecker(sourceAddresses: [IPAddress("::1")!, IPAddress("127.0.0.7")!]) { checker in
            for target in ["127.0.0.1", "::1"] {
                await checker.update([])
                await checker.update([.echo(target)])
                #expect(await checker.record(of: .sample()) { $0.health != .initial }?.health == .healthy)
            }
        }
    }

    @Test(
        "a source address that this host does not have is not the target's fault",
        arguments: [("192.0.2.77", "127.0.0.1"), ("2001:db8::77", "::1")])
    func foreignSourceAddress(_ source: String, _ target: String) async throws {
        try await withChecker(sourceAddresses: [IPAddress(source)!]) { checker in
            await checker.update([.echo(target)])
            try await eventually { await checker.snapshot().records[.sample()]?.obstacle != nil }
            let record = await checker.snapshot().records[.sample()]
            #expect(record?.obstacle == "Cannot assign requested address")
            #expect(record?.health == .initial)
        }
    }

    @Test("one that keeps silent is unhealthy, and says so")
    func silent() async throws {
        // A reply that is too late for any host; test_datagrams.py has one that never comes.
        try await withChecker { checker in
            await checker.update([.echo("127.0.0.1", timeout: .nanoseconds(1))])
            let record = await checker.record(of: .sample()) { $0.health != .initial }
            #expect(record?.health == .unhealthy)
            #expect(record?.lastFailure?.kind == .echoTimeout)
            #expect(record?.lastFailure?.detail.hasPrefix("no echo reply within") == true)
        }
    }
}
