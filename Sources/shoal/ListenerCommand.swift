internal import AdminTypes
internal import ArgumentParser
internal import CommandText
internal import NetworkTypes
internal import ServiceModel

/// `shoal listener`: what packets are matched with.
struct ListenerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "listener", abstract: "Listeners: the ports of a VIP, and which service serves each.",
        subcommands: [
            ListBelowLoadBalancers<ListenerAnswer>.self, ShowResource<ListenerAnswer>.self, Create.self, Update.self,
            Enable.self, Disable.self, DeleteResource<ListenerAnswer>.self,
        ])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Create a listener.", discussion: "Its protocol and port never change.")

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var place: PlaceArgument

        @Option(name: .customLong("protocol"), help: "What it takes.")
        var transport = Word(TransportProtocol.tcp)

        @Option(help: "The port, \(Limits.port); protocol and port are unique in a load balancer.")
        var port: Int

        @Option(help: "The backend service, by name or id; one of the same load balancer and protocol.")
        var service: String

        @Flag(help: "Hold the port, but take no packets yet.")
        var disabled = false

        @OptionGroup var details: DescriptionOption

        private struct Body: Encodable {
            let listenerName: String
            let loadBalancerId: String
            let `protocol`: String
            let port: Int
            let backendId: String
            let status: String
            let description: String?
        }

        func run() async throws {
            let client = connection.client
            let (owner, name) = try await client.place(place.name)
            let service = try await client.find(self.service, as: BackendAnswer.self, below: owner.answer.id)
            let body = Body(
                listenerName: name, loadBalancerId: owner.answer.id, protocol: transport.text, port: port,
                backendId: service.answer.id, status: disabled ? "Off" : "On", description: details.description)
            try output.writeCreated(ListenerAnswer.self, try await client.create(ListenerAnswer.self, body))
        }
    }

    private struct Changes: Encodable {
        var listenerName: String?
        var backendId: String?
        var status: String?
        var description: String?
    }

    struct Update: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Change a listener.")

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var condition: VersionCondition
        @OptionGroup var subject: SubjectArgument<ListenerAnswer>
        @OptionGroup var naming: NamingOptions

        @Option(help: "Another backend service, by name or id; one of the same load balancer and protocol.")
        var service: String?

        func run() async throws {
            let client = connection.client
            let found = try await client.find(subject.name, as: ListenerAnswer.self)
            let service = try await service.mapAsync {
                try await client.find($0, as: BackendAnswer.self, below: found.answer.loadBalancerId)
            }
            let changes = Changes(
                listenerName: naming.name, backendId: service?.answer.id, description: naming.details.description)
            try await client.update(found, changes, ifVersion: condition.ifVersion)
            print("\(found.description) updated")
        }
    }

    struct Enable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Let a listener take packets.")

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var condition: VersionCondition
        @OptionGroup var subject: SubjectArgument<ListenerAnswer>

        func run() async throws {
            let found = try await connection.client.find(subject.name, as: ListenerAnswer.self)
            try await connection.client.update(found, Changes(status: "On"), ifVersion: condition.ifVersion)
            print("\(found.description) enabled")
        }
    }

    struct Disable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let a listener take no packets; it holds its port.")

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var condition: VersionCondition
        @OptionGroup var subject: SubjectArgument<ListenerAnswer>

        func run() async throws {
            let found = try await connection.client.find(subject.name, as: ListenerAnswer.self)
            try await connection.client.update(found, Changes(status: "Off"), ifVersion: condition.ifVersion)
            print("\(found.description) disabled")
        }
    }
}
