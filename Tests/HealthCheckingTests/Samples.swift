import HealthChecking
import NetworkTypes
import ServiceModel

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

extension TargetKey {
    static func sample(_ number: Int = 1) -> TargetKey {
        TargetKey(service: ResourceID(.service, 7), endpoint: .sample(number))
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
