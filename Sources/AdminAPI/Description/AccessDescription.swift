internal import AdminTypes
internal import Authentication
internal import ServiceModel
internal import Store

enum AccessDescription {
    static let chapter = APIDescription.Chapter(
        name: "Access",
        text: """
            Who may use the API over TCP: access keys, which sign requests, and bearer tokens. And who changed what: the \
            audit log.
            """,
        operations: [
            .describeKeys: keys,
            .createKey: makingKey,
            .deleteKey: revokingKey,
            .describeTokens: tokens,
            .createToken: makingToken,
            .deleteToken: revokingToken,
            .readAudit: audit,
        ],
        schemas: ["NewCredential": newCredential, "Key": key, "Token": token, "AuditEntry": auditEntry])

    // MARK: Operations

    private static let keys = list(
        "List access keys", "Secrets are not told again.", field: "keys", of: .component("Key"),
        example: exampleKey(isRevoked: false))

    private static let tokens = list(
        "List bearer tokens", "The tokens themselves are not told again.", field: "tokens", of: .component("Token"),
        example: exampleToken(isRevoked: false))

    private static let makingKey = making(
        "Create an access key", "The answer is the only one that tells the secret.", id: "accessKey",
        .answer(
            .required("accessKey", .accessKey),
            .required("secretKey", .text(pattern: "^shoalsk_[0-9a-f]{64}$").about("Shown once.")),
            .required("role", role)),
        example: Example.json(
            NewKeyAnswer(accessKey: Example.accessKey, secretKey: "shoalsk_" + digits, role: "operator")))

    private static let makingToken = making(
        "Create a bearer token", "The answer is the only one that tells the token.", id: "tokenId",
        .answer(
            .required("tokenId", .tokenID),
            .required("token", .text(pattern: "^shoal_[0-9a-f]{64}$").about("Shown once.")),
            .required("role", role)),
        example: Example.json(NewTokenAnswer(tokenId: Example.tokenID, token: "shoal_" + digits, role: "operator")))

    private static let revokingKey = revoking(
        "Revoke an access key", .component("Key"), example: exampleKey(isRevoked: true))

    private static let revokingToken = revoking(
        "Revoke a bearer token", .component("Token"), example: exampleToken(isRevoked: true))

    private static let audit = OperationDescription(
        summary: "Read the audit log",
        text: """
            Who changed what, oldest first. To follow the log, ask again with `after` set to `lastRevision`. Entries of \
            one change have one revision and come together, so that an answer may have some more than `limit`.
            """,
        parameters: [
            .query("after", "Only entries of later revisions.", .integer(0...Int.max).standard(0), example: 0),
            .query("limit", "How many entries, about.", .integer(1...1000).standard(100), example: 100),
            .query(
                "newest", "The newest entries, in place of the oldest; not more than `limit`.",
                .boolean.standard(false), example: true),
        ],
        answer: .result(
            "A part of the log.",
            .answer(
                .required("entries", .list(of: .component("AuditEntry"))),
                .required("lastRevision", .integer(from: 0).about("What to ask for the next ones with."))),
            example: Example.json(exampleAudit)),
        refusals: .reading)

    private static func list(
        _ summary: String, _ text: String, field: String, of element: Schema, example: JSON
    ) -> OperationDescription {
        OperationDescription(
            summary: summary, text: "Revoked ones too, oldest first. " + text,
            parameters: Parameter.ofPages(standardSize: ListQuery.standardPageSize),
            answer: .result(
                "One page of the list.", .answer(.required(field, .list(of: element)), .totalCount),
                example: .object([field: .list([example]), "totalCount": 1])),
            refusals: .reading)
    }

    private static func making(
        _ summary: String, _ text: String, id: String, _ schema: Schema, example: JSON
    ) -> OperationDescription {
        OperationDescription(
            summary: summary, text: text,
            body: Body(
                schema: .component("NewCredential"),
                examples: [Body.Example("For deployments", #"{"role": "operator", "description": "deployments"}"#)]),
            answer: .result("It is there.", schema, example: example), refusals: [.unavailable, .storeFull],
            makes: id)
    }

    private static func revoking(_ summary: String, _ schema: Schema, example: JSON) -> OperationDescription {
        OperationDescription(
            summary: summary, text: "It is refused from now on, for good, and stays in the list.",
            answer: .result(
                "It is revoked.", schema, example: example),
            refusals: [.notFound, .unavailable, .storeFull])
    }

    // MARK: Schemas and examples

    private static let role = Schema.choice(of: Role.self)

    private static let newCredential = Schema.request(
        .required("role", role.about("What it may.")), .optional("description", .summary))

    private static let key = Schema.answer(fields: [.required("accessKey", .accessKey)] + credentialFields)
    private static let token = Schema.answer(fields: [.required("tokenId", .tokenID)] + credentialFields)

    private static let credentialFields: [Field] = [
        .required("role", role),
        .required("description", .summary),
        .required("createdTime", .createdTime),
        .required("createdBy", .text.about("Who asked for it.")),
        .optional("lastUsedTime", .createdTime.about("Exact to a minute or so; left out before the first use.")),
        .required("isRevoked", .boolean.about("For good.")),
    ]

    private static let auditEntry = Schema.answer(
        .required("revision", .integer(from: 0).about("The one that the change made.")),
        .required("time", .createdTime.about("When, in UTC.")),
        .required("author", author),
        .required("action", .choice(of: Change.Action.self)),
        .required(
            "kind",
            .choice(
                Change.Kind.allCases.map(\.rawValue) + [HistoryEntry.Kind.accessKey, .token].map(\.rawValue))),
        .required("id", .text),
        .required(
            "name", .text.about("As `web/http`; of a key or token its description, or else its id.")),
        .optional("before", .text.about("The resource as it was, a JSON text; left out when it was made.")),
        .optional("after", .text.about("The resource as it is since, a JSON text; left out when it was deleted.")))

    private static let author = Schema.answer(
        .required("kind", .choice(of: Author.Kind.self).about("How they proved who they are.")),
        .required("name", .text.about("Of the user, the key or the token.")),
        .optional("uid", .integer(from: 0)),
        .optional("remote", .text.about("The client's address.")))

    private static let digits = String(repeating: "0123456789abcdef", count: 4)

    private static func exampleKey(isRevoked: Bool) -> JSON {
        Example.json(
            KeyAnswer(
                accessKey: Example.accessKey, role: "operator", description: "deployments", createdAt: Example.time,
                createdBy: "root", lastUsed: nil, isRevoked: isRevoked))
    }

    private static func exampleToken(isRevoked: Bool) -> JSON {
        Example.json(
            TokenAnswer(
                tokenId: Example.tokenID, role: "viewer", description: "dashboards", createdAt: Example.time,
                createdBy: "root", lastUsed: Example.time, isRevoked: isRevoked))
    }

    private static let exampleAudit = AuditAnswer(
        entries: [
            AuditEntryAnswer(
                revision: 42, unixSeconds: Example.time,
                author: .init(kind: "socket", name: "root", uid: 0, remote: nil), action: "updated", kind: "listener",
                id: Example.listenerID, name: "web/http", before: #"{"isEnabled":true,"name":"http"}"#,
                after: #"{"isEnabled":false,"name":"http"}"#)
        ], lastRevision: 42)
}

extension Schema {
    static let accessKey = text(pattern: "^AK[0-9A-F]{32}$")
    static let tokenID = text(pattern: "^tok-[0-9a-f]{16}$")
}
