internal import AdminTypes
internal import ArgumentParser
internal import CommandText
internal import Foundation
internal import ServiceModel

/// `shoal plan`: what `apply` would do to which resources.
struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Tell which resources a document would create, update and delete, and which slots would move.",
        discussion: "Checks the document as apply does, and changes nothing. \"shoal diff\" tells each value.")

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var document: DocumentOptions

    func run() async throws {
        try output.format.write(try await document.plan(connection.client)) { answer in
            guard !answer.changes.isEmpty else { return "nothing to change, revision \(answer.revision)\n" }
            return coloured(answer.planLines)
                + answer.tables.text + "\(answer.planSummary), compared with revision \(answer.revision)\n"
        }
    }
}

/// `shoal diff`: the same, value by value, for people and for scripts.
struct DiffCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Tell what a document would change, field by field.",
        discussion: """
            + comes, - goes, ~ changes. Checks the document as apply does, and changes nothing.
            Exit code 0 when nothing would change, 1 when something would; other codes are those of every command.
            """)

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var document: DocumentOptions

    func run() async throws {
        let answer = try await document.plan(connection.client)
        try output.format.write(answer) { coloured($0.differenceLines) + $0.tables.text }
        if !answer.changes.isEmpty { throw ExitCode(1) }
    }
}

/// A document, and what it is to be.
struct DocumentOptions: ParsableArguments {
    @Option(
        name: [.customShort("f"), .customLong("file")], help: "The document; - reads standard input.",
        completion: .file())
    var file: String

    @Flag(help: "Delete what the document does not name.")
    var prune = false

    func text() throws -> String {
        if file == "-" { return String(decoding: FileHandle.standardInput.readDataToEndOfFile(), as: UTF8.self) }
        do { return try String(contentsOfFile: file, encoding: .utf8) } catch {
            let isThere = FileManager.default.fileExists(atPath: file)
            throw Failure(isThere ? .failed : .notFound, "cannot read \(file): \(error.localizedDescription)")
        }
    }

    fileprivate func plan(_ client: APIClient) async throws -> PlanAnswer {
        try await client.post("\(APIClient.region):plan?prune=\(prune)", document: try text(), as: PlanAnswer.self)
    }
}

/// The lines of a difference, on a terminal in the colours of their marks.
func coloured(_ lines: [DifferenceLine]) -> String {
    lines.map { line in
        let style: Style =
            switch line.mark {
            case .added: .good
            case .changed: .warning
            case .removed: .bad
            }
        return style(line.description) + "\n"
    }.joined()
}
