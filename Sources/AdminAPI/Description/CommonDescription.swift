// What many operations share: parameters, and schemas of values.

internal import HealthChecking
internal import NetworkTypes
internal import ServiceModel

extension Parameter {
    /// The versions that a change is for.
    static let ifMatch = Parameter(
        name: "If-Match", place: .header,
        text: "Change the resource only when it is at this version, or one of these: the `ETag` of the answer that was "
            + "read before. `*` is any, as is leaving it out.",
        schema: .text(pattern: EntityTag.pattern), example: "\"7\"")

    static func query(
        _ name: String, _ text: String, _ schema: Schema, isRequired: Bool = false, example: JSON? = nil
    ) -> Parameter {
        Parameter(name: name, place: .query, text: text, schema: schema, isRequired: isRequired, example: example)
    }

    /// Page, filters and order of a list.
    ///
    /// - Parameter filters: What the list can be filtered and sorted by.
    static func ofLists(filters: [String], example: (name: String, value: String)) -> [Parameter] {
        ofPages(standardSize: ListQuery.standardPageSize) + [
            query(
                "filters.1.name",
                "What to filter by. All filters must hold; the next are `filters.2.name` and so on. A filter needs a "
                    + "name and a value at least.", .choice(filters), example: .text(example.name)),
            query(
                "filters.1.operator",
                "`eq` and `in`: the same as one of the values. `ne`: none of them. `like`: contains one of them. `lt`, "
                    + "`le`, `gt`, `ge`: for ports, weights and `createdTime` (seconds since 1970), with one value.",
                .choice(of: ListQuery.Operator.self).standard(.text(ListQuery.Operator.equal.rawValue)),
                example: .text(ListQuery.Operator.equal.rawValue)),
            query(
                "filters.1.values.1", "What to compare with; a whole number where the field is one.", .text,
                example: .text(example.value)),
            query("filters.1.values.2", "One more value; the next are `filters.1.values.3` and so on.", .text),
            query(
                "sorts.1.name", "What to sort by; what is equal is sorted by `sorts.2.name` and so on.",
                .choice(filters), example: .text(example.name)),
            query(
                "sorts.1.direction", "Upwards or downwards.", .choice(["asc", "desc"]).standard("asc"), example: "asc"),
        ]
    }

    /// - Parameter standardSize: `nil` is one page with everything.
    static func ofPages(standardSize: Int?) -> [Parameter] {
        let size = Schema.integer(ListQuery.pageSizes)
        return [
            query(
                "pageNumber", "Which page; one beyond the last stands for the last.",
                .integer(ListQuery.pageNumbers).standard(1), example: 1),
            query(
                "pageSize", "How many stand on a page.", standardSize.map { size.standard(.integer($0)) } ?? size,
                example: .integer(ListQuery.standardPageSize)),
        ]
    }

    /// All parameters that stand in paths.
    ///
    /// - Parameter region: The only one that there is.
    static func ofPaths(region: String) -> [Parameter] {
        func path(_ name: String, _ text: String, _ schema: Schema, _ example: String) -> Parameter {
            Parameter(name: name, place: .path, text: text, schema: schema, isRequired: true, example: .text(example))
        }
        return [
            path("regionId", "The region of this daemon.", .choice([region]), region),
            path("loadBalancerId", "Id of a load balancer.", .id(.loadBalancer), Example.loadBalancerID),
            path("listenerId", "Id of a listener.", .id(.listener), Example.listenerID),
            path("backendId", "Id of a backend service.", .id(.service), Example.serviceID),
            path("targetGroupId", "Id of a virtual server group.", .id(.group), Example.groupID),
            path("agId", "Id of an availability group.", .id(.availabilityGroup), Example.availabilityGroupID),
            path("instanceId", "The id that you gave the instance.", .component("Name"), Example.instanceID),
            path("accessKey", "The public half of an access key.", .accessKey, Example.accessKey),
            path("tokenId", "Id of a bearer token.", .tokenID, Example.tokenID),
        ]
    }
}

extension Field {
    static let totalCount = required("totalCount", .integer(from: 0).about("How many there are on all pages."))
}

extension Schema {
    /// What the daemon gives; clients should not look into it.
    static func id(_ kind: ResourceID.Kind) -> Schema { .text(pattern: "^\(kind.rawValue)-[0-9a-f]{10}$") }

    static let name = Schema.component("Name")
    static let address = Schema.component("Address")
    static let summary = Schema.component("Description")
    static let createdTime = Schema.text(format: "date-time").about("When it was made, in UTC.")
    static let adminState = choice(of: AdminState.self)
        .about(
            "What you want of the target: `enabled` takes new connections as health and weight say, `draining` none, and "
                + "keeps those that it has until `drainUntil`, `disabled` none, and those that it has are cut at once.")
    static let drainUntil = Schema.text(
        pattern: "^(19[7-9]|[2-9][0-9]{2})[0-9]-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
            + "T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z$"
    )
    .about(
        "When a draining target is done, in UTC: what it still has is cut then, and it counts as disabled. Without it "
            + "connections stay until they end by themselves. Goes with `draining` only."
    ).example("2026-11-23T22:00:00Z")
    static let slowStartSeconds = Schema.integer(Limits.slowStartSeconds)
        .about(
            "How long a target that joined or recovered takes a growing part of its share; 0: all of it at once.")
    static let health = choice(of: Health.self)
        .about("`initial` until the first check is done, `N/A` when the health check is off.")
    static let `protocol` = Schema.choice(TransportProtocol.allCases.map(\.apiName))
    static let vpc = name.standard(.text(LoadBalancer.defaultVPC))
    static let state = choice(of: Instance.State.self)
    static let loadBalancerType = Schema.choice(["dnlb"])

    /// Addresses that are of no use to a load balancer, in their usual spelling.
    static let specialUse =
        #"^(0\.0\.0\.0|127\..*|169\.254\..*|(22[4-9]|23[0-9])\..*|255\.255\.255\.255"#
        + "|::1?|[fF][eE][89abAB][0-9a-fA-F]:.*|[fF][fF][0-9a-fA-F]{2}:.*)$"

    static let common: [String: Schema] = [
        "RequestId": .text(format: "uuid"),
        "Name": .text(length: Limits.nameLength, pattern: ResourceName.pattern)
            .about(
                "\(Limits.nameLength.lowerBound) to \(Limits.nameLength.upperBound) Chinese characters, letters a-z and "
                    + "A-Z, digits, `_` or `-`."
            ).example("web-http"),
        "Description": .text(length: 0...Limits.descriptionLength).about("For people only."),
        "Address": anyOf(.text(format: "ipv4"), .text(format: "ipv6")).with("not", text(pattern: specialUse).json)
            .about("IPv4 or IPv6, without a zone; not unspecified, loopback, link-local, multicast or broadcast.")
            .example("203.0.113.10"),
        "Outcome": .answer(fields: OperationDescription.outcomeFields).about("What a change came to."),
    ]
}
