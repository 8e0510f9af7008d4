internal import AdminTypes
internal import ArgumentParser
internal import CommandText

/// `shoal table`: who gets the connections of a backend service.
struct TableCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "table", abstract: "Show who gets the connections of a backend service, and what moves.",
        discussion: """
            SHARE is the part of the slots that a target has, BY WEIGHT the part that is its own while all take \
            connections. PREVIOUS OF counts moving slots whose older connections are with the target. Connections are \
            known only where slots move, and only those that have been seen since.
            """)

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var service: SubjectArgument<BackendAnswer>

    func run() async throws {
        let found = try await connection.client.find(service.name, as: BackendAnswer.self)
        try output.format.write(try await connection.client.table(of: found.answer)) { $0.text }
    }
}

extension APIClient {
    func table(of service: BackendAnswer) async throws -> TableAnswer {
        try await get(Self.uri(of: BackendAnswer.self, service.id) + "/table", as: TableAnswer.self)
    }
}
