import Glibc
import HealthChecking
import NIOCore
import NIOPosix
import NetworkNamespace
import NetworkTypes
import ServiceModel
import Testing

/// What the network says of a target instead of its reply, in a network namespace that a test arranges.
@Suite(.timeLimit(.minutes(1)), .enabled(if: geteuid() == 0, "network namespaces need root"))
struct EchoErrorTests {
    @Test(
        "a target that the network reports as unreachable is unhealthy, and says so in the kernel's words",
        arguments: [
            ("127.0.0.1", "host-unreachable", EHOSTUNREACH), ("127.0.0.1", "net-unreachable", ENETUNREACH),
            ("127.0.0.1", "prot-unreachable", ENOPROTOOPT), ("127.0.0.1", "port-unreachable", ECONNREFUSED),
            ("127.0.0.1", "host-prohibited", EHOSTUNREACH), ("127.0.0.1", "admin-prohibited", EHOSTUNREACH),
            ("::1", "addr-unreachable", EHOSTUNREACH), ("::1", "no-route", ENETUNREACH),
            ("::1", "admin-prohibited", EACCES), ("::1", "port-unreachable", ECONNREFUSED),
        ])
    func reported(target: String, code: String, errno: CInt) async throws {
        let family = target == "::1" ? "icmpv6" : "icmp"
        let script = """
            nft add table inet t
            nft 'add chain inet t in { type filter hook input priority 0; }'
            nft add rule inet t in \(family) type echo-request reject with \(family) type \(code)
            """
        try await withNamespace(script) { group in
            try await withChecker(group: group) { checker in
                await checker.update([.echo(target)])
                let record = await checker.record(of: .sample()) { $0.health != .initial }
                let failure = ProbeFailure(kind: .unreachable, detail: String(cString: strerror(errno)))
                #expect(record?.lastFailure == failure)
                #expect(record?.health == .unhealthy)
            }
        }
    }

    @Test(
        "an address of the link that nobody has is unreachable, as the kernel says itself",
        arguments: ["192.0.2.9", "2001:db8::9"])
    func nobody(target: String) async throws {
        let script = """
            ip link add e0 type veth peer name e1
            for family in ipv4 ipv6; do
                echo 20 >/proc/sys/net/$family/neigh/e0/retrans_time_ms
            done
            ip address add 192.0.2.1/24 dev e0
            ip address add 2001:db8::1/64 dev e0 nodad
            ip link set e0 up
            ip link set e1 up
            """
        try await withNamespace(script) { group in
            try await withChecker(group: group) { checker in
                await checker.update([.echo(target, timeout: .seconds(20))])
                let record = await checker.record(of: .sample()) { $0.health != .initial }
                #expect(record?.health == .unhealthy)
                #expect(record?.lastFailure == ProbeFailure(kind: .unreachable, detail: "No route to host"))
            }
        }
    }

    @Test("a target that drops requests is silent", arguments: ["127.0.0.1", "::1"])
    func dropped(target: String) async throws {
        let script = """
            nft add table inet t
            nft 'add chain inet t in { type filter hook input priority 0; }'
            nft add rule inet t in icmp type echo-request drop
            nft add rule inet t in icmpv6 type echo-request drop
            """
        try await withNamespace(script) { group in
            try await withChecker(group: group) { checker in
                await checker.update([.echo(target, timeout: .milliseconds(100))])
                let record = await checker.record(of: .sample()) { $0.health != .initial }
                #expect(record?.health == .unhealthy)
                #expect(
                    record?.lastFailure
                        == ProbeFailure(kind: .echoTimeout, detail: "no echo reply within 0.1 seconds"))
            }
        }
    }

    @Test(
        "a route that forbids or is missing is not the target's fault",
        arguments: [
            ("prohibit", "192.0.2.9", "Permission denied"), ("unreachable", "192.0.2.9", "No route to host"),
            ("prohibit", "2001:db8::9", "Permission denied"), (nil, "192.0.2.9", "Network is unreachable"),
            (nil, "2001:db8::9", "Network is unreachable"),
        ])
    func noRoute(type: String?, target: String, obstacle: String) async throws {
        try await withNamespace(type.map { "ip route add \($0) \(target)" } ?? "") { group in
            try await withChecker(group: group) { checker in
                await checker.update([.echo(target)])
                try await eventually { await checker.snapshot().records[.sample()]?.obstacle != nil }
                let record = await checker.snapshot().records[.sample()]
                #expect(record?.obstacle == obstacle)
                #expect(record?.health == .initial)
            }
        }
    }

    @Test("requests leave from the source address", arguments: ["127.0.0.7", "127.0.0.8"])
    func source(address: String) async throws {
        let script = """
            nft add table inet t
            nft 'add chain inet t in { type filter hook input priority 0; }'
            nft add rule inet t in icmp type echo-request ip saddr != 127.0.0.7 drop
            """
        try await withNamespace(script) { group in
            try await withChecker(sourceAddresses: [IPAddress(address)!], group: group) { checker in
                await checker.update([.echo("127.0.0.1", timeout: .milliseconds(300))])
                let record = await checker.record(of: .sample()) { $0.health != .initial }
                #expect(record?.health == (address == "127.0.0.7" ? .healthy : .unhealthy))
            }
        }
    }
}

/// Lends a loop whose thread is in a new network namespace, where `lo` is up and `script` has been run.
func withNamespace(_ script: String, _ body: (any EventLoopGroup) async throws -> Void) async throws {
    let group = try await inNewNetworkNamespace {
        try shell("ip link set lo up\n" + script)
        // Its thread inherits the namespace, which lives as long.
        return MultiThreadedEventLoopGroup(numberOfThreads: 1)
    }
    let result: Result<Void, any Error>
    do { result = .success(try await body(group)) } catch { result = .failure(error) }
    try await group.shutdownGracefully()
    try result.get()
}

extension Check {
    /// Of the address, as fast as a test wants it.
    static func echo(_ address: String, timeout: Duration = .seconds(2)) -> Check {
        Check(
            id: .sample(), method: .icmp,
            endpoint: Endpoint(address: IPAddress(address)!, port: 0, transport: .udp), timeout: timeout,
            interval: .milliseconds(20), unhealthyThreshold: 2, healthyThreshold: 2)
    }
}
