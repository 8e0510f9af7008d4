internal import AdminTypes
internal import ArgumentParser
internal import Foundation

/// `shoal health`: the targets of a backend service.
struct HealthCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health", abstract: "Show the health of a backend service's targets, with reasons.")

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: "Name of the backend service; LOAD-BALANCER/NAME when several have one of that name.")
    var service: String

    func run() async throws {
        let parts = service.split(separator: "/", maxSplits: 1).map(String.init)
        guard let name = parts.last else { throw ValidationError("the service's name is empty") }
        var uri = "/v1/health?service=\(escaped(name))"
        if parts.count == 2 { uri += "&loadBalancer=\(escaped(parts[0]))" }
        let answer = try await APIClient(socket: connection.path).get(uri, as: HealthAnswer.self)
        try output.format.write(answer, table: Self.table)
    }

    private func escaped(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? text
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
