internal import Authentication
internal import HealthChecking
internal import ServiceModel

enum ServiceDescription {
    static let chapter = APIDescription.Chapter(
        name: "Backend services",
        text: """
            A backend service says how connections are spread over the targets of one server group, and how these are \
            checked. The group is a virtual server group of the load balancer, an availability group, or none.
            """,
        operations: [
            .describeBackends: list,
            .createBackend: making,
            .describeBackend: one,
            .updateBackend: changing,
            .deleteBackend: deleting,
            .describeTargetHealth: health,
            .readTable: table,
            .describeAgTargets: members,
            .updateAgTargets: memberUpdate,
        ],
        schemas: [
            "NewBackend": newBackend, "BackendUpdate": update, "Backend": backend, "TargetHealth": targetHealth,
            "Table": TableDescription.schema, "TableForecast": TableDescription.forecast,
        ])

    /// What holds for what is left out.
    private static let plain = BackendService(name: "", port: 1)

    // MARK: Operations

    private static let list = OperationDescription.list(
        "List backend services", field: "backends", of: .component("Backend"), filters: FilterNames.services,
        filterExample: ("backendNames", "web-http"), example: [Example.service])

    private static let making = OperationDescription.making(
        "Create a backend service",
        """
        The name is unique in the load balancer. Protocol and port never change; services may share a port. A new \
        service has its health check on. There are at most \(Limits.servicesPerLoadBalancer) services in a load \
        balancer.
        """,
        body: .component("NewBackend"), id: "backendId", of: .id(.service), example: Example.serviceID,
        Body.Example(
            "With a virtual server group",
            """
            {"loadBalancerId": "\(Example.loadBalancerID)", "backendName": "shop-http", "protocol": "Tcp", "port": 8080,
             "algorithm": "QuintupleHash", "targetGroupIds": ["\(Example.groupID)"],
             "healthCheckSpec": {"protocol": "Tcp", "intervalSeconds": 5, "checkTimeoutSeconds": 2}}
            """),
        Body.Example(
            "Without servers yet",
            """
            {"loadBalancerId": "\(Example.loadBalancerID)", "backendName": "api", "protocol": "Tcp", "port": 9000,
             "healthCheckSpec": {"protocol": "Tcp"}}
            """))

    private static let one = OperationDescription.one(
        "Show a backend service", field: "backend", .component("Backend"), example: Example.service)

    private static let changing = OperationDescription.changing(
        "Change a backend service",
        """
        A group takes the place of the one before, of whichever kind; an empty list takes a group of its kind away. \
        With the health check off (`closeHealthCheck`), health is `N/A` and all running targets take connections.
        """,
        body: Body(
            schema: .component("BackendUpdate"),
            examples: [
                Body.Example("Switch the health check off", #"{"closeHealthCheck": true}"#),
                Body.Example(
                    "Check less often", #"{"healthCheckSpec": {"intervalSeconds": 30, "unhealthyThresholdCount": 2}}"#),
                Body.Example("Take the group away", #"{"targetGroupIds": []}"#),
            ], isRequired: false))

    private static let deleting = OperationDescription.changing(
        "Delete a backend service", "Its group stays. A service that a listener leads to is not deleted (409).")

    private static let health = OperationDescription(
        summary: "Show the health of a service's targets",
        text: "Without `pageSize` all targets are on one page.", parameters: Parameter.ofPages(standardSize: nil),
        answer: .result(
            "The health of each target.",
            .answer(.required("targetHealths", .list(of: .component("TargetHealth"))), .totalCount),
            example: .object(["targetHealths": .list(Example.targetHealths), "totalCount": 2])),
        refusals: .reading)

    private static let table = OperationDescription(
        summary: "Show who gets the connections of a service",
        text: """
            The table that the kernel holds: how many slots each target owns, and is the previous owner of while they \
            move. Flows are known only where slots move, and only those that have been seen since. `slots` is 0 when \
            no listener uses the service.
            """,
        answer: .result("The table.", .component("Table"), example: TableDescription.example),
        refusals: .reading)

    private static let members = OperationDescription.list(
        "List the members of the service's availability group",
        "Empty when the service has a virtual server group, or none.", field: "targets", of: .component("Target"),
        filters: FilterNames.members, filterExample: ("instanceId", Example.instanceID), example: [Example.member])

    private static let memberUpdate: OperationDescription = {
        let element = Schema.request(.optional("targetId", .text), .optional("weight", .integer(Limits.weight)))
        return .refused(
            "Change members of the availability group (refused)",
            """
            Members of an availability group have equal weight and the service's port; use a virtual server group. \
            Always 400, or 404.
            """,
            body: Body(
                schema: .request(.optional("targetUpdateSpecs", .list(of: element))),
                examples: [
                    Body.Example(
                        "Always refused",
                        #"{"targetUpdateSpecs": [{"targetId": "\#(Example.instanceID)", "weight": 10}]}"#)
                ], isRequired: false))
    }()

    // MARK: Schemas

    private static let newBackend = Schema.request(
        fields: [
            .required("backendName", .name),
            .required("loadBalancerId", .id(.loadBalancer)),
            .required("protocol", .protocol),
            .required(
                "port",
                .integer(Limits.port).about("Of members of an availability group, and of targets with port 0.")),
            .required("healthCheckSpec", healthCheckSpec(isNew: true)),
            .optional("closeHealthCheck", .boolean.with("enum", [false]).about("A new service is checked.")),
        ] + options(isNew: true))

    private static let update = Schema.request(
        fields: [
            .optional("backendName", .name),
            .optional("healthCheckSpec", healthCheckSpec(isNew: false)),
            .optional("closeHealthCheck", .boolean.about("`true` switches the health check off, `false` on.")),
            .optional("protocol", .protocol.about("Never changes: no other than that of the service.")),
            .optional("port", .integer(Limits.port).about("Never changes: no other than that of the service.")),
        ] + options(isNew: false))

    private static let backend = Schema.answer(
        .required("backendId", .id(.service)),
        .required("backendName", .name),
        .required("loadBalancerId", .id(.loadBalancer)),
        .required("loadBalancerType", .loadBalancerType),
        .required("protocol", .protocol),
        .required("port", .integer(Limits.port)),
        .required("algorithm", algorithm),
        .required("targetGroupIds", .list(of: .id(.group), count: 0...1)),
        .required("agIds", .list(of: .id(.availabilityGroup), count: 0...1)),
        .required("agInfos", .list(of: agInfo, count: 0...1)),
        .required("description", .summary),
        .required("healthCheck", healthCheck),
        .required("closeHealthCheck", .boolean.about("Whether the health check is off.")),
        .required("forwardingMode", forwardingMode),
        .required("drainSeconds", drainSeconds),
        .required("slowStartSeconds", .slowStartSeconds),
        .required("allUnhealthyPolicy", allUnhealthyPolicy),
        .required("createdTime", .createdTime))

    private static let agInfo = Schema.answer(
        .required("agId", .id(.availabilityGroup)), .required("defaultWeight", memberWeight))

    private static let targetHealth = Schema.answer(
        .optional("targetGroupId", .id(.group)),
        .optional("agId", .id(.availabilityGroup)),
        .required("type", .choice(of: Target.Kind.self)),
        .optional("instanceId", .name),
        .required("ipAddress", .address),
        .required("port", .integer(Limits.port).about("The port that is checked.")),
        .required("weight", .integer(Limits.weight)),
        .required("status", .health),
        .optional("unhealthReason", unhealthReason.about("Of the last failed check, while it is `unhealthy`.")))

    private static let unhealthReason = Schema.answer(
        .required("reason", .choice(["CONNECT_FAILED", "CONNECT_TIMEOUT", "CONNECT_INTERRUPT"])),
        .required("detail", .text.about("Our kind and the error's text.")))

    // MARK: Fields

    /// Fields of a service that may be left out and be changed.
    private static func options(isNew: Bool) -> [Field] {
        func option(_ name: String, _ schema: Schema, _ standard: JSON) -> Field {
            .optional(name, isNew ? schema.standard(standard) : schema)
        }
        let info = Schema.request(
            .required("agId", .id(.availabilityGroup)), .optional("defaultWeight", memberWeight))
        return [
            option("algorithm", algorithm, .text(plain.algorithm.rawValue)),
            option("forwardingMode", forwardingMode, .text(plain.forwardingMode.rawValue)),
            option("drainSeconds", drainSeconds, .integer(plain.drainSeconds)),
            option("slowStartSeconds", .slowStartSeconds, .integer(plain.slowStartSeconds)),
            option("allUnhealthyPolicy", allUnhealthyPolicy, .text(plain.allUnhealthyPolicy.rawValue)),
            .optional("targetGroupIds", .list(of: .id(.group), count: 0...1).about("A virtual server group.")),
            .optional(
                "agIds",
                .list(of: .id(.availabilityGroup), count: 0...1).about("An availability group; not both kinds.")),
            .optional("agInfoSpec", .list(of: info, count: 0...1).about("Says the same as `agIds`, and counts more.")),
            .optional("description", .summary),
        ]
    }

    private static let algorithm = Schema.choice(of: BackendService.Algorithm.self)
        .about("What is hashed: the client's address, so that it stays with one target, or the whole five-tuple.")

    private static let forwardingMode = Schema.choice(Limits.servedForwardingModes.map(\.rawValue))
        .about("How a packet travels to its target.")

    private static let drainSeconds = Schema.integer(Limits.drainSeconds)
        .about("How long a target that takes no new connections keeps those that it has.")

    private static let allUnhealthyPolicy = Schema.choice(of: BackendService.AllUnhealthyPolicy.self)
        .about("What happens while no target is usable: `forward` to all by weight, or `drop`.")

    private static let memberWeight = Schema.integer(Target.defaultWeight...Target.defaultWeight)
        .about("Members of an availability group have equal weight.")

    private static let method = Schema.choice(of: HealthCheck.Method.self).about("`Icmp` is for UDP services only.")

    private static let checkedPort = Schema.integer(Limits.portOrNone)
        .about("0 is the port that each target serves on.")

    private static let healthCheck = Schema.answer(
        .required("protocol", method),
        .required("healthyThresholdCount", .integer(Limits.threshold)),
        .required("unhealthyThresholdCount", .integer(Limits.threshold)),
        .required("checkTimeoutSeconds", .integer(Limits.timeoutSeconds)),
        .required("intervalSeconds", .integer(Limits.intervalSeconds)),
        .required("port", checkedPort))

    private static func healthCheckSpec(isNew: Bool) -> Schema {
        func field(_ name: String, _ schema: Schema, _ standard: Int) -> Field {
            .optional(name, isNew ? schema.standard(.integer(standard)) : schema)
        }
        let check = plain.healthCheck
        return .request(
            isNew ? .required("protocol", method) : .optional("protocol", method),
            field("port", checkedPort, check.port),
            field(
                "checkTimeoutSeconds", .integer(Limits.timeoutSeconds).about("How long a check waits."),
                check.timeoutSeconds),
            field(
                "intervalSeconds",
                .integer(Limits.intervalSeconds).about("From the start of one check to the start of the next."),
                check.intervalSeconds),
            field(
                "unhealthyThresholdCount",
                .integer(Limits.threshold).about("Failures in a row that make a target unhealthy."),
                check.unhealthyThreshold),
            field(
                "healthyThresholdCount",
                .integer(Limits.threshold).about("Successes in a row that make it healthy again."),
                check.healthyThreshold))
    }
}
