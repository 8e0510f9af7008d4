// Whose fault was it? A target is blamed for what it, or the network on the way to it, did; never for what we lack.

#if canImport(Glibc)
    internal import Glibc
#endif

/// How an attempt to connect, or to get an echo reply, ended.
package enum ConnectOutcome: Sendable, Hashable {
    case connected
    /// We gave up.
    ///
    /// - Parameters:
    ///   - elapsed: Time since the start, which is more than `timeout` when we had no CPU.
    case timedOut(elapsed: Duration, timeout: Duration)
    /// No echo reply came.
    case unanswered(elapsed: Duration, timeout: Duration)
    /// An ICMP error came instead.
    ///
    /// - Parameter errno: What Linux makes of it.
    case undelivered(errno: CInt)
    /// - Parameters:
    ///   - errno: The kernel's error.
    ///   - atOnce: The call itself failed. What comes later has been on the network.
    case failed(errno: CInt, atOnce: Bool)
    /// No attempt was made, or it was taken back.
    case notMade(String)
}

extension ConnectOutcome {
    /// How much longer than its timeout an attempt may have taken and still count.
    package static let stallMax = Duration.seconds(1)

    /// What the end of the attempt says about the target.
    package var result: ProbeResult {
        switch self {
        case .connected: .success
        case .timedOut(let elapsed, let timeout) where elapsed > timeout + Self.stallMax,
            .unanswered(let elapsed, let timeout) where elapsed > timeout + Self.stallMax:
            .inconclusive("starved of CPU: a timeout of \(timeout) took \(elapsed.components.seconds) seconds")
        case .timedOut(_, let timeout):
            .failure(ProbeFailure(kind: .connectTimeout, detail: "no answer within \(timeout)"))
        case .unanswered(_, let timeout):
            .failure(ProbeFailure(kind: .echoTimeout, detail: "no echo reply within \(timeout)"))
        // Of any number: ECONNREFUSED is a firewall's word for an echo request, not the target's for a connection.
        case .undelivered(let errno):
            .failure(ProbeFailure(kind: .unreachable, detail: String(cString: strerror(errno))))
        case .failed(let errno, let atOnce): Self.result(ofErrno: errno, atOnce: atOnce)
        case .notMade(let reason): .inconclusive(reason)
        }
    }

    private static func result(ofErrno errno: CInt, atOnce: Bool) -> ProbeResult {
        let text = String(cString: strerror(errno))
        guard let kind = kind(ofErrno: errno, atOnce: atOnce) else { return .inconclusive(text) }
        return .failure(ProbeFailure(kind: kind, detail: text))
    }

    /// `nil` when the target is not to blame, which holds for every error not named here.
    private static func kind(ofErrno errno: CInt, atOnce: Bool) -> ProbeFailure.Kind? {
        switch errno {
        case ETIMEDOUT: .connectTimeout
        case ECONNREFUSED: .connectRefused
        case ECONNRESET: .connectReset
        // Known at once they come from our routes: none, or one of type unreachable or prohibit. Otherwise a router
        // or the link said so (ICMP, ARP, neighbour discovery); EACCES is how ICMPv6 forbids.
        case EHOSTUNREACH, ENETUNREACH, EHOSTDOWN, ENONET, ENOPROTOOPT, EACCES: atOnce ? nil : .unreachable
        default: nil
        }
    }
}
