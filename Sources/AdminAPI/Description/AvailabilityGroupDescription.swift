internal import Authentication
internal import ServiceModel

enum AvailabilityGroupDescription {
    static let chapter = APIDescription.Chapter(
        name: "Availability groups",
        text: """
            Instances that serve together with equal weight, each on the service's port. Services of all load balancers \
            of its VPC may use it.
            """,
        operations: [
            .describeAgs: list,
            .createAg: making,
            .describeAg: one,
            .updateAg: changing,
            .deleteAg: deleting,
            .addInstances: adding,
            .removeInstances: removing,
        ],
        schemas: ["NewAvailabilityGroup": newGroup, "AvailabilityGroupUpdate": update, "AvailabilityGroup": group])

    // MARK: Operations

    private static let list = OperationDescription.list(
        "List availability groups", field: "availabilityGroups", of: .component("AvailabilityGroup"),
        filters: FilterNames.availabilityGroups, filterExample: ("name", "pool-a"),
        example: [Example.availabilityGroup])

    private static let making = OperationDescription.making(
        "Create an availability group",
        "The name is unique in the region. Its instances are of its VPC, and each is another server.",
        body: .component("NewAvailabilityGroup"), id: "agId", of: .id(.availabilityGroup),
        example: Example.availabilityGroupID,
        Body.Example(
            "With one instance",
            #"{"name": "pool-b", "instanceIds": ["\#(Example.instanceID)"], "description": "spare"}"#))

    private static let one = OperationDescription.one(
        "Show an availability group", field: "availabilityGroup", .component("AvailabilityGroup"),
        example: Example.availabilityGroup)

    private static let changing = OperationDescription.changing(
        "Change an availability group", "`instanceIds` are all of its instances from now on.",
        body: Body(
            schema: .component("AvailabilityGroupUpdate"),
            examples: [
                Body.Example("Another name", #"{"name": "pool-c"}"#),
                Body.Example("Other instances", #"{"instanceIds": ["\#(Example.instanceID)"]}"#),
            ], isRequired: false), isLimited: true)

    private static let deleting = OperationDescription.changing(
        "Delete an availability group",
        "Its instances stay. An availability group that a service uses is not deleted (409).")

    private static let adding = OperationDescription.changing(
        "Add instances to an availability group", "All of them or none.",
        body: Body(schema: someInstances, examples: [Body.Example("One more", #"{"instanceIds": ["i-2"]}"#)]),
        isLimited: true)

    private static let removing = OperationDescription.changing(
        "Take instances out of an availability group",
        "All of them or none: 404 when one of the ids is none of the group's.",
        body: Body(
            schema: someInstances,
            examples: [Body.Example("One less", #"{"instanceIds": ["\#(Example.instanceID)"]}"#)]))

    // MARK: Schemas

    private static let someInstances = Schema.request(
        .required("instanceIds", .list(of: .name, count: 1...Limits.targetsPerGroup)))

    private static let instances = Schema.list(of: .name, count: 0...Limits.targetsPerGroup)

    private static let newGroup = Schema.request(
        .required("name", .name),
        .optional("vpcId", .vpc),
        .optional("description", .summary),
        .optional("instanceIds", instances))

    private static let update = Schema.request(
        .optional("name", .name), .optional("description", .summary), .optional("instanceIds", instances))

    private static let group = Schema.answer(
        .required("id", .id(.availabilityGroup)),
        .required("name", .name),
        .required("description", .summary),
        .required("vpcId", .name),
        .required("agType", .choice([Target.Kind.vm.rawValue])),
        .required("count", .integer(0...Limits.targetsPerGroup).about("How many instances it has.")),
        .required("instances", .list(of: .answer(.required("id", .name)), count: 0...Limits.targetsPerGroup)),
        .required("createTime", .createdTime))
}
