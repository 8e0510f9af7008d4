// One small configuration, whose resources are the examples of all answers. They are encoded as real answers are, so
// that an example can't show what no answer does.

internal import AdminTypes
internal import NetworkTypes
internal import ServiceModel

enum Example {
    static let requestID = "6f1c2b0e-9d4a-4c57-8a35-0d1e5f7b9c21"

    static let loadBalancerID = id(.loadBalancer).rawValue
    static let listenerID = id(.listener).rawValue
    static let serviceID = id(.service).rawValue
    static let groupID = id(.group).rawValue
    static let targetID = id(.target).rawValue
    static let availabilityGroupID = id(.availabilityGroup).rawValue
    static let instanceID = "i-1"
    static let accessKey = "AK3F9A0C1D2E4B5A69788796A5B4C3D2E1"
    static let tokenID = "tok-3f9a0c1d2e4b5a69"

    static let outcome: [String: JSON] = ["revision": 42, "installedRevision": 42]

    private static func id(_ kind: ResourceID.Kind) -> ResourceID { ResourceID(kind, 0x3f_9a0c_1d2e) }

    /// 2026-11-23T12:00:00Z.
    static let time: Int64 = 1_795_435_200

    static let configuration = Configuration(
        loadBalancers: [
            LoadBalancer(
                id: id(.loadBalancer), name: "web", description: "shop, production",
                vip: address(203, 0, 113, 10),
                listeners: [
                    Listener(
                        id: id(.listener), name: "http", port: 80, service: "web-http", createdAt: time, version: 1)
                ],
                services: [
                    BackendService(
                        id: id(.service), name: "web-http", port: 8080, algorithm: .fiveTuple,
                        servers: .group("servers"), createdAt: time, version: 1)
                ],
                groups: [
                    ServerGroup(
                        id: id(.group), name: "servers",
                        targets: [
                            Target(id: id(.target), server: .address(address(10, 1, 0, 11)), port: 8080, weight: 20),
                            Target(id: ResourceID(.target, 0x4a_0b1c_2d3e), server: .instance(instanceID)),
                        ], createdAt: time, version: 1)
                ], createdAt: time, version: 1)
        ],
        availabilityGroups: [
            AvailabilityGroup(
                id: id(.availabilityGroup), name: "pool-a", instances: [instanceID], createdAt: time, version: 1)
        ],
        instances: [Instance(id: instanceID, address: address(10, 1, 0, 21), createdAt: time, version: 1)])

    private static func address(_ a: UInt32, _ b: UInt32, _ c: UInt32, _ d: UInt32) -> IPAddress {
        IPAddress(ipv4: a << 24 | b << 16 | c << 8 | d)
    }

    private static var web: LoadBalancer { configuration.loadBalancers[0] }

    static let loadBalancer = json(LoadBalancerAnswer(web))
    static let listener = json(ListenerAnswer(configuration.views(ofListenersIn: web)[0]))
    static let service = json(BackendAnswer(configuration.views(ofServicesIn: web)[0]))
    static let group = json(TargetGroupAnswer(configuration.views(ofGroupsIn: web)[0]))
    static let targets = configuration.views(ofTargetsIn: web.groups[0]).map { json(TargetAnswer($0)) }
    static let member = json(TargetAnswer(configuration.views(ofMembersIn: configuration.availabilityGroups[0])[0]))
    static let availabilityGroup = json(AvailabilityGroupAnswer(configuration.availabilityGroups[0]))
    static let instance = json(InstanceAnswer(configuration.instances[0]))

    static let targetHealths: [JSON] = {
        let targets = configuration.views(ofTargetsIn: web.groups[0]).map(TargetAnswer.init)
        let reason = TargetHealthAnswer.UnhealthReason(
            reason: "CONNECT_FAILED", detail: "connect_refused: Connection refused")
        return [
            json(TargetHealthAnswer(targets[0], port: 8080, status: "healthy")),
            json(TargetHealthAnswer(targets[1], port: 8080, status: "unhealthy", unhealthReason: reason)),
        ]
    }()

    /// - Precondition: The value has a JSON, as all answers do.
    static func json(_ value: some Encodable) -> JSON {
        do { return try JSON(encoding: value) } catch { preconditionFailure("an example has no JSON: \(error)") }
    }
}
