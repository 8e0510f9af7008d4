import AdminAPI
import AdminTypes
import Authentication
import Foundation
import ServiceModel
import Testing

@Suite("the description of the API")
struct DescriptionTests {
    private typealias Object = [String: Any]
    private typealias Operation = Authentication.Operation

    /// Operations that are described, and have no endpoint yet.
    private static let awaited: Set<Operation> = [.readMetrics]

    private let document: Object

    init() throws {
        let text = APIDescription(region: "local", version: "1.2.3").text
        document = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? Object)
    }

    private func object(_ parent: Any?, _ name: String) throws -> Object {
        try #require((parent as? Object)?[name] as? Object)
    }

    /// `GET /v1/status` and so on, with what is described of it.
    private func operations() throws -> [String: Object] {
        var found: [String: Object] = [:]
        for (path, item) in try object(document, "paths") {
            let item = try #require(item as? Object)
            for (method, operation) in item where method != "parameters" {
                found["\(method.uppercased()) \(path)"] = operation as? Object
            }
        }
        return found
    }

    private func known(_ operation: Object) throws -> Operation {
        let id = try #require(operation["operationId"] as? String)
        return try #require(Operation(rawValue: id))
    }

    @Test("is answered to everybody")
    func answer() async throws {
        let answer = try await Rig().send(Message("GET", "/openapi.json"))
        #expect(answer.status == 200 && answer["Content-Type"] == "application/json")
        let text = APIDescription(region: "local", version: "1.2.3").text
        #expect(try await answer.text() == text)
    }

    @Test("has every endpoint, and nothing else")
    func complete() throws {
        let described = try operations()
        #expect(Set(described.keys) == Set(Endpoint.all.map { "\($0.method.rawValue) \($0.path)" }))
        for endpoint in Endpoint.all {
            let operation = try #require(described["\(endpoint.method.rawValue) \(endpoint.path)"])
            #expect(try known(operation) == endpoint.operation)
        }
        #expect(APIDescription.describedOperations == Set(Endpoint.all.map(\.operation)).union(Self.awaited))
    }

    @Test("tells the least role of each operation")
    func roles() throws {
        for operation in try operations().values {
            let responses = Set(try object(operation, "responses").keys)
            switch try known(operation).access {
            case .everyone:
                #expect((operation["security"] as? [Any])?.isEmpty == true)
                #expect(responses.isDisjoint(with: ["401", "403"]))
            case .role(let role):
                #expect(operation["x-shoal-role"] as? String == role.rawValue)
                #expect((operation["description"] as? String)?.contains("*\(role.rawValue)*") == true)
                #expect(responses.isSuperset(of: ["401", "403"]))
            case nil: Issue.record("\(try known(operation)) is in no table")
            }
        }
    }

    @Test("refers to what it has, and has nothing that it does not refer to")
    func references() throws {
        var used: Set<String> = []
        func visit(_ value: Any) {
            if let list = value as? [Any] { list.forEach(visit) }
            guard let object = value as? Object else { return }
            if let reference = object["$ref"] as? String { used.insert(reference) }
            object.values.forEach(visit)
        }
        visit(document)
        let components = try object(document, "components")
        let known = try ["schemas", "parameters", "headers", "responses"].flatMap { kind in
            try object(components, kind).keys.map { "#/components/\(kind)/\($0)" }
        }
        #expect(used == Set(known))
        #expect(known.count > 50)
    }

    @Test("an example of a body is read without a finding, and says something")
    func bodies() throws {
        var count = 0
        for (name, operation) in try operations() {
            guard let body = operation["requestBody"] as? Object else { continue }
            for media in try object(body, "content").values {
                for example in try object(media, "examples").values {
                    count += 1
                    let value = try object(example, "value")
                    let text = try JSONSerialization.data(withJSONObject: value)
                    #expect(try findings(Array(text), of: known(operation)) == [], "\(name): \(value)")
                    #expect(!value.isEmpty)
                }
            }
        }
        #expect(count > 25)
    }

    private func findings(_ bytes: [UInt8], of operation: Operation) throws -> [Problem] {
        let body = try RequestBody(parsing: bytes)
        switch operation {
        case .createLoadBalancer: return body.loadBalancerSpec().findings
        case .updateLoadBalancer: return body.loadBalancerUpdate().findings
        case .createListener: return body.listenerSpec().findings
        case .updateListener: return body.listenerUpdate().findings
        case .createBackend: return body.serviceSpec().findings
        case .updateBackend: return body.serviceUpdate().findings
        case .createTargetGroup: return body.groupSpec().findings
        case .updateTargetGroup: return body.groupUpdate().findings
        case .registerTargets: return body.targetSpecs().findings
        case .deRegisterTargets: return body.targetIDs().findings
        case .updateTargets: return body.targetUpdates().findings
        case .createAg: return body.availabilityGroupSpec().findings
        case .updateAg: return body.availabilityGroupUpdate().findings
        case .addInstances, .removeInstances: return body.instanceIDs().findings
        case .createInstance: return body.instanceSpec().findings
        case .updateInstance: return body.instanceUpdate().findings
        case .createKey, .createToken:
            _ = try body.accessSpec(standIn: Role.viewer)
            return []
        case .apply, .plan:
            _ = try ConfigurationDocument(parsing: String(decoding: bytes, as: UTF8.self))
            return []
        // They take no body in truth: they are always refused.
        case .associateElasticIp, .disassociateElasticIp, .updateAgTargets: return []
        default: throw CocoaError(.featureUnsupported)
        }
    }
}
