// What is the same for all kinds of resources: to list, show and delete them.

internal import AdminTypes
internal import ArgumentParser
internal import CommandText
internal import ServiceModel

/// `list` of a kind that belongs to the region.
struct ListResources<Answer: ResourceAnswer>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(commandName: "list", abstract: "List the \(Answer.kind.noun)s.")
    }

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let answers = try await connection.client.list(Answer.self)
        try await output.write(answers, connection.client)
    }
}

/// `list` of a kind that belongs to load balancers.
struct ListBelowLoadBalancers<Answer: ResourceAnswer>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(commandName: "list", abstract: "List the \(Answer.kind.noun)s.")
    }

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    @Option(help: ArgumentHelp("Only those of a load balancer, by name or id.", valueName: "load-balancer"))
    var lb: String?

    func run() async throws {
        let owner = try await lb.mapAsync { try await connection.client.find($0, as: LoadBalancerAnswer.self) }
        let filters = owner.map { ["loadBalancerId": $0.answer.id] } ?? [:]
        let answers = try await connection.client.list(Answer.self, where: filters)
        try await output.write(answers, connection.client)
    }
}

/// `show`: one resource with its version.
struct ShowResource<Answer: ResourceAnswer>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "show", abstract: "Show one \(Answer.kind.noun), with the version that --if-version takes.")
    }

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var subject: SubjectArgument<Answer>

    func run() async throws {
        let found = try await connection.client.find(subject.name, as: Answer.self)
        try await output.write(try await connection.client.read(found), connection.client)
    }
}

/// `delete`, which does not ask.
struct DeleteResource<Answer: ResourceAnswer>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(commandName: "delete", abstract: "Delete \(Answer.article) \(Answer.kind.noun).")
    }

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var condition: VersionCondition
    @OptionGroup var subject: SubjectArgument<Answer>

    func run() async throws {
        let found = try await connection.client.find(subject.name, as: Answer.self)
        try await connection.client.delete(found.uri, ifVersion: condition.ifVersion)
        print("\(found.description) deleted")
    }
}

/// Which resource a command is about.
struct SubjectArgument<Answer: ResourceAnswer>: ParsableArguments {
    @Argument(
        help: ArgumentHelp(
            Answer.kind.isBelowLoadBalancer
                ? "LOAD-BALANCER/NAME, the name where only one bears it, or the id." : "Its name or id.",
            valueName: "name"))
    var name: String
}

/// What something new is called.
struct PlaceArgument: ParsableArguments {
    @Argument(
        help: ArgumentHelp("Load balancer and name of the new one, as in web/http.", valueName: "load-balancer/name"))
    var name: String
}

/// Guards a change against those of others.
struct VersionCondition: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Change it only while it has this version, which \"show\" tells; exit code 5 when it has another.",
            valueName: "version"))
    var ifVersion: UInt64?
}

/// What every resource may be called and described as.
struct NamingOptions: ParsableArguments {
    @Option(help: "A new name, \(Limits.nameLength) letters, digits, Chinese characters, _ or -.")
    var name: String?

    @OptionGroup var details: DescriptionOption
}

struct DescriptionOption: ParsableArguments {
    @Option(help: ArgumentHelp("For people, at most \(Limits.descriptionLength) characters.", valueName: "text"))
    var description: String?
}

extension ResourceAnswer {
    /// The indefinite article.
    static var article: String { "aeiou".contains(kind.noun.prefix(1)) ? "an" : "a" }
}

// MARK: - Output

extension OutputOptions {
    /// A list of resources, in a table with the names of what they refer to.
    func write<Answer: ResourceAnswer>(_ answers: [Answer], _ client: APIClient) async throws {
        guard format == .table else { return try format.write(answers) { _ in "" } }
        guard !answers.isEmpty else { return print("there are no \(Answer.kind.noun)s") }
        print(Answer.table(of: answers, try await client.names(for: answers)), terminator: "")
    }

    /// One resource, with its version.
    func write<Answer: ResourceAnswer>(_ reply: APIClient.Reply<Answer>, _ client: APIClient) async throws {
        let names = format == .table ? try await client.names(for: [reply.result]) : Names()
        try format.write(Versioned(resource: reply.result, version: reply.version)) { shown in
            shown.resource.card(names, adding: shown.version.map { [("VERSION", "\($0)")] } ?? [])
        }
    }

    /// The id of something new.
    func writeCreated<Answer: ResourceAnswer>(_: Answer.Type, _ id: String) throws {
        try format.write([Answer.kind.idKey: id]) { _ in "\(id) created\n" }
    }
}

/// A resource and its version as one object.
struct Versioned<Resource: Encodable>: Encodable {
    let resource: Resource
    let version: UInt64?

    private enum CodingKeys: String, CodingKey { case version }

    func encode(to encoder: any Encoder) throws {
        try resource.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(version, forKey: .version)
    }
}

extension Optional {
    /// `map` for what takes its time.
    func mapAsync<Result>(_ body: (Wrapped) async throws -> Result) async rethrows -> Result? {
        guard let self else { return nil }
        return try await body(self)
    }
}
