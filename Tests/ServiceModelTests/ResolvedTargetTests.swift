import NetworkTypes
import ServiceModel
import Testing

@Suite("Targets of a service")
struct ResolvedTargetTests {
    private func targets(of service: Int, in configuration: Configuration = .sample) throws -> [ResolvedTarget] {
        let checked = try CheckedConfiguration(configuration)
        let loadBalancer = checked.configuration.loadBalancers[0]
        return checked.targets(of: loadBalancer.services[service], in: loadBalancer)
    }

    private func endpoint(_ address: IPAddress, _ port: UInt16) -> Endpoint {
        Endpoint(address: address, port: port, transport: .tcp)
    }

    @Test("a target of a group has its own weight and port, or the service's port")
    func group() throws {
        #expect(
            try targets(of: 0) == [
                ResolvedTarget(endpoint: endpoint("10.1.0.11", 8080), weight: 10),
                ResolvedTarget(endpoint: endpoint("10.1.0.12", 8081), weight: 20),
                ResolvedTarget(endpoint: endpoint("10.1.0.22", 8080), weight: 0, isRunning: false, instance: "i-2"),
            ])
    }

    @Test("a target of a group is wanted as the operator says, until then")
    func adminState() throws {
        let configuration = Configuration.sample.changed {
            $0.loadBalancers[0].groups[0].targets[0].adminState = .draining
            $0.loadBalancers[0].groups[0].targets[0].drainUntil = 7
            $0.loadBalancers[0].groups[0].targets[2].adminState = .disabled
        }
        let resolved = try targets(of: 0, in: configuration)
        #expect(resolved.map(\.adminState) == [.draining, .enabled, .disabled])
        #expect(resolved.map(\.drainUntil) == [7, nil, nil])
        #expect(try targets(of: 1, in: configuration).allSatisfy { $0.adminState == .enabled && $0.drainUntil == nil })
    }

    @Test("members of an availability group have equal weight and the service's port; a stopped one is not running")
    func availabilityGroup() throws {
        #expect(
            try targets(of: 1) == [
                ResolvedTarget(endpoint: endpoint("10.1.0.21", 8443), weight: 10, instance: "i-1"),
                ResolvedTarget(endpoint: endpoint("10.1.0.22", 8443), weight: 10, isRunning: false, instance: "i-2"),
            ])
    }

    @Test("a service without a group has no targets")
    func none() throws {
        #expect(try targets(of: 0, in: .sample.changed { $0.loadBalancers[0].services[0].servers = nil }) == [])
    }
}
