internal import AdminTypes
internal import ArgumentParser
internal import CommandText

/// `shoal apply`: makes the resources those of a document.
struct ApplyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply", abstract: "Create and change resources from a YAML or JSON document.",
        discussion: """
            All of the document is applied or nothing. Resources that it does not name stay, unless --prune is given.
            Returns when the kernel forwards accordingly.
            """)

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var document: DocumentOptions

    @Flag(help: "Check the document and show what would change, but change nothing.")
    var dryRun = false

    func run() async throws {
        let uri = "\(APIClient.region):apply?prune=\(document.prune)&dryRun=\(dryRun)"
        let answer = try await connection.client.post(uri, document: try document.text(), as: ApplyAnswer.self)
        try output.format.write(answer, table: Self.table)
        if let failure = answer.failure {
            throw Failure(
                .degraded,
                """
                revision \(answer.revision) is stored, but the kernel still holds \(answer.installedRevision): \(failure)
                  the daemon keeps trying: shoal status
                """)
        }
    }

    private static func table(_ answer: ApplyAnswer) -> String {
        let lines = answer.changes.map { "\($0.resource) \($0.action)\n" }
        if answer.changes.isEmpty { return "nothing to change, revision \(answer.revision)\n" }
        return lines.joined() + (answer.tables?.text ?? "")
            + (answer.dryRun
                ? "dry run: nothing was changed\n"
                : "revision \(answer.revision)\(answer.failure == nil ? " installed" : "")\n")
    }
}
