internal import AdminTypes
internal import ArgumentParser
internal import CommandText

/// `shoal audit`: who changed what.
struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Show who changed what and when, newest last.")

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    @Option(help: "How many entries at most, 1 or more.")
    var limit = 50

    @Option(
        help: ArgumentHelp(
            "Begin after this revision. (default: the newest entries)", valueName: "revision"))
    var after: UInt64?

    @Flag(help: "Show each field that changed, too.")
    var changes = false

    func validate() throws {
        if limit < 1 { throw ValidationError("a limit of \(limit) shows nothing") }
    }

    func run() async throws {
        let place = after.map { "after=\($0)" } ?? "newest=true"
        let answer = try await connection.client.get("/v1/audit?limit=\(limit)&\(place)", as: AuditAnswer.self)
        try output.format.write(answer.entries) { entries in
            guard !entries.isEmpty else { return "nothing was changed\n" }
            guard changes else { return AuditEntryAnswer.table(of: entries) }
            return zip(AuditEntryAnswer.lines(of: entries), [nil] + entries).map { line, entry in
                line + "\n" + coloured(entry?.changes.map(\.line) ?? [])
            }.joined()
        }
    }
}
