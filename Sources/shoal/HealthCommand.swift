internal import AdminTypes
internal import ArgumentParser
internal import CommandText

/// `shoal health`: the targets of a backend service.
struct HealthCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health", abstract: "Show the health of a backend service's targets, with reasons.")

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var service: SubjectArgument<BackendAnswer>

    func run() async throws {
        let found = try await connection.client.find(service.name, as: BackendAnswer.self)
        let uri =
            "/v1/health?service=\(APIClient.escaped(found.answer.name))"
            + "&loadBalancer=\(APIClient.escaped(found.ownerName ?? ""))"
        try output.format.write(try await connection.client.get(uri, as: HealthAnswer.self), table: Self.table)
    }

    private static func table(_ answer: HealthAnswer) -> String {
        guard !answer.targets.isEmpty else { return "\(answer.loadBalancer)/\(answer.service) has no targets\n" }
        let rows = answer.targets.map { target in
            [
                symbol(of: target) + " " + target.health,
                target.address.contains(":")
                    ? "[\(target.address)]:\(target.port)" : "\(target.address):\(target.port)",
                "\(target.weight)", "\((target.share * 1000).rounded() / 10) %",
                target.since.map { ago(sinceUnixSeconds: $0) } ?? "-",
                [target.state == "stopped" ? "instance is stopped" : nil, target.reason, target.detail]
                    .compactMap(\.self).joined(separator: ": "),
            ]
        }
        return alignedTable(["HEALTH", "TARGET", "WEIGHT", "SHARE", "SINCE", "REASON"], rows)
    }

    private static func symbol(of target: HealthAnswer.Target) -> String {
        switch target.health {
        case "healthy": "●"
        case "unhealthy": "✖"
        case "initial": "○"
        default: "–"
        }
    }
}
