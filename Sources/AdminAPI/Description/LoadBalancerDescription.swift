internal import AdminTypes
internal import Authentication
internal import ServiceModel

enum LoadBalancerDescription {
    static let chapter = APIDescription.Chapter(
        name: "Load balancers",
        text: """
            A load balancer owns a VIP, the virtual address that clients connect to, and the listeners, backend services \
            and virtual server groups below it.
            """,
        operations: [
            .describeLoadBalancers: list,
            .createLoadBalancer: making,
            .describeLoadBalancer: one,
            .updateLoadBalancer: changing,
            .deleteLoadBalancer: deleting,
            .associateElasticIp: elasticIP("Associate an elastic IP (refused)"),
            .disassociateElasticIp: elasticIP("Disassociate an elastic IP (refused)"),
            .describeQuota: quota,
        ],
        schemas: [
            "NewLoadBalancer": newLoadBalancer, "LoadBalancerUpdate": update, "LoadBalancer": loadBalancer,
            "Quota": quotaSchema,
        ])

    // MARK: Operations

    private static let list = OperationDescription.list(
        "List load balancers", field: "loadBalancers", of: .component("LoadBalancer"),
        filters: FilterNames.loadBalancers, filterExample: ("loadBalancerNames", "web"),
        example: [Example.loadBalancer])

    private static let making = OperationDescription.making(
        "Create a load balancer",
        """
        Names are unique in the region, and so are VIPs. Without `privateIpAddress` it gets a free VIP of its subnet. \
        A VIP is inside the daemon's `vipCidrs` and the subnet, and no address of the host. There are at most \
        \(Limits.loadBalancers) load balancers.

        Elastic IPs are not known here: an `elasticIp` other than `null` is refused.
        """,
        body: .component("NewLoadBalancer"), id: "loadBalancerId", of: .id(.loadBalancer),
        example: Example.loadBalancerID,
        Body.Example(
            "With a VIP of your choice",
            """
            {"loadBalancerName": "shop", "subnetId": "default", "type": "dnlb", "privateIpAddress": "203.0.113.20",
             "description": "shop, production", "deleteProtection": true}
            """),
        Body.Example(
            "IPv6", #"{"loadBalancerName": "shop-6", "subnetId": "default", "privateIpAddress": "2001:db8:a::10"}"#))

    private static let one = OperationDescription.one(
        "Show a load balancer", field: "loadBalancer", .component("LoadBalancer"), example: Example.loadBalancer)

    private static let changing = OperationDescription.changing(
        "Change a load balancer",
        "Another VIP must be of the same subnet. A load balancer can't be stopped: disable its listeners instead.",
        body: Body(
            schema: .component("LoadBalancerUpdate"),
            examples: [
                Body.Example("Another name", #"{"loadBalancerName": "shop-b"}"#),
                Body.Example("Protect it", #"{"deleteProtection": true}"#),
            ], isRequired: false))

    private static let deleting = OperationDescription.changing(
        "Delete a load balancer",
        "Its listeners, services and groups go with it. One with `deleteProtection` is not deleted (409).",
        parameters: [.query("deleteElasticIp", "Makes no difference: there are no elastic IPs.", .boolean)])

    private static func elasticIP(_ summary: String) -> OperationDescription {
        .refused(
            summary, "There are no elastic IPs here: the VIP is reached as it is routed. Always 400, or 404.",
            body: Body(
                schema: .request(.optional("elasticIpId", .text)),
                examples: [Body.Example("Always refused", #"{"elasticIpId": "fip-1"}"#)], isRequired: false))
    }

    private static let quota = OperationDescription(
        summary: "Show a limit and the count",
        text: """
            How many of a kind there may be, and are: load balancers in the region, listeners, backend services and \
            groups of a load balancer, targets of a virtual server group.
            """,
        parameters: [
            .query("type", "The kind.", .choice(of: QuotaAnswer.Kind.self), isRequired: true, example: "listener"),
            .query(
                "parentResourceId",
                """
                What they are below: the id of the load balancer, of the virtual server group for targets; not needed \
                for load balancers.
                """, .text, example: .text(Example.loadBalancerID)),
            .query(
                "lbType", "The type of load balancer; all have the same limits.", .choice(["alb", "nlb", "dnlb"]),
                example: "dnlb"),
        ],
        answer: .result(
            "Limit and count.", .answer(.required("quota", .component("Quota"))),
            example: JSON(
                literal: """
                    {"quota": {"type": "listener", "parentResourceId": "\(Example.loadBalancerID)",
                     "maxLimit": \(Limits.listenersPerLoadBalancer), "count": 1}}
                    """)),
        refusals: .reading)

    // MARK: Schemas

    private static let newLoadBalancer = Schema.request(
        .required("loadBalancerName", .name),
        .required(
            "subnetId",
            .name.about(
                """
                A subnet of the daemon's configuration. Where that has none, any name stands for one of VPC \
                `\(LoadBalancer.defaultVPC)`.
                """)),
        .optional("type", .loadBalancerType),
        .optional("privateIpAddress", .address.about("The VIP.")),
        .optional("description", .summary),
        .optional("deleteProtection", .boolean.standard(false)))

    private static let update = Schema.request(
        .optional("loadBalancerName", .name),
        .optional("action", .choice(["Start"]).about("Changes nothing: a load balancer is never stopped.")),
        .optional("privateIpAddress", .address.about("The VIP.")),
        .optional("description", .summary),
        .optional("deleteProtection", .boolean))

    private static let loadBalancer = Schema.answer(
        .required("loadBalancerId", .id(.loadBalancer)),
        .required("loadBalancerName", .name),
        .required("subnetId", .name),
        .required("vpcId", .name),
        .required("type", .loadBalancerType),
        .required("state", .answer(.required("code", .choice(["ACTIVE"])), .optional("reason", .text))),
        .required("azs", .list(of: .text).about("Always empty: the daemon knows no zones.")),
        .required("azType", .choice(["standard"])),
        .required("privateIp", .answer(.required("privateIpAddress", .address)).about("The VIP.")),
        .required("description", .summary),
        .required("deleteProtection", .boolean),
        .required("createdTime", .createdTime))

    private static let quotaSchema = Schema.answer(
        .required("type", .choice(of: QuotaAnswer.Kind.self)),
        .optional("parentResourceId", .text.about("As it was asked for; not told for load balancers.")),
        .required("maxLimit", .integer(from: 1).about("How many there may be.")),
        .required("count", .integer(from: 0).about("How many there are.")))
}
