internal import AdminTypes
internal import ArgumentParser
internal import CommandText
internal import ServiceModel

// `shoal target drain|enable|disable`: what the operator wants of targets, whatever their health.

extension TargetCommand {
    struct Drain: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take targets out gently: no new connections, and time for those that they have.",
            discussion: """
                What a target still has at the deadline is cut, and it stays out until "target enable". To change the \
                deadline drain it again.

                Waits until no connection is left, and tells how many are: those that have been seen since the drain \
                began. A silent one is not counted until it says something, so the wait ends when none was seen and \
                either the slots have settled or the deadline is reached. Ctrl-C ends the wait (exit code 130), and \
                the drain goes on.
                """)

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var condition: GroupVersionCondition
        @OptionGroup var group: GroupArgument
        @OptionGroup var targets: TargetsArgument

        @Option(
            help: ArgumentHelp(
                """
                How long the targets keep their connections, \(Limits.deadlineSeconds). The default is the longest \
                --drain of the services that use the group, or \(standardDeadline) when none does.
                """, valueName: "seconds"))
        var deadline: Int?

        @Flag(help: "Return as soon as the targets get no new connections.")
        var noWait = false

        private static let standardDeadline = BackendService(name: "", port: 1).drainSeconds

        func run() async throws {
            let client = connection.client
            let (group, targets) = try await client.targets(targets.names, in: group)
            let services = try await services(using: group)
            let seconds = deadline ?? services.map(\.drainSeconds).max() ?? Self.standardDeadline
            try await client.update(targets, of: group, condition) { change in
                change.adminState = AdminState.draining.rawValue
                change.drainSeconds = seconds
            }
            // Read anew: the deadline is by the daemon's clock.
            let all = try await client.targets(of: group)
            let draining = try self.targets.names.map { try all.found($0, of: group) }
            for (name, target) in zip(self.targets.names, draining) {
                let fate = "it gets no new connections, and those that it still has then are cut"
                print("target \(name) of \(group.label) is \(target.stateText): \(fate)")
            }
            if !noWait { try await DrainWait(client: client, services: services, targets: draining).run() }
        }

        private func services(using group: Found<TargetGroupAnswer>) async throws -> [BackendAnswer] {
            let services: [BackendAnswer] = try await connection.client.list(
                where: ["loadBalancerId": group.answer.loadBalancerId])
            return services.filter { $0.targetGroupIds.contains(group.answer.id) }
        }
    }

    struct Enable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Bring targets back that were drained or disabled.",
            discussion: "They take new connections as soon as they are healthy.")

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var condition: GroupVersionCondition
        @OptionGroup var group: GroupArgument
        @OptionGroup var targets: TargetsArgument

        func run() async throws {
            try await connection.client.set(.enabled, targets, of: group, condition)
        }
    }

    struct Disable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take targets out at once: their connections are cut.",
            discussion: "\"target drain\" gives them time.")

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var condition: GroupVersionCondition
        @OptionGroup var group: GroupArgument
        @OptionGroup var targets: TargetsArgument

        func run() async throws {
            try await connection.client.set(.disabled, targets, of: group, condition)
        }
    }
}

extension APIClient {
    fileprivate func set(
        _ state: AdminState, _ argument: TargetsArgument, of group: GroupArgument, _ condition: GroupVersionCondition
    ) async throws {
        let (group, targets) = try await targets(argument.names, in: group)
        try await update(targets, of: group, condition) { $0.adminState = state.rawValue }
        for name in argument.names { print("target \(name) of \(group.label) is \(state.rawValue)") }
    }
}
