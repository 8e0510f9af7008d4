internal import AdminTypes
internal import ArgumentParser
internal import CommandText
internal import Dataplane
internal import Foundation

/// `shoal status`: one screen, problems first; also when the daemon is dead.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show how daemon, data plane and services stand, problems first.",
        discussion: "Exit code 9 when there are problems, 7 when the daemon is not running.")

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var pins: PinOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let answer: StatusAnswer
        do {
            answer = try await connection.client.get("/v1/status", as: StatusAnswer.self)
        } catch let failure as Failure where failure.code == .daemonUnreachable {
            try output.format.write(PinnedStatus(pins.pins), table: \.table)
            throw failure
        }
        try output.format.write(answer, table: Self.table)
        if !answer.problems.isEmpty { throw ExitCode(Code.degraded.rawValue) }
    }

    private static func table(_ answer: StatusAnswer) -> String {
        let revision =
            answer.desiredRevision == answer.installedRevision
            ? "revision \(answer.installedRevision) installed"
            : "revision \(answer.desiredRevision) wanted, \(answer.installedRevision) installed"
        var text = """
            shoald \(answer.version)  running for \(ago(sinceUnixSeconds: answer.startedAt)), \
            pid \(answer.processID)  \(revision)\n
            """
        for problem in answer.problems { text += Style.bad("✖ ") + problem + "\n" }
        if answer.problems.isEmpty { text += Style.good("● ") + "no problems\n" }
        text += "\n" + alignedTable(["INTERFACE", "XDP MODE"], answer.interfaces.map { [$0.name, $0.mode] })
        guard !answer.services.isEmpty else { return text + "\nno services; shoal apply -f FILE makes some\n" }
        let rows = answer.services.map { service in
            [
                "\(service.loadBalancer)/\(service.name)", "\(service.usable)/\(service.targets)",
                service.listeners.isEmpty ? "no listener" : service.listeners.joined(separator: " "),
            ]
        }
        return text + "\n" + alignedTable(["SERVICE", "USABLE", "LISTENERS"], rows)
    }
}

/// What can be told without the daemon.
private struct PinnedStatus: Encodable {
    var daemon = "unreachable"
    var interfaces: [String]
    var installedRevision: UInt64?
    /// Seconds since 1970 at which the daemon last looked after the maps.
    var heartbeat: UInt64?
    var problems: [String]

    init(_ pins: PinDirectory) {
        interfaces = pins.attachedInterfaces
        problems = ["the daemon is not running: failed targets are not taken out"]
        do {
            let meta = try DataplaneMaps(pinnedIn: pins).readMeta()
            installedRevision = meta.revision
            heartbeat = meta.heartbeat
        } catch {
            problems.append("\(error)")
        }
    }

    var table: String {
        var text = "shoald  not running"
        if let heartbeat { text += ", last seen \(ago(sinceUnixSeconds: Int64(heartbeat))) ago" }
        if let installedRevision { text += "  revision \(installedRevision) installed" }
        text += "\n"
        for problem in problems { text += Style.bad("✖ ") + problem + "\n" }
        text +=
            interfaces.isEmpty
            ? "nothing is attached\n"
            : Style.warning("● ") + "the data plane forwards on \(interfaces.joined(separator: ", "))\n"
        return text
    }
}
