// From the body of a request to what an operation takes. Everything that is wrong with a field's form is found here.

import NetworkTypes
public import ServiceModel

/// What a request asks for.
public struct RequestContent<Spec: Sendable>: Sendable {
    /// With stand-ins for what could not be read.
    public let spec: Spec
    /// What is wrong with the form, for the operation to tell together with broken rules.
    public let findings: [Problem]
}

/// The body of a request of the API, which is one JSON object. `null` is the same as absent, and names that an
/// operation does not know are passed over: public clients send every field of a path in the body, too.
public struct RequestBody: Sendable {
    private let root: JSONValue

    /// - Throws: What makes it no JSON object. No body at all is an empty object.
    public init(parsing bytes: [UInt8]) throws(Problems) {
        guard !bytes.isEmpty else {
            root = .object([:])
            return
        }
        do throws(Problem) { root = try JSONValue(parsing: bytes) } catch { throw Problems([error]) }
        guard case .object = root else {
            throw Problems([Problem(path: "", reason: .malformed(found: root.found, expected: "a JSON object"))])
        }
    }

    func read<Spec>(_ body: (inout RequestReader, RequestFields) -> Spec) -> RequestContent<Spec> {
        var reader = RequestReader()
        let spec = body(&reader, reader.fields(of: root, at: .root) ?? .none)
        return RequestContent(spec: spec, findings: reader.findings)
    }
}

// MARK: - Load balancers and listeners

extension RequestBody {
    public func loadBalancerSpec() -> RequestContent<LoadBalancerSpec> {
        read { reader, fields in
            reader.checkType(in: fields)
            if fields["elasticIp"] != nil {
                reader.report(.unsupported("this version has no elastic IPs; leave it out"), at: fields, "elasticIp")
            }
            return LoadBalancerSpec(
                name: reader.required(fields, "loadBalancerName", "") { $0.text($1, $2) },
                subnet: reader.required(fields, "subnetId", LoadBalancer.defaultSubnet) { $0.text($1, $2) },
                vip: reader.address(fields, "privateIpAddress"), description: reader.text(fields, "description"),
                isDeletionProtected: reader.boolean(fields, "deleteProtection"))
        }
    }

    public func loadBalancerUpdate() -> RequestContent<LoadBalancerUpdate> {
        read { reader, fields in
            if reader.choice(fields, "action", of: [("Start", true), ("Stop", false)]) == false {
                let remedy = "this version cannot stop a load balancer; disable its listeners"
                reader.report(.unsupported(remedy), at: fields, "action")
            }
            return LoadBalancerUpdate(
                name: reader.text(fields, "loadBalancerName"), description: reader.text(fields, "description"),
                vip: reader.address(fields, "privateIpAddress"),
                isDeletionProtected: reader.boolean(fields, "deleteProtection"))
        }
    }

    public func listenerSpec() -> RequestContent<ListenerSpec> {
        read { reader, fields in
            _ = reader.choice(fields, "action", of: [("Forward", true)])
            return ListenerSpec(
                name: reader.required(fields, "listenerName", "") { $0.text($1, $2) },
                loadBalancer: reader.required(fields, "loadBalancerId", "") { $0.text($1, $2) },
                transport: reader.required(fields, "protocol", .tcp) { $0.transport($1, $2) },
                port: reader.required(fields, "port", 1) { $0.integer($1, $2) },
                service: reader.required(fields, "backendId", "") { $0.text($1, $2) },
                isEnabled: reader.choice(fields, "status", of: [("On", true), ("Off", false)]),
                description: reader.text(fields, "description"))
        }
    }

    public func listenerUpdate() -> RequestContent<ListenerUpdate> {
        read { reader, fields in
            ListenerUpdate(
                name: reader.text(fields, "listenerName"),
                isEnabled: reader.choice(fields, "status", of: [("On", true), ("Off", false)]),
                service: reader.text(fields, "backendId"), description: reader.text(fields, "description"),
                transport: reader.transport(fields, "protocol"), port: reader.integer(fields, "port"))
        }
    }
}

// MARK: - Backend services

extension RequestBody {
    public func serviceSpec() -> RequestContent<ServiceSpec> {
        read { reader, fields in
            if reader.boolean(fields, "closeHealthCheck") == true {
                let sentence = "a new service has its health check on; switch it off by an update"
                reader.report(.conflict(sentence), at: fields, "closeHealthCheck")
            }
            return ServiceSpec(
                name: reader.required(fields, "backendName", "") { $0.text($1, $2) },
                loadBalancer: reader.required(fields, "loadBalancerId", "") { $0.text($1, $2) },
                transport: reader.required(fields, "protocol", .tcp) { $0.transport($1, $2) },
                port: reader.required(fields, "port", 1) { $0.integer($1, $2) },
                healthCheck: reader.required(fields, "healthCheckSpec", HealthCheckSpec()) {
                    $0.healthCheck($1, $2, needsMethod: true)
                }, options: reader.serviceOptions(fields))
        }
    }

    public func serviceUpdate() -> RequestContent<ServiceUpdate> {
        read { reader, fields in
            ServiceUpdate(
                name: reader.text(fields, "backendName"),
                healthCheck: reader.healthCheck(fields, "healthCheckSpec", needsMethod: false),
                closesHealthCheck: reader.boolean(fields, "closeHealthCheck"),
                options: reader.serviceOptions(fields), transport: reader.transport(fields, "protocol"),
                port: reader.integer(fields, "port"))
        }
    }
}

extension RequestReader {
    fileprivate mutating func checkType(in fields: RequestFields) {
        guard let type = choice(fields, "type", of: ["alb", "nlb", "dnlb"].map { ($0, $0) }), type != "dnlb" else {
            return
        }
        report(.unsupported("this is a load balancer of type dnlb, not \(type)"), at: fields, "type")
    }

    fileprivate mutating func transport(_ fields: RequestFields, _ name: String) -> TransportProtocol? {
        choice(fields, name, of: TransportProtocol.allCases.map { ($0.apiName, $0) })
    }

    fileprivate mutating func healthCheck(
        _ fields: RequestFields, _ name: String, needsMethod: Bool
    ) -> HealthCheckSpec? {
        guard let fields = object(fields, name) else { return nil }
        let method: HealthCheck.Method? =
            needsMethod ? required(fields, "protocol", .tcp) { $0.choice($1, $2) } : choice(fields, "protocol")
        return HealthCheckSpec(
            method: method, port: integer(fields, "port"), timeoutSeconds: integer(fields, "checkTimeoutSeconds"),
            intervalSeconds: integer(fields, "intervalSeconds"),
            unhealthyThreshold: integer(fields, "unhealthyThresholdCount"),
            healthyThreshold: integer(fields, "healthyThresholdCount"))
    }

    fileprivate mutating func serviceOptions(_ fields: RequestFields) -> ServiceOptions {
        let groups = texts(fields, "targetGroupIds")
        let ids = texts(fields, "agIds")
        // Says the same with a weight, and counts more.
        let infos = list(fields, "agInfoSpec") { $0.availabilityGroupInfo($1, at: $2) }
        return ServiceOptions(
            algorithm: choice(fields, "algorithm"), forwardingMode: choice(fields, "forwardingMode"),
            drainSeconds: integer(fields, "drainSeconds"), slowStartSeconds: integer(fields, "slowStartSeconds"),
            allUnhealthyPolicy: choice(fields, "allUnhealthyPolicy"), groups: groups, availabilityGroups: infos ?? ids,
            description: text(fields, "description"))
    }

    private mutating func availabilityGroupInfo(_ value: JSONValue, at path: FieldPath) -> String {
        guard let fields = fields(of: value, at: path) else { return "" }
        if let weight = integer(fields, "defaultWeight"), weight != Target.defaultWeight {
            let sentence =
                "members of an availability group have equal weight; leave it out, or say \(Target.defaultWeight)"
            report(.conflict(sentence), at: fields, "defaultWeight")
        }
        return required(fields, "agId", "") { $0.text($1, $2) }
    }
}

// MARK: - Groups and targets

extension RequestBody {
    public func groupSpec() -> RequestContent<GroupSpec> {
        read { reader, fields in
            GroupSpec(
                name: reader.required(fields, "targetGroupName", "") { $0.text($1, $2) },
                loadBalancer: reader.required(fields, "loadBalancerId", "") { $0.text($1, $2) },
                kind: reader.choice(fields, "type"), description: reader.text(fields, "description"))
        }
    }

    public func groupUpdate() -> RequestContent<GroupUpdate> {
        read { reader, fields in
            GroupUpdate(name: reader.text(fields, "targetGroupName"), description: reader.text(fields, "description"))
        }
    }

    /// The targets of `registerTargets`.
    public func targetSpecs() -> RequestContent<[TargetSpec]> {
        read { reader, fields in
            reader.required(fields, "targetSpecs", []) { reader, fields, name in
                reader.list(fields, name) { reader, value, path in
                    guard let fields = reader.fields(of: value, at: path) else { return TargetSpec() }
                    return TargetSpec(
                        kind: reader.choice(fields, "type"), instance: reader.text(fields, "instanceId"),
                        address: reader.address(fields, "ipAddress"), port: reader.integer(fields, "port"),
                        weight: reader.integer(fields, "weight"), adminState: reader.choice(fields, "adminState"),
                        drainUntil: reader.time(fields, "drainUntil"))
                }
            }
        }
    }

    /// The ids of `deregisterTargets`.
    public func targetIDs() -> RequestContent<[String]> {
        read { reader, fields in reader.required(fields, "targetIds", []) { $0.texts($1, $2) } }
    }

    /// The changes of `updateTargets`.
    public func targetUpdates() -> RequestContent<[TargetUpdate]> {
        read { reader, fields in
            reader.required(fields, "targetUpdateSpecs", []) { reader, fields, name in
                reader.list(fields, name) { reader, value, path in
                    guard let fields = reader.fields(of: value, at: path) else { return TargetUpdate(id: "") }
                    return TargetUpdate(
                        id: reader.required(fields, "targetId", "") { $0.text($1, $2) },
                        port: reader.integer(fields, "port"), weight: reader.integer(fields, "weight"),
                        adminState: reader.choice(fields, "adminState"), deadline: reader.deadline(fields))
                }
            }
        }
    }
}

extension RequestReader {
    /// A time, or how long from now.
    fileprivate mutating func deadline(_ fields: RequestFields) -> TargetUpdate.Deadline? {
        let time = time(fields, "drainUntil")
        let seconds = integer(fields, "drainSeconds")
        if fields["drainUntil"] != nil, fields["drainSeconds"] != nil {
            let sentence = "drainUntil tells the deadline already; say one of the two"
            report(.conflict(sentence), at: fields, "drainSeconds")
        }
        return time.map { .time($0) } ?? seconds.map { .seconds($0) }
    }
}

// MARK: - Availability groups and instances

extension RequestBody {
    public func availabilityGroupSpec() -> RequestContent<AvailabilityGroupSpec> {
        read { reader, fields in
            AvailabilityGroupSpec(
                name: reader.required(fields, "name", "") { $0.text($1, $2) }, vpc: reader.text(fields, "vpcId"),
                description: reader.text(fields, "description"), instances: reader.texts(fields, "instanceIds"))
        }
    }

    public func availabilityGroupUpdate() -> RequestContent<AvailabilityGroupUpdate> {
        read { reader, fields in
            AvailabilityGroupUpdate(
                name: reader.text(fields, "name"), description: reader.text(fields, "description"),
                instances: reader.texts(fields, "instanceIds"))
        }
    }

    /// The instances that come to an availability group or leave it.
    public func instanceIDs() -> RequestContent<[String]> {
        read { reader, fields in reader.required(fields, "instanceIds", []) { $0.texts($1, $2) } }
    }

    public func instanceSpec() -> RequestContent<InstanceSpec> {
        read { reader, fields in
            InstanceSpec(
                id: reader.required(fields, "instanceId", "") { $0.text($1, $2) },
                address: reader.required(fields, "privateIpAddress", IPAddress(high: 0, low: 0)) {
                    $0.address($1, $2)
                }, vpc: reader.text(fields, "vpcId"), state: reader.choice(fields, "status"),
                description: reader.text(fields, "description"))
        }
    }

    public func instanceUpdate() -> RequestContent<InstanceUpdate> {
        read { reader, fields in
            InstanceUpdate(
                address: reader.address(fields, "privateIpAddress"), vpc: reader.text(fields, "vpcId"),
                state: reader.choice(fields, "status"), description: reader.text(fields, "description"))
        }
    }
}
