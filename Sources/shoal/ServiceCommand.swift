internal import AdminTypes
internal import ArgumentParser
internal import CommandText
internal import NetworkTypes
internal import ServiceModel

/// `shoal service`: backend services.
struct ServiceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "service",
        abstract: "Backend services: how connections are spread over a group, and how its targets are checked.",
        subcommands: [
            ListBelowLoadBalancers<BackendAnswer>.self, ShowResource<BackendAnswer>.self, Create.self, Update.self,
            SetGroup.self, DeleteResource<BackendAnswer>.self,
        ])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Create a backend service.",
            discussion: """
                Its protocol and port never change. Its health check is on; "service update" can switch it off.
                """)

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var place: PlaceArgument

        @Option(name: .customLong("protocol"), help: "What it serves.")
        var transport = Word(TransportProtocol.tcp)

        @Option(help: "The port of targets that have none of their own, \(Limits.port).")
        var port: Int

        @OptionGroup var servers: ServersOptions
        @OptionGroup var balancing: BalancingOptions
        @OptionGroup(title: "Health Check") var check: HealthCheckOptions
        @OptionGroup var details: DescriptionOption

        private struct Body: Encodable {
            let backendName: String
            let loadBalancerId: String
            let `protocol`: String
            let port: Int
            let algorithm: String?
            let forwardingMode: String?
            let drainSeconds: Int?
            let slowStartSeconds: Int?
            let allUnhealthyPolicy: String?
            let healthCheckSpec: HealthCheckOptions.Body
            let targetGroupIds: [String]?
            let agIds: [String]?
            let description: String?
        }

        func run() async throws {
            let client = connection.client
            let (owner, name) = try await client.place(place.name)
            let ids = try await servers.ids(client, below: owner.answer.id)
            let body = Body(
                backendName: name, loadBalancerId: owner.answer.id, protocol: transport.text, port: port,
                algorithm: balancing.algorithm?.text, forwardingMode: balancing.forwardingMode?.text,
                drainSeconds: balancing.drain, slowStartSeconds: balancing.slowStartSeconds,
                allUnhealthyPolicy: balancing.allUnhealthy?.text, healthCheckSpec: check.body(method: .tcp),
                targetGroupIds: ids.group, agIds: ids.availabilityGroup, description: details.description)
            try output.writeCreated(BackendAnswer.self, try await client.create(BackendAnswer.self, body))
        }
    }

    struct Update: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Change a backend service.", discussion: "What is not said stays as it is.")

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var condition: VersionCondition
        @OptionGroup var subject: SubjectArgument<BackendAnswer>
        @OptionGroup var naming: NamingOptions
        @OptionGroup var balancing: BalancingOptions

        @OptionGroup(title: "Health Check") var checking: HealthCheckSwitch
        @OptionGroup(title: "Health Check") var check: HealthCheckOptions

        private struct Body: Encodable {
            let backendName: String?
            let algorithm: String?
            let forwardingMode: String?
            let drainSeconds: Int?
            let slowStartSeconds: Int?
            let allUnhealthyPolicy: String?
            let closeHealthCheck: Bool?
            let healthCheckSpec: HealthCheckOptions.Body?
            let description: String?
        }

        func run() async throws {
            let found = try await connection.client.find(subject.name, as: BackendAnswer.self)
            let body = Body(
                backendName: naming.name, algorithm: balancing.algorithm?.text,
                forwardingMode: balancing.forwardingMode?.text, drainSeconds: balancing.drain,
                slowStartSeconds: balancing.slowStartSeconds, allUnhealthyPolicy: balancing.allUnhealthy?.text,
                closeHealthCheck: checking.healthCheck.map { $0.value == .off },
                healthCheckSpec: check.isEmpty ? nil : check.body(),
                description: naming.details.description)
            try await connection.client.update(found, body, ifVersion: condition.ifVersion)
            print("\(found.description) updated")
        }
    }

    struct SetGroup: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give a backend service another server group, or none.")

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var condition: VersionCondition
        @OptionGroup var subject: SubjectArgument<BackendAnswer>
        @OptionGroup var servers: ServersOptions

        @Flag(help: "No group: new connections have nowhere to go.")
        var none = false

        private struct Body: Encodable {
            let targetGroupIds: [String]?
            let agIds: [String]?
        }

        func validate() throws {
            if none == servers.isSome {
                throw ValidationError("say one of --group, --availability-group and --none")
            }
        }

        func run() async throws {
            let client = connection.client
            let found = try await client.find(subject.name, as: BackendAnswer.self)
            let ids = try await servers.ids(client, below: found.answer.loadBalancerId)
            let body =
                none
                ? Body(targetGroupIds: [], agIds: [])
                : Body(targetGroupIds: ids.group, agIds: ids.availabilityGroup)
            try await client.update(found, body, ifVersion: condition.ifVersion)
            print("\(found.description) updated")
        }
    }
}

/// The servers of a backend service: at most one group, of one of two kinds.
struct ServersOptions: ParsableArguments {
    @Option(help: "Its virtual server group, by name or id; one of the same load balancer.")
    var group: String?

    @Option(help: ArgumentHelp("Its availability group, by name or id.", valueName: "group"))
    var availabilityGroup: String?

    var isSome: Bool { group != nil || availabilityGroup != nil }

    func validate() throws {
        if group != nil, availabilityGroup != nil {
            throw ValidationError("a service has a group or an availability group, not both")
        }
    }

    /// Lists of ids as the API takes them.
    func ids(
        _ client: APIClient, below owner: String
    ) async throws -> (group: [String]?, availabilityGroup: [String]?) {
        let group = try await group.mapAsync { try await client.find($0, as: TargetGroupAnswer.self, below: owner) }
        let availabilityGroup = try await availabilityGroup.mapAsync {
            try await client.find($0, as: AvailabilityGroupAnswer.self)
        }
        return (group.map { [$0.answer.id] }, availabilityGroup.map { [$0.answer.id] })
    }
}

/// How a backend service spreads connections.
struct BalancingOptions: ParsableArguments {
    private static let standard = BackendService(name: "", port: 1)

    @Option(
        help: """
            What picks the target of a connection: the client's address, or the whole five-tuple. A new service has \
            \(standard.algorithm.rawValue).
            """)
    var algorithm: Word<BackendService.Algorithm>?

    @Option(
        help: ArgumentHelp(
            "How packets travel to targets. A new service has \(standard.forwardingMode.rawValue).",
            valueName: "mode"))
    var forwardingMode: Word<BackendService.ForwardingMode>?

    @Option(
        help: ArgumentHelp(
            """
            How long a target that takes no new connections keeps those that it has, \(Limits.drainSeconds). \
            A new service has \(standard.drainSeconds).
            """, valueName: "seconds"))
    var drain: Int?

    @Option(
        help: ArgumentHelp(
            """
            How long a target that joined or recovered takes a growing part of its share, \(Limits.slowStartSeconds). \
            A new service has \(standard.slowStartSeconds): all of it at once.
            """, valueName: "seconds"))
    var slowStartSeconds: Int?

    @Option(
        help: ArgumentHelp(
            """
            What happens to new connections when no target is healthy. A new service has \
            \(standard.allUnhealthyPolicy.rawValue).
            """, valueName: "policy"))
    var allUnhealthy: Word<BackendService.AllUnhealthyPolicy>?
}

/// Whether the targets of a backend service are checked, which is for services that are there.
struct HealthCheckSwitch: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Whether targets are checked. When they are not, all running ones take connections.",
            valueName: "on|off"))
    var healthCheck: Word<Switch>?
}

/// How the targets of a backend service are checked.
struct HealthCheckOptions: ParsableArguments {
    private static let standard = HealthCheck()

    @Option(
        help: ArgumentHelp(
            "How targets are checked; Icmp for UDP services only. A new service has \(standard.method.rawValue).",
            valueName: "protocol"))
    var checkProtocol: Word<HealthCheck.Method>?

    @Option(
        help: ArgumentHelp(
            """
            The port that is checked, \(Limits.portOrNone); 0 is the one that each target serves on. A new service \
            has \(standard.port).
            """, valueName: "port"))
    var checkPort: Int?

    @Option(
        help: ArgumentHelp(
            """
            How long an answer may take, \(Limits.timeoutSeconds). A new service has \(standard.timeoutSeconds).
            """, valueName: "seconds"))
    var checkTimeout: Int?

    @Option(
        help: ArgumentHelp(
            """
            From one check of a target to the next, \(Limits.intervalSeconds). A new service has \
            \(standard.intervalSeconds).
            """, valueName: "seconds"))
    var checkInterval: Int?

    @Option(
        help: ArgumentHelp(
            """
            Failures in a row that take a target out, \(Limits.threshold). A new service has \
            \(standard.unhealthyThreshold).
            """, valueName: "count"))
    var unhealthyThreshold: Int?

    @Option(
        help: ArgumentHelp(
            """
            Successes in a row that take a target in, \(Limits.threshold). A new service has \
            \(standard.healthyThreshold).
            """, valueName: "count"))
    var healthyThreshold: Int?

    struct Body: Encodable {
        let `protocol`: String?
        let port: Int?
        let checkTimeoutSeconds: Int?
        let intervalSeconds: Int?
        let unhealthyThresholdCount: Int?
        let healthyThresholdCount: Int?
    }

    /// - Parameter method: What to send when no protocol is said: a new service needs one.
    func body(method: HealthCheck.Method? = nil) -> Body {
        Body(
            protocol: checkProtocol?.text ?? method?.rawValue, port: checkPort, checkTimeoutSeconds: checkTimeout,
            intervalSeconds: checkInterval, unhealthyThresholdCount: unhealthyThreshold,
            healthyThresholdCount: healthyThreshold)
    }

    var isEmpty: Bool {
        checkProtocol == nil
            && [checkPort, checkTimeout, checkInterval, unhealthyThreshold, healthyThreshold].allSatisfy { $0 == nil }
    }
}
