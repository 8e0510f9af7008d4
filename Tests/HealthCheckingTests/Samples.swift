import HealthChecking
import NetworkTypes

/// SplitMix64: the same numbers for the same seed, everywhere.
struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var number = state
        number = (number ^ number >> 30) &* 0xbf58_476d_1ce4_e5b9
        number = (number ^ number >> 27) &* 0x94d0_49bb_1331_11eb
        return number ^ number >> 31
    }
}

extension ProbeResult {
    static let refused = ProbeResult.failure(ProbeFailure(kind: .connectRefused, detail: "Connection refused"))
    static let silent = ProbeResult.failure(ProbeFailure(kind: .connectTimeout, detail: "no answer"))
}

extension Endpoint {
    /// A server of the documentation network; never one that tests talk to.
    static func sample(_ number: Int = 1, port: UInt16 = 8080) -> Endpoint {
        Endpoint(address: IPAddress(ipv4: 0xc000_0200 + UInt32(number)), port: port, transport: .tcp)
    }
}

extension CheckID {
    static func sample(_ number: Int = 1) -> CheckID {
        CheckID(loadBalancer: "web", service: "web-http", target: .sample(number))
    }
}

extension Check {
    /// Differs from others by its number; the rest is what a test varies.
    static func sample(
        _ number: Int = 1, endpoint: Endpoint = .sample(), timeout: Duration = .seconds(2),
        interval: Duration = .seconds(5), unhealthyThreshold: Int = 2, healthyThreshold: Int = 2
    ) -> Check {
        Check(
            id: .sample(number), endpoint: endpoint, timeout: timeout, interval: interval,
            unhealthyThreshold: unhealthyThreshold, healthyThreshold: healthyThreshold)
    }
}
