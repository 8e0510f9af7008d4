import AdminTypes
import Foundation
import NetworkTypes
import ServiceModel
import Testing

@Suite("Resources in answers")
struct ResourceAnswerTests {
    private let stored: Configuration = {
        let text = """
            apiVersion: shoal/v1
            loadBalancers:
              - name: web
                vip: 203.0.113.10
                deletionProtection: true
                listeners: [{ name: http, port: 80, service: a }, { name: off, port: 81, enabled: false, service: b }]
                services:
                  - { name: a, port: 8080, group: servers }
                  - { name: b, port: 8081, availabilityGroup: pool }
                groups:
                  - name: servers
                    targets:
                      - { address: 10.1.0.11 }
                      - instance: i-1
                        type: container
                        port: 7
                        weight: 0
                        adminState: draining
                        drainUntil: 2026-11-23T22:00:00Z
            availabilityGroups: [{ name: pool, instances: [i-1] }]
            instances: [{ id: i-1, address: 10.1.0.21, state: stopped }]
            """
        let configuration = try! ConfigurationDocument(parsing: text).configuration
        var number: UInt64 = 0
        return configuration.stamped(replacing: Configuration(), at: 1_795_435_200) { kind in
            number += 1
            return ResourceID(kind, number)
        }
    }()

    private func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    @Test("a load balancer, its listeners and services bear the API's names")
    func resources() throws {
        let web = stored.loadBalancers[0]
        #expect(
            try json(LoadBalancerAnswer(web))
                == #"{"azType":"standard","azs":[],"createdTime":"2026-11-23T12:00:00Z","deleteProtection":true,"description":"","loadBalancerId":"lb-0000000001","loadBalancerName":"web","privateIp":{"privateIpAddress":"203.0.113.10"},"state":{"code":"ACTIVE"},"subnetId":"default","type":"dnlb","vpcId":"default"}"#
        )
        #expect(
            try json(stored.views(ofListenersIn: web).map { ListenerAnswer($0) }[1])
                == #"{"action":"Forward","backendId":"backend-0000000005","createdTime":"2026-11-23T12:00:00Z","description":"","listenerId":"listener-0000000003","listenerName":"off","loadBalancerId":"lb-0000000001","loadBalancerType":"dnlb","port":81,"protocol":"Tcp","status":"Off"}"#
        )
        let services = stored.views(ofServicesIn: web).map { BackendAnswer($0) }
        #expect(
            try json(services[0])
                == #"{"agIds":[],"agInfos":[],"algorithm":"IpHash","allUnhealthyPolicy":"forward","backendId":"backend-0000000004","backendName":"a","closeHealthCheck":false,"createdTime":"2026-11-23T12:00:00Z","description":"","drainSeconds":300,"forwardingMode":"nat","healthCheck":{"checkTimeoutSeconds":3,"healthyThresholdCount":3,"intervalSeconds":5,"port":0,"protocol":"Tcp","unhealthyThresholdCount":3},"loadBalancerId":"lb-0000000001","loadBalancerType":"dnlb","port":8080,"protocol":"Tcp","slowStartSeconds":0,"targetGroupIds":["tg-0000000006"]}"#
        )
        #expect(try json(services[1].agInfos) == #"[{"agId":"ag-0000000009","defaultWeight":10}]"#)
        #expect(services[1].agIds == ["ag-0000000009"] && services[1].targetGroupIds == [])
    }

    @Test("groups, targets, members and instances bear the API's names")
    func servers() throws {
        let group = try stored.groups(ListQuery()).elements[0]
        #expect(
            try json(TargetGroupAnswer(group))
                == #"{"createdTime":"2026-11-23T12:00:00Z","description":"","loadBalancerId":"lb-0000000001","loadBalancerName":"web","loadBalancerType":"dnlb","targetGroupId":"tg-0000000006","targetGroupName":"servers","type":"instance"}"#
        )
        let targets = stored.views(ofTargetsIn: group.group).map { TargetAnswer($0) }
        #expect(
            try json(targets[0])
                == #"{"adminState":"enabled","ipAddress":"10.1.0.11","port":0,"privateIpAddress":"10.1.0.11","targetGroupId":"tg-0000000006","targetId":"target-0000000007","type":"ip","weight":10}"#
        )
        #expect(
            try json(targets[1])
                == #"{"adminState":"draining","drainUntil":"2026-11-23T22:00:00Z","instanceId":"i-1","ipAddress":"10.1.0.21","port":7,"privateIpAddress":"10.1.0.21","targetGroupId":"tg-0000000006","targetId":"target-0000000008","type":"container","weight":0}"#
        )
        let pool = stored.availabilityGroups[0]
        let member = TargetAnswer(stored.views(ofMembersIn: pool)[0])
        #expect(
            try json(member)
                == #"{"adminState":"enabled","agId":"ag-0000000009","instanceId":"i-1","ipAddress":"10.1.0.21","port":0,"privateIpAddress":"10.1.0.21","targetId":"i-1","type":"vm","weight":10}"#
        )
        #expect(
            try json(
                TargetHealthAnswer(
                    member, port: 8081, status: "unhealthy",
                    unhealthReason: .init(reason: "CONNECT_TIMEOUT", detail: "no answer")))
                == #"{"agId":"ag-0000000009","instanceId":"i-1","ipAddress":"10.1.0.21","port":8081,"status":"unhealthy","type":"vm","unhealthReason":{"detail":"no answer","reason":"CONNECT_TIMEOUT"},"weight":10}"#
        )
        #expect(
            try json(AvailabilityGroupAnswer(pool))
                == #"{"agType":"vm","count":1,"createTime":"2026-11-23T12:00:00Z","description":"","id":"ag-0000000009","instances":[{"id":"i-1"}],"name":"pool","vpcId":"default"}"#
        )
        #expect(
            try json(InstanceAnswer(stored.instances[0]))
                == #"{"createdTime":"2026-11-23T12:00:00Z","description":"","instanceId":"i-1","privateIpAddress":"10.1.0.21","status":"stopped","vpcId":"default"}"#
        )
    }

    @Test(
        "quotas tell limit and count of each kind",
        arguments: [
            ("loadbalancer", nil, 100, 1), ("listener", "lb-0000000001", 50, 2), ("backend", "lb-0000000001", 50, 2),
            ("target_group", "lb-0000000001", 50, 1), ("target", "tg-0000000006", 1000, 2),
        ])
    func quotas(kind: String, parent: String?, limit: Int, count: Int) throws {
        let kind = try #require(QuotaAnswer.Kind(rawValue: kind))
        let quota = try QuotaAnswer(kind, of: parent, in: stored)
        #expect(quota.maxLimit == limit && quota.count == count && quota.parentResourceId == parent)
        if kind != .loadBalancer {
            #expect(throws: OperationError.self) { try QuotaAnswer(kind, of: "nobody", in: stored) }
        }
    }

    @Test(
        "times are those of UTC",
        arguments: [
            (0, "1970-01-01T00:00:00Z"), (951_782_400, "2000-02-29T00:00:00Z"), (4_107_542_399, "2100-02-28T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"), (-1, "1969-12-31T23:59:59Z"),
            (1_709_210_096, "2024-02-29T12:34:56Z"),
        ] as [(Int64, String)])
    func times(seconds: Int64, text: String) {
        #expect(InstanceAnswer(Instance(id: "i", address: IPAddress(ipv4: 1), createdAt: seconds)).createdTime == text)
    }
}
