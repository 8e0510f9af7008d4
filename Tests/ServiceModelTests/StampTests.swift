import Foundation
import NetworkTypes
import ServiceModel
import Testing

@Suite("Ids, times and versions")
struct StampTests {
    let stored = Configuration.stored

    private func stamped(_ new: Configuration, over old: Configuration, at time: Int64 = 2000) -> Configuration {
        var number: UInt64 = 0
        return new.stamped(replacing: old, at: time) { kind in
            number += 1
            return ResourceID(kind, number)
        }
    }

    @Test("an id is what it is for and ten hexadecimal digits")
    func ids() {
        #expect(ResourceID(.loadBalancer, 0x3f_9a0c_1d2e).rawValue == "lb-3f9a0c1d2e")
        #expect(
            ResourceID.Kind.allCases.map { ResourceID($0, .max).rawValue } == [
                "lb-ffffffffff", "listener-ffffffffff", "backend-ffffffffff", "tg-ffffffffff", "target-ffffffffff",
                "ag-ffffffffff",
            ])
    }

    @Test("what is new gets an id of its kind, the time and version 1")
    func new() {
        let result = stamped(.samplePair, over: Configuration())
        let web = result.loadBalancers[0]
        #expect(web.id?.rawValue.hasPrefix("lb-") == true && web.createdAt == 2000 && web.version == 1)
        #expect(web.listeners.allSatisfy { $0.id?.rawValue.hasPrefix("listener-") == true && $0.version == 1 })
        #expect(web.services.allSatisfy { $0.id?.rawValue.hasPrefix("backend-") == true && $0.createdAt == 2000 })
        #expect(web.groups.allSatisfy { $0.id?.rawValue.hasPrefix("tg-") == true && $0.version == 1 })
        #expect(web.groups[0].targets.allSatisfy { $0.id?.rawValue.hasPrefix("target-") == true })
        #expect(result.availabilityGroups[0].id?.rawValue.hasPrefix("ag-") == true)
        #expect(result.instances.allSatisfy { $0.createdAt == 2000 && $0.version == 1 })
        #expect(Configuration.samplePair.changes(to: result) == [])
    }

    @Test("what has not changed stays as it is")
    func same() {
        #expect(stamped(stored, over: stored) == stored)
        #expect(stamped(stored.merging(.samplePair, prune: true), over: stored) == stored)
        #expect(stamped(stored.merging(.sample, prune: false), over: stored) == stored)
    }

    @Test("a change raises the version of what has changed and of nothing else")
    func version() {
        let result = stamped(
            stored.changed {
                $0.loadBalancers[0].listeners[0].name = "renamed"
                $0.loadBalancers[0].groups[0].targets[0].weight = 1
                $0.loadBalancers[1].description = "d"
                $0.instances[1].state = .running
            }, over: stored)
        let (web, mail) = (result.loadBalancers[0], result.loadBalancers[1])
        #expect(web.version == 1 && web.listeners.map(\.version) == [2, 1] && web.services.map(\.version) == [1, 1])
        #expect(web.listeners[0].id == stored.loadBalancers[0].listeners[0].id)
        #expect(web.groups[0].version == 2 && web.groups[0].createdAt == 1000)
        #expect(mail.version == 2 && mail.groups[0].version == 1)
        #expect(result.instances.map(\.version) == [1, 2])
    }

    @Test("a document keeps the id of what it names, a target's by server and port")
    func document() {
        let document = Configuration.samplePair.changed {
            $0.loadBalancers[0].groups[0].targets.swapAt(0, 1)
            $0.loadBalancers[0].groups[0].targets[0].weight = 5
            $0.loadBalancers[0].groups[0].targets[2].port = 77
        }
        let old = stored.loadBalancers[0].groups[0]
        for prune in [false, true] {
            let group = stamped(stored.merging(document, prune: prune), over: stored).loadBalancers[0].groups[0]
            #expect(group.id == old.id && group.version == 2)
            #expect(group.targets.prefix(2).map(\.id) == [old.targets[1].id, old.targets[0].id])
            #expect(group.targets[2].id == ResourceID(.target, 1))
        }
    }

    @Test("a taken id is not given again")
    func taken() {
        let old = Configuration(loadBalancers: [
            LoadBalancer(id: ResourceID(.loadBalancer, 1), name: "old", vip: "203.0.113.1")
        ])
        let new = old.changed { $0.loadBalancers.append(LoadBalancer(name: "new", vip: "203.0.113.2")) }
        #expect(stamped(new, over: old).loadBalancers.map(\.id?.rawValue) == ["lb-0000000001", "lb-0000000002"])
    }

    @Test("a document without a subnet keeps it; with another one it is refused")
    func subnet() {
        let old = stored.changed { $0.loadBalancers[0].subnet = "subnet-1" }
        #expect(old.merging(.samplePair, prune: false).loadBalancers[0].subnet == "subnet-1")
        let moved = Configuration.samplePair.changed { $0.loadBalancers[0].subnet = "subnet-2" }
        #expect(
            old.merging(moved, prune: true).immutabilityProblems(replacing: old).map(\.description) == [
                "loadBalancers[0].subnet: the subnet of load balancer \"web\" is \"subnet-1\" and never changes"
            ])
    }

    @Test("a resource with an id is the same under another name, and another one under the same name")
    func identity() {
        let renamed = stored.changed { $0.loadBalancers[0].name = "site" }
        #expect(stored.changes(to: renamed).map(\.description) == ["load balancer site updated"])
        let replaced = stored.changed { $0.availabilityGroups[0].id = ResourceID(.availabilityGroup, 7) }
        #expect(
            stored.changes(to: replaced).map(\.description) == [
                "availability group pool-a created", "availability group pool-a deleted",
            ])
    }

    @Test("a configuration comes back from JSON as it was, enumerations by their names in the API")
    func json() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let data = try encoder.encode(stored)
        #expect(try JSONDecoder().decode(Configuration.self, from: data) == stored)
        func text(_ value: some Encodable) throws -> String {
            String(decoding: try encoder.encode(value), as: UTF8.self)
        }
        #expect(
            try text(stored.loadBalancers[0].listeners[0])
                == #"{"createdAt":1000,"description":"","id":"listener-http","isEnabled":true,"name":"http","port":80,"service":"web-http","transport":"Tcp","version":1}"#
        )
        #expect(
            try text(stored.loadBalancers[0].groups[0].targets[0])
                == #"{"id":"target-web-0","isContainer":false,"port":0,"server":{"address":"10.1.0.11"},"weight":10}"#)
        #expect(try text(stored.loadBalancers[0].services[1].servers) == #"{"availabilityGroup":"pool-a"}"#)
        #expect(try text(stored.loadBalancers[0].services[0].algorithm) == #""IpHash""#)
    }

    @Test("each reason of a problem has its status, and the worst of several wins")
    func status() {
        let reasons: [(Problem.Reason, Int)] = [
            (.outOfRange(value: 1, allowed: 2...3), 400), (.malformed(found: "", expected: ""), 400), (.missing, 400),
            (.unknownField(allowed: []), 400), (.notFound(kind: "", name: ""), 400), (.conflict(""), 400),
            (.unsupported(""), 400), (.duplicate(what: "", first: ""), 409), (.blocked(""), 409),
            (.tooMany(count: 2, limit: 1, of: ""), 429),
        ]
        for (reason, status) in reasons { #expect(Problem(path: "", reason: reason).status == status) }
        func status(_ reasons: Problem.Reason...) -> Int {
            Problems(reasons.map { Problem(path: "", reason: $0) }).status
        }
        #expect(status(.blocked(""), .missing, .tooMany(count: 2, limit: 1, of: "")) == 400)
        #expect(status(.blocked(""), .tooMany(count: 2, limit: 1, of: "")) == 429)
    }
}
