import Glibc
import HealthChecking
import Testing

@Suite struct ConnectOutcomeTests {
    private static let timeout = Duration.seconds(2)

    @Test(
        "the target is blamed for what it or the network did",
        arguments: [
            (ECONNREFUSED, true, .connectRefused), (ECONNREFUSED, false, .connectRefused),
            (ECONNRESET, false, .connectReset), (ETIMEDOUT, false, .connectTimeout),
            (EHOSTUNREACH, false, .unreachable), (ENETUNREACH, false, .unreachable),
            (EHOSTDOWN, false, .unreachable), (ENONET, false, .unreachable), (ENOPROTOOPT, false, .unreachable),
            (EACCES, false, .unreachable),
        ] as [(CInt, Bool, ProbeFailure.Kind)])
    func targetsFault(errno: CInt, atOnce: Bool, kind: ProbeFailure.Kind) {
        let detail = String(cString: strerror(errno))
        let outcome = ConnectOutcome.failed(errno: errno, atOnce: atOnce)
        #expect(outcome.result == .failure(ProbeFailure(kind: kind, detail: detail)))
    }

    @Test(
        "the target is not blamed for what we lack",
        arguments: [
            EMFILE, ENFILE, ENOBUFS, ENOMEM, EADDRNOTAVAIL, EADDRINUSE, EAGAIN, EPERM, ENETDOWN, EINVAL, EIO,
        ], [true, false])
    func ourFault(errno: CInt, atOnce: Bool) {
        let outcome = ConnectOutcome.failed(errno: errno, atOnce: atOnce)
        #expect(outcome.result == .inconclusive(String(cString: strerror(errno))))
    }

    @Test(
        "a route that we do not have is not the target's fault",
        arguments: [ENETUNREACH, EHOSTUNREACH, EACCES])
    func noRoute(errno: CInt) {
        let outcome = ConnectOutcome.failed(errno: errno, atOnce: true)
        #expect(outcome.result == .inconclusive(String(cString: strerror(errno))))
    }

    @Test("a timeout blames the target unless we slept through it")
    func timeout() {
        let failure = ProbeFailure(kind: .connectTimeout, detail: "no answer within 2.0 seconds")
        for elapsed in [Duration.seconds(2), .milliseconds(2_100), .seconds(3)] {
            #expect(ConnectOutcome.timedOut(elapsed: elapsed, timeout: Self.timeout).result == .failure(failure))
        }
        let late = ConnectOutcome.timedOut(elapsed: .milliseconds(3_001), timeout: Self.timeout)
        #expect(late.result == .inconclusive("starved of CPU: a timeout of 2.0 seconds took 3 seconds"))
    }

    @Test(
        "an ICMP error about an echo request is the target's, or that of the way to it, whatever its number",
        arguments: [ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, EACCES, ENOPROTOOPT, EOPNOTSUPP])
    func undelivered(errno: CInt) {
        let failure = ProbeFailure(kind: .unreachable, detail: String(cString: strerror(errno)))
        #expect(ConnectOutcome.undelivered(errno: errno).result == .failure(failure))
    }

    @Test("no reply blames the target unless we slept through it")
    func unanswered() {
        let failure = ProbeFailure(kind: .echoTimeout, detail: "no echo reply within 2.0 seconds")
        #expect(
            ConnectOutcome.unanswered(elapsed: .seconds(3), timeout: Self.timeout).result == .failure(failure))
        let late = ConnectOutcome.unanswered(elapsed: .milliseconds(3_001), timeout: Self.timeout)
        #expect(late.result == .inconclusive("starved of CPU: a timeout of 2.0 seconds took 3 seconds"))
    }

    @Test("an attempt that was not made says nothing, and one that connected says enough")
    func theRest() {
        #expect(ConnectOutcome.notMade("closed").result == .inconclusive("closed"))
        #expect(ConnectOutcome.connected.result == .success)
    }

    @Test("health and reasons have the API's names")
    func names() {
        #expect(Health.allCases.map(\.rawValue) == ["initial", "healthy", "unhealthy", "N/A"])
        #expect(
            ProbeFailure.Kind.allCases.map(\.rawValue)
                == ["connect_timeout", "connect_refused", "connect_reset", "echo_timeout", "unreachable"])
        #expect(
            ProbeFailure(kind: .connectRefused, detail: "Connection refused").description
                == "connect_refused: Connection refused")
    }
}
