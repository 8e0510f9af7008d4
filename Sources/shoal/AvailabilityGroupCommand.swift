internal import AdminTypes
internal import ArgumentParser
internal import CommandText
internal import ServiceModel

/// `shoal ag`: availability groups.
struct AvailabilityGroupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ag", abstract: "Availability groups: instances of equal weight, for any load balancer.",
        subcommands: [
            ListResources<AvailabilityGroupAnswer>.self, ShowResource<AvailabilityGroupAnswer>.self, Create.self,
            Update.self, Add.self, Remove.self, DeleteResource<AvailabilityGroupAnswer>.self,
        ])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Create an availability group.")

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var output: OutputOptions

        @Argument(help: "Its name.")
        var name: String

        @Option(help: "The VPC of its instances; never changes.")
        var vpc = LoadBalancer.defaultVPC

        @Option(help: "Id of an instance of it; may be said several times.")
        var instance: [String] = []

        @OptionGroup var details: DescriptionOption

        private struct Body: Encodable {
            let name: String
            let vpcId: String
            let instanceIds: [String]
            let description: String?
        }

        func run() async throws {
            let body = Body(name: name, vpcId: vpc, instanceIds: instance, description: details.description)
            let id = try await connection.client.create(AvailabilityGroupAnswer.self, body)
            try output.writeCreated(AvailabilityGroupAnswer.self, id)
        }
    }

    struct Update: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Change an availability group.")

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var condition: VersionCondition
        @OptionGroup var subject: SubjectArgument<AvailabilityGroupAnswer>
        @OptionGroup var naming: NamingOptions

        @Option(help: "Id of an instance; may be said several times. Those that are said replace all of the group.")
        var instance: [String] = []

        private struct Body: Encodable {
            let name: String?
            let instanceIds: [String]?
            let description: String?
        }

        func run() async throws {
            let found = try await connection.client.find(subject.name, as: AvailabilityGroupAnswer.self)
            let body = Body(
                name: naming.name, instanceIds: instance.isEmpty ? nil : instance,
                description: naming.details.description)
            try await connection.client.update(found, body, ifVersion: condition.ifVersion)
            print("\(found.description) updated")
        }
    }

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Bring instances into an availability group: all of them or none.")

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var condition: VersionCondition
        @OptionGroup var subject: SubjectArgument<AvailabilityGroupAnswer>
        @OptionGroup var members: MembersArgument

        func run() async throws {
            let found = try await members.send("addInstances", subject, condition, connection.client)
            for id in members.instances { print("instance \(id) added to \(found.description)") }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take instances out of an availability group: all of them or none.")

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var condition: VersionCondition
        @OptionGroup var subject: SubjectArgument<AvailabilityGroupAnswer>
        @OptionGroup var members: MembersArgument

        func run() async throws {
            let found = try await members.send("removeInstances", subject, condition, connection.client)
            for id in members.instances { print("instance \(id) removed from \(found.description)") }
        }
    }
}

/// Instances that come to an availability group or leave it.
struct MembersArgument: ParsableArguments {
    @Argument(help: ArgumentHelp("Ids of instances.", valueName: "instance"))
    var instances: [String]

    private struct Body: Encodable {
        let instanceIds: [String]
    }

    fileprivate func send(
        _ action: String, _ subject: SubjectArgument<AvailabilityGroupAnswer>, _ condition: VersionCondition,
        _ client: APIClient
    ) async throws -> Found<AvailabilityGroupAnswer> {
        let found = try await client.find(subject.name, as: AvailabilityGroupAnswer.self)
        _ = try await client.post(
            "\(found.uri):\(action)", Body(instanceIds: instances), ifVersion: condition.ifVersion,
            as: APIClient.Done.self)
        return found
    }
}
