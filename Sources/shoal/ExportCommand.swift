internal import ArgumentParser

/// `shoal export`: all resources as a document for `shoal apply`.
struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Print all resources as a document that apply takes.")

    @OptionGroup var connection: ConnectionOptions

    @Option(name: [.customShort("o"), .customLong("output")], help: "yaml or json.")
    var format = OutputFormat.yaml

    func validate() throws {
        if format == .table { throw ValidationError("a document is yaml or json; a table of resources is no document") }
    }

    func run() async throws {
        let accept = format == .yaml ? "application/yaml" : "application/json"
        print(try await connection.client.getText("\(APIClient.region):export", accept: accept), terminator: "")
    }
}
