internal import AdminTypes
internal import ArgumentParser
internal import CommandText
internal import ServiceModel

/// `shoal lb`: load balancers, each the owner of a VIP.
struct LoadBalancerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lb", abstract: "Load balancers: owners of a VIP and of what is below it.",
        subcommands: [
            ListResources<LoadBalancerAnswer>.self, ShowResource<LoadBalancerAnswer>.self, Create.self, Update.self,
            Delete.self,
        ])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Create a load balancer.")

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var output: OutputOptions

        @Argument(help: "Its name.")
        var name: String

        @Option(help: ArgumentHelp("Its virtual address. (default: a free one of the subnet)", valueName: "address"))
        var vip: String?

        @Option(help: "Name of the subnet that the VIP comes from; never changes.")
        var subnet = LoadBalancer.defaultSubnet

        @Flag(inversion: .prefixedNo, help: "Whether it cannot be deleted. (default: --no-protect)")
        var protect: Bool?

        @OptionGroup var details: DescriptionOption

        private struct Body: Encodable {
            let loadBalancerName: String
            let subnetId: String
            let privateIpAddress: String?
            let deleteProtection: Bool?
            let description: String?
        }

        func run() async throws {
            let body = Body(
                loadBalancerName: name, subnetId: subnet, privateIpAddress: vip, deleteProtection: protect,
                description: details.description)
            let id = try await connection.client.create(LoadBalancerAnswer.self, body)
            try output.writeCreated(LoadBalancerAnswer.self, id)
        }
    }

    struct Update: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Change a load balancer.")

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var condition: VersionCondition
        @OptionGroup var subject: SubjectArgument<LoadBalancerAnswer>
        @OptionGroup var naming: NamingOptions

        @Option(help: ArgumentHelp("Another virtual address of its subnet.", valueName: "address"))
        var vip: String?

        @Flag(inversion: .prefixedNo, help: "Whether it cannot be deleted.")
        var protect: Bool?

        private struct Body: Encodable {
            let loadBalancerName: String?
            let privateIpAddress: String?
            let deleteProtection: Bool?
            let description: String?
        }

        func run() async throws {
            let found = try await connection.client.find(subject.name, as: LoadBalancerAnswer.self)
            let body = Body(
                loadBalancerName: naming.name, privateIpAddress: vip, deleteProtection: protect,
                description: naming.details.description)
            try await connection.client.update(found, body, ifVersion: condition.ifVersion)
            print("\(found.description) updated")
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Delete a load balancer with its listeners, services and groups.",
            discussion: "Asks first when it has listeners.")

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var condition: VersionCondition
        @OptionGroup var subject: SubjectArgument<LoadBalancerAnswer>

        @Flag(help: "Do not ask.")
        var yes = false

        func run() async throws {
            let found = try await connection.client.find(subject.name, as: LoadBalancerAnswer.self)
            if !yes { try await confirm(found) }
            try await connection.client.delete(found.uri, ifVersion: condition.ifVersion)
            print("\(found.description) deleted")
        }

        private func confirm(_ found: Found<LoadBalancerAnswer>) async throws {
            let listeners = try await connection.client.list(
                ListenerAnswer.self, where: ["loadBalancerId": found.answer.id])
            guard !listeners.isEmpty else { return }
            let count = listeners.count == 1 ? "1 listener" : "\(listeners.count) listeners"
            try shoal.confirm(
                "Delete \(found.description) with \(count) on \(found.answer.privateIp.privateIpAddress)?",
                otherwise: "\(found.description) has \(count); say --yes when nobody is there to be asked")
        }
    }
}
