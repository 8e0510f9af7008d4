internal import AdminTypes
internal import ArgumentParser
internal import CommandText
internal import ServiceModel

/// `shoal group`: virtual server groups. What is in them is for `shoal target`.
struct GroupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "group", abstract: "Virtual server groups: targets with port and weight of their own.",
        subcommands: [
            ListBelowLoadBalancers<TargetGroupAnswer>.self, ShowResource<TargetGroupAnswer>.self, Create.self,
            Update.self, DeleteResource<TargetGroupAnswer>.self,
        ])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Create a virtual server group without targets.",
            discussion: "\"shoal target add\" brings targets into it.")

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var place: PlaceArgument

        @Option(help: "What it may hold: every kind of target, or such by address only. Never changes.")
        var type = Word(ServerGroup.Kind.instance)

        @OptionGroup var details: DescriptionOption

        private struct Body: Encodable {
            let targetGroupName: String
            let loadBalancerId: String
            let type: String
            let description: String?
        }

        func run() async throws {
            let (owner, name) = try await connection.client.place(place.name)
            let body = Body(
                targetGroupName: name, loadBalancerId: owner.answer.id, type: type.text,
                description: details.description)
            let id = try await connection.client.create(TargetGroupAnswer.self, body)
            try output.writeCreated(TargetGroupAnswer.self, id)
        }
    }

    struct Update: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Change a virtual server group.")

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var condition: VersionCondition
        @OptionGroup var subject: SubjectArgument<TargetGroupAnswer>
        @OptionGroup var naming: NamingOptions

        private struct Body: Encodable {
            let targetGroupName: String?
            let description: String?
        }

        func run() async throws {
            let found = try await connection.client.find(subject.name, as: TargetGroupAnswer.self)
            let body = Body(targetGroupName: naming.name, description: naming.details.description)
            try await connection.client.update(found, body, ifVersion: condition.ifVersion)
            print("\(found.description) updated")
        }
    }
}
