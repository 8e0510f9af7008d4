internal import AdminTypes
internal import ArgumentParser
internal import CommandText

/// `shoal key`: access keys, which sign requests over TCP.
struct KeyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "Access keys: what the public SDKs sign requests with.",
        subcommands: [List.self, Create.self, Delete.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the access keys, revoked ones too.")

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let keys: [KeyAnswer] = try await connection.client.list("/v1/keys", key: "keys")
            try output.format.write(keys) { keys in
                keys.isEmpty ? "there are no access keys\n" : KeyAnswer.table(of: keys)
            }
        }
    }

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Create an access key.", discussion: "Its secret is shown this once.")

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var access: AccessOptions

        private struct Pair: Encodable {
            let accessKey: String
            let secretKey: String
        }

        func run() async throws {
            let key = try await connection.client.post("/v1/keys", access.body, as: NewKeyAnswer.self)
            try output.format.write(Pair(accessKey: key.accessKey, secretKey: key.secretKey)) { pair in
                alignedTable(["ACCESS KEY", "SECRET KEY"], [[pair.accessKey, pair.secretKey]])
                    + "The secret key is shown this once; keep it safe.\n"
            }
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Revoke an access key, for good.",
            discussion: "Requests that it signs are refused from now on; it stays listed, for the audit log.")

        @OptionGroup var connection: ConnectionOptions

        @Argument(help: "The access key, as \"key list\" shows it.")
        var accessKey: String

        func run() async throws {
            try await connection.client.delete("/v1/keys/\(APIClient.escaped(accessKey))")
            print("access key \(accessKey) revoked")
        }
    }
}

/// What somebody may do with a new key or token.
struct AccessOptions: ParsableArguments {
    @Option(
        help: "A viewer reads, an operator changes resources, an admin gives access and stops forwarding.")
    var role: Word<Role>

    @Option(help: ArgumentHelp("For people: who uses it, and what for.", valueName: "text"))
    var description: String?

    struct Body: Encodable {
        let role: String
        let description: String?
    }

    var body: Body { Body(role: role.text, description: description) }
}
