internal import Authentication
internal import ServiceModel

enum GroupDescription {
    static let chapter = APIDescription.Chapter(
        name: "Virtual server groups",
        text: """
            A virtual server group holds targets: servers with a port and a weight of their own. Services of its load \
            balancer may share it. The public API calls it `targetGroup`.
            """,
        operations: [
            .describeTargetGroups: list,
            .createTargetGroup: making,
            .describeTargetGroup: one,
            .updateTargetGroup: changing,
            .deleteTargetGroup: deleting,
            .describeTargets: targets,
            .registerTargets: registering,
            .deRegisterTargets: deregistering,
            .updateTargets: changingTargets,
        ],
        schemas: [
            "NewTargetGroup": newGroup, "TargetGroupUpdate": update, "TargetGroup": group, "NewTarget": newTarget,
            "Target": target,
        ])

    // MARK: Operations

    private static let list = OperationDescription.list(
        "List virtual server groups", field: "targetGroups", of: .component("TargetGroup"),
        filters: FilterNames.groups, filterExample: ("targetGroupNames", "servers"), example: [Example.group])

    private static let making = OperationDescription.making(
        "Create a virtual server group",
        """
        It has no targets yet. The name is unique in the load balancer, which has at most \
        \(Limits.groupsPerLoadBalancer) groups.
        """,
        body: .component("NewTargetGroup"), id: "targetGroupId", of: .id(.group), example: Example.groupID,
        Body.Example(
            "For targets of every kind",
            #"{"loadBalancerId": "\#(Example.loadBalancerID)", "targetGroupName": "shop-servers"}"#),
        Body.Example(
            "For addresses only",
            #"{"loadBalancerId": "\#(Example.loadBalancerID)", "targetGroupName": "outside", "type": "ip"}"#))

    private static let one = OperationDescription.one(
        "Show a virtual server group", field: "targetGroup", .component("TargetGroup"), example: Example.group)

    private static let changing = OperationDescription.changing(
        "Change a virtual server group", "Its type never changes.",
        body: Body(
            schema: .component("TargetGroupUpdate"),
            examples: [Body.Example("Another name", #"{"targetGroupName": "servers-b"}"#)], isRequired: false))

    private static let deleting = OperationDescription.changing(
        "Delete a virtual server group", "A group that a service uses is not deleted (409).")

    private static let targets = OperationDescription.list(
        "List the targets of a group", "`ETag` has the version of the group.", field: "targets",
        of: .component("Target"), filters: FilterNames.targets, filterExample: ("ipAddress", "10.1.0.11"),
        example: Example.targets, hasVersion: true)

    private static let registering = OperationDescription.changing(
        "Add targets to a group",
        """
        All of them or none. A server stands in a group once with each port; port 0 is the port of every service that \
        uses the group. The answer has no ids: list the targets to see them. There are at most \
        \(Limits.targetsPerGroup) targets in a group.

        A target is an instance (`vm`, `container`) of the load balancer's VPC, or an address (`ip`), which is no VIP \
        and inside the daemon's `targetCidrs`. In mode `nat` it has the family of the VIP.
        """,
        body: Body(
            schema: .request(.required("targetSpecs", some(.component("NewTarget")))),
            examples: [
                Body.Example(
                    "Two addresses",
                    """
                    {"targetSpecs": [{"type": "ip", "ipAddress": "10.1.0.12", "port": 8080, "weight": 10},
                                     {"type": "ip", "ipAddress": "10.1.0.13", "port": 8080, "weight": 20}]}
                    """),
                Body.Example(
                    "An instance, on the service's port",
                    #"{"targetSpecs": [{"type": "vm", "instanceId": "\#(Example.instanceID)"}]}"#),
            ]), isLimited: true)

    private static let deregistering = OperationDescription.changing(
        "Take targets out of a group", "All of them or none: 404 when one of the ids is none of the group's.",
        body: Body(
            schema: .request(.required("targetIds", some(.id(.target)))),
            examples: [Body.Example("One target", #"{"targetIds": ["\#(Example.targetID)"]}"#)]))

    private static let changingTargets: OperationDescription = {
        let element = Schema.request(
            .required("targetId", .id(.target)), .optional("port", port), .optional("weight", .integer(Limits.weight)),
            .optional("adminState", .adminState), .optional("drainUntil", .drainUntil),
            .optional(
                "drainSeconds",
                .integer(Limits.deadlineSeconds)
                    .about("In place of `drainUntil`: how long from now, by the daemon's clock.")))
        return .changing(
            "Change targets of a group",
            """
            All of them or none: 404 when one of the ids is none of the group's. What is not told stays as it is, but a \
            target that is set to `enabled` or `disabled` has no deadline any more. A target of weight 0 gets no new \
            connections and keeps those that it has.
            """,
            body: Body(
                schema: .request(.required("targetUpdateSpecs", some(element))),
                examples: [
                    Body.Example(
                        "No new connections for one",
                        #"{"targetUpdateSpecs": [{"targetId": "\#(Example.targetID)", "weight": 0}]}"#),
                    Body.Example(
                        "Take one out within ten minutes",
                        """
                        {"targetUpdateSpecs": [
                           {"targetId": "\(Example.targetID)", "adminState": "draining", "drainSeconds": 600}]}
                        """),
                    Body.Example(
                        "Bring it back",
                        #"{"targetUpdateSpecs": [{"targetId": "\#(Example.targetID)", "adminState": "enabled"}]}"#),
                ]))
    }()

    // MARK: Schemas

    private static func some(_ element: Schema) -> Schema { .list(of: element, count: 1...Limits.targetsPerGroup) }

    private static let kind = Schema.choice(of: ServerGroup.Kind.self)
        .about("`instance`: targets of every kind. `ip`: addresses only.")

    private static let port = Schema.integer(Limits.portOrNone).about("0 is the service's port.")

    private static let newGroup = Schema.request(
        .required("targetGroupName", .name),
        .required("loadBalancerId", .id(.loadBalancer)),
        .optional("type", kind.standard(.text(ServerGroup.Kind.instance.rawValue))),
        .optional("description", .summary))

    private static let update = Schema.request(
        .optional("targetGroupName", .name), .optional("description", .summary))

    private static let group = Schema.answer(
        .required("targetGroupId", .id(.group)),
        .required("targetGroupName", .name),
        .required("loadBalancerId", .id(.loadBalancer)),
        .required("loadBalancerType", .loadBalancerType),
        .required("loadBalancerName", .name),
        .required("description", .summary),
        .required("type", kind),
        .required("createdTime", .createdTime))

    private static let target = Schema.answer(
        .required("targetId", .text.about("Of a member of an availability group the id of its instance.")),
        .optional("targetGroupId", .id(.group)),
        .optional("agId", .id(.availabilityGroup)),
        .required("type", .choice(of: Target.Kind.self)),
        .optional("instanceId", .name),
        .required("port", port),
        .required("weight", .integer(Limits.weight)),
        .optional("privateIpAddress", .address),
        .optional("ipAddress", .address),
        .required("adminState", .adminState),
        .optional("drainUntil", .drainUntil))

    /// An address or an instance; where the type is left out, it is what the other fields are about.
    private static let newTarget: Schema = {
        let common: [Field] = [
            .optional("port", port.standard(0)),
            .optional("weight", .integer(Limits.weight).standard(.integer(Target.defaultWeight))),
            .optional("adminState", .adminState.standard(.text(AdminState.enabled.rawValue))),
            .optional("drainUntil", .drainUntil),
        ]
        let address: [Field] = [
            .optional("type", .choice([Target.Kind.ip.rawValue])),
            .required("ipAddress", .address),
            .optional("instanceId", .nothing),
        ]
        let instance: [Field] = [
            .optional("type", .instanceKind),
            .required("instanceId", .name),
            .optional("ipAddress", .address.about("Needs not be told; if it is, it must be the instance's.")),
        ]
        return .oneOf(
            .request(fields: address + common).with("title", "An address"),
            .request(fields: instance + common).with("title", "An instance"))
    }()
}

extension Schema {
    /// What a target with an instance is.
    static let instanceKind = choice([Target.Kind.vm, .container].map(\.rawValue))
        .standard(.text(Target.Kind.vm.rawValue))
}
