internal import Authentication
internal import ServiceModel

enum InstanceDescription {
    static let chapter = APIDescription.Chapter(
        name: "Instances",
        text: """
            An instance is a machine that targets and availability groups refer to by an id of your choice. One that is \
            stopped takes no connections, whatever its health.
            """,
        operations: [
            .describeInstances: list,
            .createInstance: making,
            .describeInstance: one,
            .updateInstance: changing,
            .deleteInstance: deleting,
        ],
        schemas: ["NewInstance": newInstance, "InstanceUpdate": update, "Instance": instance])

    // MARK: Operations

    private static let list = OperationDescription.list(
        "List instances", field: "instances", of: .component("Instance"), filters: FilterNames.instances,
        filterExample: ("instanceIds", Example.instanceID), example: [Example.instance])

    private static let making = OperationDescription.making(
        "Create an instance",
        "The id is unique in the region. The address is no VIP and inside the daemon's `targetCidrs`.",
        body: .component("NewInstance"), id: "instanceId", of: .name, example: "i-3", isLimited: false,
        Body.Example(
            "A running one", #"{"instanceId": "i-3", "privateIpAddress": "10.1.0.23", "description": "rack 7"}"#))

    private static let one = OperationDescription.one(
        "Show an instance", field: "instance", .component("Instance"), example: Example.instance)

    private static let changing = OperationDescription.changing(
        "Change an instance", "Groups that it stands in must still fit it.",
        body: Body(
            schema: .component("InstanceUpdate"),
            examples: [
                Body.Example("It is stopped", #"{"status": "stopped"}"#),
                Body.Example("It runs again", #"{"status": "running"}"#),
            ], isRequired: false))

    private static let deleting = OperationDescription.changing(
        "Delete an instance", "An instance that a group of either kind uses is not deleted (409).")

    // MARK: Schemas

    private static let newInstance = Schema.request(
        .required("instanceId", .name),
        .required("privateIpAddress", .address),
        .optional("vpcId", .vpc),
        .optional("status", .state.standard(.text(Instance.State.running.rawValue))),
        .optional("description", .summary))

    private static let update = Schema.request(
        .optional("privateIpAddress", .address),
        .optional("vpcId", .name),
        .optional("status", .state),
        .optional("description", .summary))

    private static let instance = Schema.answer(
        .required("instanceId", .name),
        .required("privateIpAddress", .address),
        .required("vpcId", .name),
        .required("status", .state),
        .required("description", .summary),
        .required("createdTime", .createdTime))
}
