internal import AdminTypes
internal import ArgumentParser
internal import CommandText
internal import ServiceModel

/// `shoal instance`: machines that targets and availability groups refer to.
struct InstanceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "instance", abstract: "Instances: machines that targets and availability groups refer to.",
        subcommands: [
            ListResources<InstanceAnswer>.self, ShowResource<InstanceAnswer>.self, Create.self, Update.self,
            DeleteResource<InstanceAnswer>.self,
        ])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Create an instance.")

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var output: OutputOptions

        @Argument(help: "Its id, which is its name, too.")
        var id: String

        @Option(help: "Where it is reached.")
        var address: String

        @Option(help: "The VPC that it is in.")
        var vpc = LoadBalancer.defaultVPC

        @Option(help: "A stopped one takes no connections, whatever its health.")
        var state = Word(Instance.State.running)

        @OptionGroup var details: DescriptionOption

        private struct Body: Encodable {
            let instanceId: String
            let privateIpAddress: String
            let vpcId: String
            let status: String
            let description: String?
        }

        func run() async throws {
            let body = Body(
                instanceId: id, privateIpAddress: address, vpcId: vpc, status: state.text,
                description: details.description)
            let id = try await connection.client.create(InstanceAnswer.self, body)
            try output.writeCreated(InstanceAnswer.self, id)
        }
    }

    struct Update: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Change an instance.")

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var condition: VersionCondition
        @OptionGroup var subject: SubjectArgument<InstanceAnswer>

        @Option(help: "Where it is reached.")
        var address: String?

        @Option(help: "The VPC that it is in.")
        var vpc: String?

        @Option(help: "A stopped one takes no connections, whatever its health.")
        var state: Word<Instance.State>?

        @OptionGroup var details: DescriptionOption

        private struct Body: Encodable {
            let privateIpAddress: String?
            let vpcId: String?
            let status: String?
            let description: String?
        }

        func run() async throws {
            let found = try await connection.client.find(subject.name, as: InstanceAnswer.self)
            let body = Body(
                privateIpAddress: address, vpcId: vpc, status: state?.text, description: details.description)
            try await connection.client.update(found, body, ifVersion: condition.ifVersion)
            print("\(found.description) updated")
        }
    }
}
