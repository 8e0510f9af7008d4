internal import ArgumentParser
internal import Dataplane
internal import Foundation

/// The version of daemon and CLI.
let shoalVersion = "0.1.0"

/// The command line: one subcommand a file.
@main
struct Shoal: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "shoal",
        abstract: "Tells shoald what to balance, and shows what it does.",
        discussion: """
            EXAMPLES:
              shoal apply -f web.yaml          make it so; plan and diff tell before what would change
              shoal status                     how things stand, problems first
              shoal listener list              what is served on which port
              shoal health web/web-http        which targets are up, and why not
              shoal table web/web-http         who gets how many connections, and what moves
              shoal target set-weight web/servers 10.1.0.11 0
              shoal map dump listeners         what the kernel holds

            NAMES:
              A load balancer, an availability group and an instance by name; what is below a load balancer as
              LOAD-BALANCER/NAME, or by its name where only one bears it; everything by its id.

            EXIT CODES:
              0 ok, 1 failed, 2 usage, 3 not found, 4 not permitted, 5 conflict, 6 invalid,
              7 daemon unreachable, 8 timed out, 9 degraded
            """,
        version: shoalVersion,
        groupedSubcommands: [
            CommandGroup(
                name: "Resource",
                subcommands: [
                    LoadBalancerCommand.self, ListenerCommand.self, ServiceCommand.self, GroupCommand.self,
                    TargetCommand.self, AvailabilityGroupCommand.self, InstanceCommand.self,
                ]),
            CommandGroup(
                name: "Document",
                subcommands: [ApplyCommand.self, PlanCommand.self, DiffCommand.self, ExportCommand.self]),
            CommandGroup(
                name: "Insight",
                subcommands: [
                    StatusCommand.self, HealthCommand.self, TableCommand.self, MapCommand.self,
                ]),
            CommandGroup(name: "Access", subcommands: [KeyCommand.self, TokenCommand.self, AuditCommand.self]),
            CommandGroup(
                name: "Maintenance",
                subcommands: [StoreCommand.self, DetachCommand.self, CompletionCommand.self]),
        ])

    static func main() async {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand { try await command.run() } else { try command.run() }
        } catch let error as Failure {
            FileHandle.standardError.write(Data("error: \(error.message)\n".utf8))
            Foundation.exit(error.code.rawValue)
        } catch {
            // The parser's own errors are of usage: code 2, where it would say 64.
            let code = exitCode(for: error).rawValue
            let text = fullMessage(for: error)
            if code == 0 {
                print(text)
            } else if !text.isEmpty {
                FileHandle.standardError.write(Data((text + "\n").utf8))
            }
            Foundation.exit(code == 64 ? Code.usage.rawValue : code)
        }
    }
}

/// The exit codes that scripts rely on.
enum Code: Int32 {
    case failed = 1
    case usage = 2
    case notFound = 3
    case notPermitted = 4
    case conflict = 5
    case invalid = 6
    case daemonUnreachable = 7
    case timedOut = 8
    case degraded = 9
}

/// A command that did not do its work: what failed, why, and what to do.
struct Failure: Error {
    let code: Code
    let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}

extension Failure {
    init(_ error: DataplaneError) {
        let code: Code =
            switch error {
            case .notInstalled: .notFound
            case _ where error.isPermission: .notPermitted
            default: .failed
            }
        self.init(code, "\(error)")
    }
}

/// Where the daemon listens.
struct ConnectionOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The daemon's socket. (default: $SHOAL_SOCKET, else \(ConnectionOptions.standardSocket))",
            valueName: "path"))
    var socket: String?

    static let standardSocket = "/run/shoal/api.sock"

    var client: APIClient { APIClient(socket: path) }

    private var path: String { socket ?? ProcessInfo.processInfo.environment["SHOAL_SOCKET"] ?? Self.standardSocket }
}

/// Where program and maps are pinned, for what works without the daemon.
struct PinOptions: ParsableArguments {
    @Option(help: "Where program and maps are pinned.")
    var bpffsDirectory = PinDirectory.standard.path

    var pins: PinDirectory { PinDirectory(bpffsDirectory) }

    func openMaps() throws -> DataplaneMaps {
        do { return try DataplaneMaps(pinnedIn: pins) } catch { throw Failure(error) }
    }
}
