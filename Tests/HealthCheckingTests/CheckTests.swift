import HealthChecking
import NetworkTypes
import ServiceModel
import Testing

@Suite struct CheckTests {
    @Test("a check takes its numbers from the service's health check, and TCP whatever the service speaks")
    func fromHealthCheck() throws {
        let target = Endpoint(address: IPAddress("2001:db8::5")!, port: 53, transport: .udp)
        let healthCheck = HealthCheck(
            port: 8053, timeoutSeconds: 4, intervalSeconds: 30, unhealthyThreshold: 2, healthyThreshold: 5)
        let check = try #require(Check(healthCheck, of: TargetKey(service: ResourceID(.service, 7), endpoint: target)))
        #expect(check.id.description == "backend-0000000007/[2001:db8::5]:53/udp")
        #expect(check.endpoint == Endpoint(address: target.address, port: 8053, transport: .tcp))
        #expect(check.timeout == .seconds(4))
        #expect(check.interval == .seconds(30))
        #expect(check.unhealthyThreshold == 2)
        #expect(check.healthyThreshold == 5)
    }

    @Test("without a check port the target is checked where it serves")
    func servingPort() {
        let target = TargetKey(service: ResourceID(.service, 7), endpoint: .sample(port: 8080))
        let check = Check(HealthCheck(), of: target)
        #expect(check?.endpoint == .sample(port: 8080))
    }

    @Test("there is no check when it is off", arguments: HealthCheck.Method.allCases)
    func none(_ method: HealthCheck.Method) {
        #expect(Check(HealthCheck(isEnabled: false, method: method), of: .sample()) == nil)
    }

    @Test("echo requests go to the address, whatever the ports, and are no TCP probes")
    func echo() throws {
        let check = try #require(Check(HealthCheck(method: .icmp, port: 8053), of: .sample(1)))
        #expect(check.method == .icmp)
        #expect(check.endpoint == Endpoint(address: Endpoint.sample().address, port: 0, transport: .udp))
        let connect = try #require(Check(HealthCheck(), of: .sample(1)))
        #expect(connect.method == .tcp && connect != check)
    }
}
