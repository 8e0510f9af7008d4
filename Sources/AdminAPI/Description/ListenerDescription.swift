internal import Authentication
internal import ServiceModel

enum ListenerDescription {
    static let chapter = APIDescription.Chapter(
        name: "Listeners",
        text: """
            A listener is what a packet is matched with: the VIP of its load balancer, protocol and port. It leads to a \
            backend service of the same load balancer.
            """,
        operations: [
            .describeListeners: list,
            .createListener: making,
            .describeListener: one,
            .updateListener: changing,
            .deleteListener: deleting,
        ],
        schemas: ["NewListener": newListener, "ListenerUpdate": update, "Listener": listener])

    // MARK: Operations

    private static let list = OperationDescription.list(
        "List listeners", field: "listeners", of: .component("Listener"), filters: FilterNames.listeners,
        filterExample: ("listenerNames", "http"), example: [Example.listener])

    private static let making = OperationDescription.making(
        "Create a listener",
        """
        Protocol and port are unique in the load balancer (409), as is the name, and never change. The backend service \
        must be of the same load balancer and protocol. No target may get packets of two listeners at one port: their \
        replies could not be told apart. There are at most \(Limits.listenersPerLoadBalancer) listeners in a load \
        balancer.
        """,
        body: .component("NewListener"), id: "listenerId", of: .id(.listener), example: Example.listenerID,
        Body.Example(
            "HTTPS",
            """
            {"loadBalancerId": "\(Example.loadBalancerID)", "listenerName": "https", "protocol": "Tcp", "port": 443,
             "backendId": "\(Example.serviceID)"}
            """),
        Body.Example(
            "One that takes no packets yet",
            """
            {"loadBalancerId": "\(Example.loadBalancerID)", "listenerName": "admin", "protocol": "Tcp", "port": 8443,
             "backendId": "\(Example.serviceID)", "status": "Off", "description": "for the next release"}
            """))

    private static let one = OperationDescription.one(
        "Show a listener", field: "listener", .component("Listener"), example: Example.listener)

    private static let changing = OperationDescription.changing(
        "Change a listener", "A disabled listener (`Off`) holds its port and takes no packets.",
        body: Body(
            schema: .component("ListenerUpdate"),
            examples: [
                Body.Example("Disable it", #"{"status": "Off"}"#),
                Body.Example("Lead to another service", #"{"backendId": "\#(Example.serviceID)"}"#),
            ], isRequired: false))

    private static let deleting = OperationDescription.changing("Delete a listener", "Its backend service stays.")

    // MARK: Schemas

    private static let status = Schema.choice(["On", "Off"])

    private static let newListener = Schema.request(
        .required("listenerName", .name),
        .required("loadBalancerId", .id(.loadBalancer)),
        .required("protocol", .protocol),
        .required("port", .integer(Limits.port)),
        .required("backendId", .id(.service)),
        .optional("action", .choice(["Forward"])),
        .optional("status", status.standard("On")),
        .optional("description", .summary))

    private static let update = Schema.request(
        .optional("listenerName", .name),
        .optional("status", status),
        .optional("backendId", .id(.service)),
        .optional("description", .summary),
        .optional("protocol", .protocol.about("Never changes: no other than that of the listener.")),
        .optional("port", .integer(Limits.port).about("Never changes: no other than that of the listener.")))

    private static let listener = Schema.answer(
        .required("listenerId", .id(.listener)),
        .required("listenerName", .name),
        .required("status", status),
        .required("loadBalancerId", .id(.loadBalancer)),
        .required("loadBalancerType", .loadBalancerType),
        .required("protocol", .protocol),
        .required("port", .integer(Limits.port)),
        .required("action", .choice(["Forward"])),
        .required("backendId", .id(.service)),
        .required("description", .summary),
        .required("createdTime", .createdTime))
}
