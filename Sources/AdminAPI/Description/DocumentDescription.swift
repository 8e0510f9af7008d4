internal import AdminTypes
internal import Authentication
internal import ServiceModel

enum DocumentDescription {
    static let chapter = APIDescription.Chapter(
        name: "Documents",
        text: """
            All resources as one document, in YAML or JSON: what `shoal apply`, `plan` and `export` work with. Names \
            are unique within their parent and identify a resource. A field that is `null` is as if it were left out; \
            one that a document does not know is refused, so that no misspelt word goes unnoticed.
            """,
        operations: [.apply: applying, .plan: planning, .export: exporting],
        schemas: [
            "Document": document,
            "DocumentLoadBalancer": loadBalancer,
            "DocumentListener": listener,
            "DocumentService": service,
            "DocumentGroup": group,
            "DocumentTarget": target,
            "DocumentAvailabilityGroup": availabilityGroup,
            "DocumentInstance": instance,
            "Applied": applied,
            "Plan": plan,
        ])

    // MARK: Operations

    private static let applying = OperationDescription(
        summary: "Apply a document",
        text: """
            What the document names is created or changed, all of it or nothing; what it does not name stays, unless \
            `prune` is `true`. Applying a document again changes nothing. A refused document is always answered with \
            400, whichever rule it breaks.
            """,
        parameters: [
            .query("dryRun", "Only tell what would change.", .boolean.standard(false), example: true), prune,
        ],
        body: body,
        answer: .result(
            "What has changed, or would.", .component("Applied"),
            example: Example.json(
                ApplyAnswer(
                    revision: 42, installedRevision: 42, dryRun: false,
                    changes: [.init(action: "created", resource: "listener web/http")], failure: nil))),
        refusals: .changing)

    private static let planning = OperationDescription(
        summary: "Tell what applying a document would change",
        text: """
            Nothing changes. The document is checked in the same way as for `:apply`. `tables` tells of each service that \
            has slots how many would move; it is computed by what then moves them.
            """, parameters: [prune],
        body: body,
        answer: .result(
            "What would change, field by field.", .component("Plan"),
            example: Example.json(
                PlanAnswer(
                    revision: 42,
                    changes: [
                        .init(
                            action: "updated", resource: "service web/web-http",
                            fields: [FieldDifference(field: "drainSeconds", before: "300", after: "60")]),
                        .init(
                            action: "updated", resource: "group web/servers",
                            fields: [FieldDifference(field: "targets[\"10.1.0.11\"].weight", before: "30", after: "10")]
                        ),
                    ], tables: [TableDescription.exampleForecast]))),
        refusals: .changing)

    private static let exporting = OperationDescription(
        summary: "Export all resources as a document",
        text: "YAML when `Accept` says so, else JSON. Applying it again changes nothing.",
        answer: Answer(
            text: "The document.",
            content: types.map { .init(type: $0, schema: .component("Document"), example: exampleDocument) }),
        refusals: .reading)

    private static let types = ["application/json", "application/yaml"]

    private static let prune = Parameter.query(
        "prune", "Delete what the document does not name.", .boolean.standard(false), example: false)

    private static let body = Body(
        schema: .component("Document"), examples: [Body.Example("Two targets", exampleText)], types: types)

    private static let exampleDocument = JSON(literal: exampleText)

    private static let exampleText = """
        {"apiVersion": "\(ConfigurationDocument.apiVersion)",
         "loadBalancers": [
           {"name": "mail", "vip": "203.0.113.30",
            "listeners": [{"name": "http", "protocol": "Tcp", "port": 80, "service": "mail-http"}],
            "services": [
              {"name": "mail-http", "protocol": "Tcp", "port": 8080, "algorithm": "QuintupleHash",
               "healthCheck": {"intervalSeconds": 5, "timeoutSeconds": 2}, "group": "servers"}],
            "groups": [
              {"name": "servers",
               "targets": [{"address": "10.1.0.31", "port": 8080, "weight": 10},
                           {"address": "10.1.0.32", "port": 8080, "weight": 20}]}]}]}
        """

    // MARK: Answers

    private static let applied = Schema.answer(
        fields: OperationDescription.outcomeFields + [
            .required("dryRun", .boolean), .required("changes", .list(of: .answer(fields: changeFields))),
            .optional("tables", forecasts.about("Of a dry run.")),
        ])

    private static let plan = Schema.answer(
        .required("revision", .integer(from: 0).about("Of the resources that the document was compared with.")),
        .required("changes", .list(of: .answer(fields: changeFields + [.required("fields", .list(of: fieldChange))]))),
        .required("tables", forecasts))

    private static let forecasts = Schema.list(of: .component("TableForecast"))
        .about("The services whose slots would move.")

    private static let changeFields: [Field] = [
        .required("action", .choice(of: Change.Action.self)),
        .required("resource", .text.about("Kind and name, as `listener web/http`.")),
    ]

    private static let fieldChange = Schema.answer(
        .required("field", .text.about("As the document calls it, as `healthCheck.intervalSeconds`.")),
        .optional("before", .text.about("Left out where there was none.")),
        .optional("after", .text.about("Left out where there is none any more.")))
}

// MARK: - The parts of a document

extension DocumentDescription {
    /// What holds for what is left out.
    private static let plain = BackendService(name: "", port: 1)

    private static let document = Schema.document(
        .required("apiVersion", .choice([ConfigurationDocument.apiVersion])),
        .optional("region", .component("Region")),
        .optional("loadBalancers", .list(of: .component("DocumentLoadBalancer"))),
        .optional("availabilityGroups", .list(of: .component("DocumentAvailabilityGroup"))),
        .optional("instances", .list(of: .component("DocumentInstance"))))

    private static let loadBalancer = Schema.document(
        .required("name", .name),
        .optional("description", .summary),
        .required("vip", .address),
        .optional("vpc", .vpc),
        .optional("subnet", .name.standard(.text(LoadBalancer.defaultSubnet)).about("Never changes.")),
        .optional("deletionProtection", .boolean.standard(false)),
        .optional("listeners", .list(of: .component("DocumentListener"))),
        .optional("services", .list(of: .component("DocumentService"))),
        .optional("groups", .list(of: .component("DocumentGroup"))))

    private static let listener = Schema.document(
        .required("name", .name),
        .optional("description", .summary),
        .optional("enabled", .boolean.standard(true)),
        .optional("protocol", transport),
        .required("port", .integer(Limits.port).about("Never changes.")),
        .required("service", .name.about("A service of the same load balancer.")))

    private static let service: Schema = {
        let both = Schema.answer(.required("group", .text), .required("availabilityGroup", .text))
        return Schema.document(
            .required("name", .name),
            .optional("description", .summary),
            .optional("protocol", transport),
            .required("port", .integer(Limits.port).about("Never changes.")),
            .optional("algorithm", choice(plain.algorithm)),
            .optional(
                "forwardingMode",
                .choice(Limits.servedForwardingModes.map(\.rawValue)).standard(.text(plain.forwardingMode.rawValue))),
            .optional("drainSeconds", .integer(Limits.drainSeconds).standard(.integer(plain.drainSeconds))),
            .optional("slowStartSeconds", .slowStartSeconds.standard(.integer(plain.slowStartSeconds))),
            .optional("allUnhealthyPolicy", choice(plain.allUnhealthyPolicy)),
            .optional("healthCheck", healthCheck),
            .optional("group", .name.about("A group of the same load balancer.")),
            .optional("availabilityGroup", .name.about("In place of `group`."))
        ).with("not", both.json)
    }()

    private static let healthCheck: Schema = {
        let check = plain.healthCheck
        func field(_ name: String, _ range: ClosedRange<Int>, _ standard: Int) -> Field {
            .optional(name, .integer(range).standard(.integer(standard)))
        }
        return .document(
            .optional("enabled", .boolean.standard(true)),
            .optional("protocol", choice(check.method)),
            field("port", Limits.portOrNone, check.port),
            field("timeoutSeconds", Limits.timeoutSeconds, check.timeoutSeconds),
            field("intervalSeconds", Limits.intervalSeconds, check.intervalSeconds),
            field("unhealthyThreshold", Limits.threshold, check.unhealthyThreshold),
            field("healthyThreshold", Limits.threshold, check.healthyThreshold))
    }()

    private static let group = Schema.document(
        .required("name", .name),
        .optional("description", .summary),
        .optional("type", choice(ServerGroup.Kind.instance)),
        .optional("targets", .list(of: .component("DocumentTarget"), count: 0...Limits.targetsPerGroup)))

    private static let target: Schema = {
        let common: [Field] = [
            .optional("port", .integer(Limits.portOrNone).standard(0).about("0 is the service's.")),
            .optional("weight", .integer(Limits.weight).standard(.integer(Target.defaultWeight))),
            .optional("adminState", .adminState.standard(.text(AdminState.enabled.rawValue))),
            .optional("drainUntil", .drainUntil),
        ]
        let address: [Field] = [
            .required("address", .address),
            .optional("instance", .nothing),
            .optional("type", .choice([Target.Kind.ip.rawValue])),
        ]
        let instance: [Field] = [
            .required("instance", .name.about("Id of an instance.")),
            .optional("address", .nothing),
            .optional("type", .instanceKind),
        ]
        return .oneOf(
            .document(fields: address + common).with("title", "An address"),
            .document(fields: instance + common).with("title", "An instance"))
    }()

    private static let availabilityGroup = Schema.document(
        .required("name", .name),
        .optional("description", .summary),
        .optional("vpc", .vpc),
        .optional("instances", .list(of: .name, count: 0...Limits.targetsPerGroup)))

    private static let instance = Schema.document(
        .required("id", .name),
        .optional("description", .summary),
        .required("address", .address),
        .optional("vpc", .vpc),
        .optional("state", choice(Instance.State.running)))

    private static let transport = Schema.protocol.standard("Tcp").about("Never changes.")

    /// One of all values, with the one that holds for what is left out.
    private static func choice<Value: CaseIterable & RawRepresentable<String>>(_ standard: Value) -> Schema {
        .choice(of: Value.self).standard(.text(standard.rawValue))
    }
}
