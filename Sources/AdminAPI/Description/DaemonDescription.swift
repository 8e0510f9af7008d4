internal import AdminTypes
internal import Authentication
internal import ControlPlane
internal import HealthChecking
internal import ServiceModel

enum DaemonDescription {
    static let chapter = APIDescription.Chapter(
        name: "Daemon", text: "The daemon and what it knows.",
        operations: [
            .readStatus: status,
            .readHealth: health,
            .detach: detaching,
            .watchEvents: events,
            .readMetrics: metrics,
            .readLiveness: liveness,
            .readReadiness: readiness,
            .readAPIDescription: description,
        ],
        schemas: ["Status": statusSchema, "Health": healthSchema, "Event": event])

    // MARK: Operations

    private static let status = OperationDescription(
        summary: "Show how things stand", text: "",
        answer: .result("How things stand.", .component("Status"), example: exampleStatus(isDetached: false)))

    private static let health = OperationDescription(
        summary: "Show the health of a service by its name", text: "What `shoal health` shows, with shares of traffic.",
        parameters: [
            .query("service", "Name of a backend service.", .name, isRequired: true, example: "web-http"),
            .query(
                "loadBalancer", "Name of its load balancer, needed when several have a service of that name.", .name,
                example: "web"),
        ],
        answer: .result("The health of each target.", .component("Health"), example: exampleHealth),
        refusals: [.notFound])

    private static let detaching = OperationDescription(
        summary: "Stop forwarding",
        text: """
            Removes the program and its pins from the kernel and gives the VIPs up: the only request that stops \
            forwarding. Resources stay, and can't be changed until the daemon is started again (409).
            """,
        answer: .result(
            "Nothing is forwarded any more.", .component("Status"), example: exampleStatus(isDetached: true)))

    private static let events = OperationDescription(
        summary: "Watch what happens",
        text: """
            Server-sent events: resources that change, targets whose health does, what the kernel holds. A client that \
            comes back with `Last-Event-ID` gets what it missed; the event `reset` says that something is forgotten and \
            everything is to be read anew, as after a restart of the daemon. Comments in between are signs of life.
            """,
        parameters: [
            Parameter(
                name: "Last-Event-ID", place: .header, text: "The `id` of the last event that was seen.", schema: .text,
                example: "1795435200000-42")
        ],
        answer: .plain(
            "Events, until one side closes the connection; the schema is that of one.", type: "text/event-stream",
            .answer(
                .required("id", .text(pattern: "^[0-9]+-[0-9]+$").about("The log of events, and the place in it.")),
                .required("event", .choice(Event.Kind.allCases.map(\.rawValue) + ["reset"])),
                .required("data", eventData)),
            example: .object(["id": "1795435200000-43", "event": "health.changed", "data": .text(exampleEvent)])))

    /// A text for JSON Schema, which can say what is in it.
    private static let eventData = Schema.text
        .with("contentMediaType", "application/json")
        .with("contentSchema", Schema.anyOf(.component("Event"), Schema(["type": "object", "maxProperties": 0])).json)
        .about("A JSON text; `{}` of `reset`.")

    private static let event = Schema.answer(
        .required("time", .text(format: "date-time").about("In UTC, with milliseconds.")),
        .required("kind", .choice(of: Event.Kind.self).about("Also the event's name.")),
        .required("subject", .text.about("What it happened to, as `service web/web-http`.")),
        .required("message", .text.about("A sentence.")),
        .required("revision", .integer(from: 0).about("Of the resources that it is about.")))

    private static let exampleEvent = """
        {"kind":"health.changed","message":"10.1.0.11:8080 is healthy","revision":42,\
        "subject":"service web/web-http","time":"2026-11-23T12:00:00.250Z"}
        """

    private static let metrics = OperationDescription(
        summary: "Read metrics", text: "In the text format of Prometheus.",
        answer: .plain("All metrics.", type: "text/plain", example: "shoal_desired_revision 42\n"))

    private static let liveness = OperationDescription(
        summary: "Tell whether the daemon is alive", text: "For probes.",
        answer: .plain("It is.", type: "text/plain", example: "ok\n"))

    private static let readiness = OperationDescription(
        summary: "Tell whether the kernel holds what it should", text: "For probes.",
        answer: .plain("It does.", type: "text/plain", example: "ok\n"),
        otherAnswers: [
            503: .plain(
                "It does not; each line tells an obstacle.", type: "text/plain",
                example: "the data plane was detached and forwards nothing; start shoald again\n")
        ])

    private static let description = OperationDescription(
        summary: "Describe this API", text: "This document: OpenAPI 3.1.",
        answer: .plain(
            "The description.", type: "application/json", Schema(["type": "object"]), example: ["openapi": "3.1.0"]))

    // MARK: Schemas and examples

    private static let statusSchema = Schema.answer(
        .required("version", .text),
        .required("processID", .integer(from: 1)),
        .required("startedAt", .integer(from: 0).about("Seconds since 1970.")),
        .required("desiredRevision", .integer(from: 0).about("What resources and health ask for.")),
        .required("installedRevision", .integer(from: 0).about("What the kernel holds.")),
        .required("isDetached", .boolean.about("Whether forwarding was stopped.")),
        .required("interfaces", .list(of: interface)),
        .required("services", .list(of: service)),
        .required("problems", .list(of: .text).about("Sentences, most urgent first; empty when all is well.")))

    private static let interface = Schema.answer(
        .required("name", .text), .required("mode", .choice(["native", "generic"])), .optional("warning", .text))

    private static let service = Schema.answer(
        .required("loadBalancer", .name),
        .required("name", .name),
        .required("listeners", .list(of: .text).about("VIP and port of each enabled listener.")),
        .required("targets", .integer(from: 0).about("How many it has.")),
        .required("usable", .integer(from: 0).about("How many take new connections.")))

    private static let healthSchema = Schema.answer(
        .required("loadBalancer", .name), .required("service", .name), .required("targets", .list(of: target)))

    private static let target = Schema.answer(
        .required("address", .address),
        .required("port", .integer(Limits.port)),
        .required("weight", .integer(Limits.weight)),
        .required("health", .health),
        .required("state", .state),
        .optional("reason", .choice(ProbeFailure.Kind.allCases.map(\.rawValue) + ["inconclusive"])),
        .optional("detail", .text.about("The error's text.")),
        .optional("since", .integer(from: 0).about("Seconds since 1970 of the last change of health.")),
        .required("share", .number(0...1).about("Share of the service's slots that it owns.")))

    private static func exampleStatus(isDetached: Bool) -> JSON {
        Example.json(
            StatusAnswer(
                version: "0.1.0", processID: 4711, startedAt: 1_795_435_200, desiredRevision: 42, installedRevision: 42,
                isDetached: isDetached,
                interfaces: isDetached ? [] : [.init(name: "eth0", mode: "native", warning: nil)],
                services: [
                    .init(loadBalancer: "web", name: "web-http", listeners: ["203.0.113.10:80"], targets: 1, usable: 1)
                ], problems: isDetached ? ["the data plane was detached and forwards nothing; start shoald again"] : [])
        )
    }

    private static let exampleHealth = Example.json(
        HealthAnswer(
            loadBalancer: "web", service: "web-http",
            targets: [
                .init(
                    address: "10.1.0.11", port: 8080, weight: 20, health: "healthy", state: "running", reason: nil,
                    detail: nil, since: 1_795_435_205, share: 1)
            ]))
}
