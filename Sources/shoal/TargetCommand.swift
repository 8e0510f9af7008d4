internal import AdminTypes
internal import ArgumentParser
internal import CommandText
internal import NetworkTypes
internal import ServiceModel

/// `shoal target`: the servers of virtual server groups.
struct TargetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "target", abstract: "Targets: the servers of a virtual server group.",
        subcommands: [
            List.self, Show.self, Add.self, Update.self, SetWeight.self, Drain.self, Enable.self, Disable.self,
            Remove.self,
        ])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the targets of a group.")

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var group: GroupArgument

        func run() async throws {
            let group = try await connection.client.find(group.group, as: TargetGroupAnswer.self)
            try output.format.write(try await connection.client.targets(of: group)) { targets in
                targets.isEmpty ? "\(group.label) has no targets\n" : TargetAnswer.table(of: targets)
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show one target of a group.",
            discussion: "Its version is that of the group, which \"shoal group show\" tells.")

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var group: GroupArgument
        @OptionGroup var target: TargetArgument

        func run() async throws {
            let (_, targets) = try await connection.client.targets([target.target], in: group)
            try output.format.write(targets[0]) { $0.card() }
        }
    }

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "add", abstract: "Bring targets into a group: all of them or none.",
            discussion: "With several addresses or instances all get the same port and weight.", aliases: ["create"])

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var condition: GroupVersionCondition
        @OptionGroup var group: GroupArgument

        @Option(help: "Address of a server; may be said several times.")
        var address: [String] = []

        @Option(help: "Id of an instance; may be said several times.")
        var instance: [String] = []

        @Flag(help: "The instances are containers.")
        var container = false

        @Option(help: "The port it serves on, \(Limits.portOrNone); 0 is the service's.")
        var port = 0

        @Option(help: "Its share of connections relative to the others, \(Limits.weight); 0 takes no new ones.")
        var weight = Target.defaultWeight

        private struct Body: Encodable {
            struct Spec: Encodable {
                let type: String
                var instanceId: String?
                var ipAddress: String?
                let port: Int
                let weight: Int
            }

            let targetSpecs: [Spec]
        }

        func validate() throws {
            if address.isEmpty, instance.isEmpty { throw ValidationError("say at least one --address or --instance") }
        }

        func run() async throws {
            let client = connection.client
            let group = try await client.find(group.group, as: TargetGroupAnswer.self)
            let kind = container ? Target.Kind.container : .vm
            let specs =
                address.map { Body.Spec(type: Target.Kind.ip.rawValue, ipAddress: $0, port: port, weight: weight) }
                + instance.map { Body.Spec(type: kind.rawValue, instanceId: $0, port: port, weight: weight) }
            try await client.changeTargets("registerTargets", of: group, Body(targetSpecs: specs), condition)
            // The API tells no ids, but each server is in a group once.
            let targets = try await client.targets(of: group)
            let ids = try (address + instance).map { try targets.found($0, of: group).targetId }
            try output.format.write(["targetIds": ids]) { _ in ids.map { "\($0) created\n" }.joined() }
        }
    }

    struct Update: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Change port or weight of a target.")

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var condition: GroupVersionCondition
        @OptionGroup var group: GroupArgument
        @OptionGroup var target: TargetArgument

        @Option(help: "The port it serves on, \(Limits.portOrNone); 0 is the service's.")
        var port: Int?

        @Option(help: "Its share of connections relative to the others, \(Limits.weight); 0 takes no new ones.")
        var weight: Int?

        func validate() throws {
            if port == nil, weight == nil { throw ValidationError("say --port or --weight, or both") }
        }

        func run() async throws {
            try await connection.client.update(target, in: group, condition) { update in
                update.port = port
                update.weight = weight
            }
        }
    }

    struct SetWeight: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Change the weight of a target.")

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var condition: GroupVersionCondition
        @OptionGroup var group: GroupArgument
        @OptionGroup var target: TargetArgument

        @Argument(help: "Its share of connections relative to the others, \(Limits.weight); 0 takes no new ones.")
        var weight: Int

        func run() async throws {
            try await connection.client.update(target, in: group, condition) { $0.weight = weight }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "remove", abstract: "Take targets out of a group: all of them or none.", aliases: ["delete"])

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var condition: GroupVersionCondition
        @OptionGroup var group: GroupArgument
        @OptionGroup var targets: TargetsArgument

        private struct Body: Encodable {
            let targetIds: [String]
        }

        func run() async throws {
            let (group, targets) = try await connection.client.targets(targets.names, in: group)
            let body = Body(targetIds: targets.map(\.targetId))
            try await connection.client.changeTargets("deregisterTargets", of: group, body, condition)
            for name in self.targets.names { print("target \(name) of \(group.label) deleted") }
        }
    }
}

struct GroupArgument: ParsableArguments {
    @Argument(help: "The group: LOAD-BALANCER/NAME, the name where only one bears it, or the id.")
    var group: String
}

struct TargetArgument: ParsableArguments {
    static let meaning = "The target: its address, the id of its instance, or its id."

    @Argument(help: ArgumentHelp(meaning))
    var target: String
}

struct TargetsArgument: ParsableArguments {
    @Argument(help: ArgumentHelp(TargetArgument.meaning, valueName: "target"))
    var names: [String]
}

/// Guards a change of targets, which are a part of their group.
struct GroupVersionCondition: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            Change it only while its group has this version, which "shoal group show" tells; exit code 5 when it has \
            another.
            """, valueName: "version"))
    var ifVersion: UInt64?
}

extension APIClient {
    func targets(of group: Found<TargetGroupAnswer>) async throws -> [TargetAnswer] {
        try await list(group.uri + ":describeTargets", key: "targets")
    }

    /// A group and those of its targets that are said.
    func targets(
        _ names: [String], in argument: GroupArgument
    ) async throws -> (Found<TargetGroupAnswer>, [TargetAnswer]) {
        let group = try await find(argument.group, as: TargetGroupAnswer.self)
        let targets = try await targets(of: group)
        return (group, try names.map { try targets.found($0, of: group) })
    }

    func changeTargets(
        _ action: String, of group: Found<TargetGroupAnswer>, _ body: some Encodable,
        _ condition: GroupVersionCondition
    ) async throws {
        _ = try await post("\(group.uri):\(action)", body, ifVersion: condition.ifVersion, as: Done.self)
    }

    fileprivate func update(
        _ argument: TargetArgument, in group: GroupArgument, _ condition: GroupVersionCondition,
        _ change: (inout TargetChange) -> Void
    ) async throws {
        let (group, targets) = try await targets([argument.target], in: group)
        try await update(targets, of: group, condition, change)
        print("target \(argument.target) of \(group.label) updated")
    }

    /// Makes the same change of several targets: of all of them or of none.
    func update(
        _ targets: [TargetAnswer], of group: Found<TargetGroupAnswer>, _ condition: GroupVersionCondition,
        _ change: (inout TargetChange) -> Void
    ) async throws {
        let changes = targets.map { target in
            var result = TargetChange(targetId: target.targetId)
            change(&result)
            return result
        }
        try await changeTargets("updateTargets", of: group, ["targetUpdateSpecs": changes], condition)
    }
}

/// What is to change of a target; `nil` stays as it is.
struct TargetChange: Encodable {
    let targetId: String
    var port: Int?
    var weight: Int?
    var adminState: String?
    var drainSeconds: Int?
}

extension [TargetAnswer] {
    func found(_ text: String, of group: Found<TargetGroupAnswer>) throws -> TargetAnswer {
        do { return try choose(text, of: group.label) } catch { throw Failure(error) }
    }
}
