internal import AdminTypes
internal import ArgumentParser
internal import CommandText

/// `shoal token`: bearer tokens, for scripts that sign nothing.
struct TokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Bearer tokens: for the console and for scripts that sign nothing.",
        subcommands: [List.self, Create.self, Delete.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the tokens, revoked ones too.")

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let tokens: [TokenAnswer] = try await connection.client.list("/v1/tokens", key: "tokens")
            try output.format.write(tokens) { tokens in
                tokens.isEmpty ? "there are no tokens\n" : TokenAnswer.table(of: tokens)
            }
        }
    }

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Create a token.", discussion: "It is shown this once.")

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var access: AccessOptions

        private struct Pair: Encodable {
            let tokenId: String
            let token: String
        }

        func run() async throws {
            let answer = try await connection.client.post("/v1/tokens", access.body, as: NewTokenAnswer.self)
            try output.format.write(Pair(tokenId: answer.tokenId, token: answer.token)) { pair in
                alignedTable(["ID", "TOKEN"], [[pair.tokenId, pair.token]])
                    + "The token is shown this once; keep it safe.\n"
            }
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Revoke a token, for good.",
            discussion: "Requests that bear it are refused from now on; it stays listed, for the audit log.")

        @OptionGroup var connection: ConnectionOptions

        @Argument(help: "Id of the token, as \"token list\" shows it.")
        var id: String

        func run() async throws {
            try await connection.client.delete("/v1/tokens/\(APIClient.escaped(id))")
            print("token \(id) revoked")
        }
    }
}
