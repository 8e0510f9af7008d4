internal import ArgumentParser
internal import Foundation
internal import Store

/// `shoal store`: the file that holds the resources, while no daemon has it open.
struct StoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store", abstract: "Back up, restore or check the resources of a stopped daemon.",
        discussion: """
            The daemon has the store for itself, so stop it first; forwarding goes on meanwhile:
              systemctl stop shoald && shoal store backup FILE; systemctl start shoald
            A backup holds the secrets of the access keys: keep it as safe as the store.
            """,
        subcommands: [Backup.self, Restore.self, Check.self])

    struct Backup: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Copy the store to a new file.")

        @OptionGroup var place: StoreOptions

        @Argument(help: ArgumentHelp("The file to make.", valueName: "file"), completion: .file())
        var file: String

        func run() throws {
            let report = try orFailure {
                try SQLiteStore.backup(of: place.path, to: file)
                return try SQLiteStore.check(file)
            }
            print("revision \(report.revision) with \(report.resourceCount) resources is in \(file)")
        }
    }

    struct Restore: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Put a backup in the place of the store; the old one is kept beside it.",
            discussion: "The next start of shoald makes the kernel forward as the backup says.")

        @OptionGroup var place: StoreOptions

        @Argument(help: ArgumentHelp("What \"shoal store backup\" has made.", valueName: "file"), completion: .file())
        var file: String

        func run() throws {
            let kept = try orFailure {
                try SQLiteStore.restore(from: file, to: place.path, at: Int64(Date().timeIntervalSince1970))
            }
            print("restored \(place.path) from \(file)" + (kept.map { "; the old one is \($0)" } ?? ""))
        }
    }

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Look at every page and every row of the store.")

        @OptionGroup var place: StoreOptions
        @OptionGroup var output: OutputOptions

        private struct Answer: Encodable {
            let path: String
            let revision: UInt64
            let schema: Int
            let resources: Int
            let historyEntries: Int
            let accessKeys: Int
            let tokens: Int
            let canonicalTables: Int
        }

        func run() throws {
            let report = try orFailure { try SQLiteStore.check(place.path) }
            let answer = Answer(
                path: place.path, revision: report.revision, schema: report.schema, resources: report.resourceCount,
                historyEntries: report.historyCount, accessKeys: report.accessKeyCount,
                tokens: report.accessTokenCount, canonicalTables: report.tableCount)
            try output.format.write(answer) { answer in
                "\(answer.path) is sound: revision \(answer.revision), schema \(answer.schema), "
                    + "\(answer.resources) resources, \(answer.historyEntries) history entries, "
                    + "\(answer.accessKeys) access keys, \(answer.tokens) tokens, "
                    + "\(answer.canonicalTables) canonical tables with a history\n"
            }
        }
    }
}

/// Where the daemon keeps what survives a restart.
struct StoreOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The daemon's state directory.", valueName: "directory"), completion: .directory)
    var stateDirectory = "/var/lib/shoal"

    var path: String { stateDirectory + "/" + SQLiteStore.fileName }
}

private func orFailure<Value>(_ body: () throws -> Value) throws -> Value {
    do { return try body() } catch let error as StoreError { throw Failure(error) }
}

extension Failure {
    fileprivate init(_ error: StoreError) {
        let code: Code =
            switch error {
            case .missing: .notFound
            case .notPermitted: .notPermitted
            case .conflict, .exists, .locked: .conflict
            case .damaged, .foreign, .newerSchema, .undecodable, .unreadable, .duplicate: .invalid
            case .diskFull, .readOnly, .inputOutput, .replaced, .file, .unexpected: .failed
            }
        self.init(code, "\(error)")
    }
}
