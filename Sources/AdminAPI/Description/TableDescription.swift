internal import AdminTypes
internal import ServiceModel

/// The schemas of what is told about tables.
enum TableDescription {
    static let schema = Schema.answer(
        .required("loadBalancer", .name),
        .required("service", .name),
        .required("generation", .integer(from: 0).about("Counts the tables that the service has had; wraps.")),
        .required("slots", .integer(from: 0)),
        .required("movingSlots", .integer(from: 0).about("Those whose older flows may be with another target.")),
        .optional(
            "digest", digest.about("Of the table in force: equal on nodes that forward alike, wherever no slot moves.")),
        .optional("canonicalDigest", digest.about("Of the table by weight alone: equal on nodes that agree.")),
        .required("targets", .list(of: target).about("Those of the service, then those that left.")))

    private static let digest = Schema.text(pattern: "^[0-9a-f]{16}$")

    private static let target = Schema.answer(
        .required("endpoint", .text.about("Address and port.")),
        .optional("adminState", .adminState.about("Left out for a target that has left the service.")),
        .optional("drainUntil", .drainUntil),
        .required("weight", .integer(Limits.weight)),
        .required("health", .health),
        .required("slots", .integer(from: 0).about("Those whose new flows it gets.")),
        .required("share", .number(0...1).about("Part of all slots that these are.")),
        .required("dueShare", .number(0...1).about("Part of all slots by weight alone.")),
        .required(
            "previousSlots",
            .integer(from: 0).about("Moving slots whose older flows it gets, unless they are pinned elsewhere.")),
        .required(
            "flows", flows.about("Live flows of moving slots that are pinned to it. Silent ones are not counted.")),
        .required("isLeaving", .boolean.about("Whether it has left the service, while flows may be with it.")))

    private static let flows = Schema.answer(
        .required("opening", .integer(from: 0).about("SYNs were seen, and nothing else.")),
        .required("seenOnce", .integer(from: 0).about("One packet was seen, of a flow that had begun before.")),
        .required("established", .integer(from: 0)),
        .required("closing", .integer(from: 0).about("FIN or RST was seen.")),
        .required("udp", .integer(from: 0).about("Of UDP, where no packet says whether it begins or ends a flow.")))

    static let forecast = Schema.answer(
        .required("loadBalancer", .name),
        .required("service", .name),
        .required(
            "movedShare",
            .number(0...1).about(
                "Share of the slots that get another owner, by weight alone: targets that are not ready, or take no new "
                    + "flows, have theirs lent to others meanwhile.")),
        .required("neededShare", .number(0...1).about("The least that has to move for these shares.")),
        .optional(
            "pinnedFlowsOfLosers",
            .integer(from: 0).about(
                "Live flows that are pinned to targets which lose slots, and stay there. Flows of settled slots are not "
                    + "counted by anybody. Left out when pins can't be read.")),
        .required("targets", .list(of: forecastTarget)))

    private static let forecastTarget = Schema.answer(
        .required("endpoint", .text.about("Address and port.")),
        .required("before", .number(0...1).about("Share of the slots.")),
        .required("after", .number(0...1).about("Share of the slots.")))

    static let exampleForecast = TableForecastAnswer(
        loadBalancer: "web", service: "web-http", movedShare: 0.25, neededShare: 0.25, pinnedFlowsOfLosers: 0,
        targets: [
            .init(endpoint: "10.1.0.11:8080", before: 0.75, after: 0.5),
            .init(endpoint: "10.1.0.21:8080", before: 0.25, after: 0.5),
        ])

    static let example = Example.json(
        TableAnswer(
            loadBalancer: "web", service: "web-http", generation: 3, slots: 251, movingSlots: 84,
            digest: 0x3f9a_0c1d_2e4b_5a69, canonicalDigest: 0x8879_6a5b_4c3d_2e1f,
            targets: [
                .init(
                    endpoint: "10.1.0.11:8080", adminState: AdminState.enabled.rawValue, drainUntil: nil, weight: 20,
                    health: "healthy", slots: 251, share: 1, dueShare: 2.0 / 3, previousSlots: 0,
                    flows: .init(opening: 0, seenOnce: 0, established: 0, closing: 0, udp: 0), isLeaving: false),
                .init(
                    endpoint: "10.1.0.21:8080", adminState: AdminState.draining.rawValue,
                    drainUntil: Example.time + 300, weight: 10, health: "healthy", slots: 0, share: 0,
                    dueShare: 1.0 / 3, previousSlots: 84,
                    flows: .init(opening: 0, seenOnce: 1, established: 6, closing: 1, udp: 0), isLeaving: false),
            ]))
}
