import Foundation
import ServiceModel
import Testing

@Suite("The stored form of resources")
struct StoredFormTests {
    private func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    private func decoded<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
        try JSONDecoder().decode(type, from: Data(text.utf8))
    }

    private static let plainTarget =
        #"{"id":"target-1","isContainer":false,"port":8080,"server":{"address":"10.1.0.11"},"weight":10}"#
    private static let plainService =
        #"{"algorithm":"IpHash","allUnhealthyPolicy":"forward","description":"","drainSeconds":300,"#
        + #""forwardingMode":"nat","healthCheck":{"healthyThreshold":3,"intervalSeconds":5,"isEnabled":true,"#
        + #""method":"Tcp","port":0,"timeoutSeconds":3,"unhealthyThreshold":3},"name":"http","port":8080,"#
        + #""transport":"Tcp","version":1}"#

    @Test("a target that was stored before there were admin states is enabled, and is stored as before")
    func oldTarget() throws {
        let target = try decoded(Target.self, Self.plainTarget)
        #expect(
            target
                == Target(id: ResourceID(rawValue: "target-1"), server: .address("10.1.0.11"), port: 8080, weight: 10))
        #expect(target.adminState == .enabled && target.drainUntil == nil)
        #expect(try json(target) == Self.plainTarget)
    }

    @Test("a service that was stored before there was a slow start has none, and is stored as before")
    func oldService() throws {
        let service = try decoded(BackendService.self, Self.plainService)
        #expect(service == BackendService(name: "http", port: 8080, version: 1))
        #expect(service.slowStartSeconds == 0)
        #expect(try json(service) == Self.plainService)
    }

    @Test("every field that differs from its default comes back")
    func everyField() throws {
        let target = Target(
            id: ResourceID(rawValue: "target-1"), server: .instance("i-1"), isContainer: true, port: 1, weight: 2,
            adminState: .draining, drainUntil: 3)
        #expect(try decoded(Target.self, json(target)) == target)
        let service = BackendService(
            id: ResourceID(rawValue: "backend-1"), name: "n", description: "d", transport: .udp, port: 1,
            algorithm: .fiveTuple, forwardingMode: .dsr, drainSeconds: 2, slowStartSeconds: 3,
            allUnhealthyPolicy: .drop, healthCheck: HealthCheck(isEnabled: false, method: .icmp, port: 4),
            servers: .group("g"), createdAt: 5, version: 6)
        #expect(try decoded(BackendService.self, json(service)) == service)
    }
}
