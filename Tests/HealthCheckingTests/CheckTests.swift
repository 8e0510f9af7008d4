import Foundation
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
        let check = try #require(Check(healthCheck, of: target, service: "dns", loadBalancer: "edge"))
        #expect(check.id.description == "edge/dns/[2001:db8::5]:53/udp")
        #expect(check.endpoint == Endpoint(address: target.address, port: 8053, transport: .tcp))
        #expect(check.timeout == .seconds(4))
        #expect(check.interval == .seconds(30))
        #expect(check.unhealthyThreshold == 2)
        #expect(check.healthyThreshold == 5)
    }

    @Test("without a check port the target is checked where it serves")
    func servingPort() {
        let check = Check(HealthCheck(), of: .sample(port: 8080), service: "web-http", loadBalancer: "web")
        #expect(check?.endpoint == .sample(port: 8080))
    }

    @Test(
        "there is no check when it is off or not TCP",
        arguments: [HealthCheck(isEnabled: false), HealthCheck(method: .icmp)])
    func none(_ healthCheck: HealthCheck) {
        #expect(Check(healthCheck, of: .sample(), service: "web-http", loadBalancer: "web") == nil)
    }

    @Test(
        "the text of an id reads back",
        arguments: [
            CheckID(loadBalancer: "web", service: "web-http", target: .sample()),
            CheckID(
                loadBalancer: "负载", service: "dns_1",
                target: Endpoint(address: IPAddress("2001:db8::5")!, port: 53, transport: .udp)),
        ])
    func text(_ id: CheckID) throws {
        #expect(CheckID(id.description) == id)
        #expect(try JSONDecoder().decode(CheckID.self, from: JSONEncoder().encode(id)) == id)
    }

    @Test("a text that names no target is no id", arguments: ["", "web", "web/web-http"])
    func notAnID(_ text: String) {
        #expect(CheckID(text) == nil)
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(CheckID.self, from: JSONEncoder().encode(text))
        }
    }
}
