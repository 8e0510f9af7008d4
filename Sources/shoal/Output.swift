internal import ArgumentParser
internal import Foundation
internal import Yams

/// How a reading command prints.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    case table, json, yaml
}

struct OutputOptions: ParsableArguments {
    @Option(name: [.customShort("o"), .customLong("output")], help: "table, json or yaml.")
    var format = OutputFormat.table
}

extension OutputFormat {
    /// Prints a value, or for a table what `table` makes of it.
    func write<Value: Encodable>(_ value: Value, table: (Value) -> String) throws {
        switch self {
        case .table: print(table(value), terminator: "")
        case .json: print(try encodeJSON(value))
        case .yaml: print(try YAMLEncoder().encode(value), terminator: "")
        }
    }
}

func encodeJSON(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
}

/// Colours for a person at a terminal: none when piped, or with NO_COLOR (https://no-color.org) or a dumb terminal.
enum Style: String {
    case good = "32"
    case warning = "33"
    case bad = "31"
    case dim = "2"

    private static let isOn: Bool = {
        let environment = ProcessInfo.processInfo.environment
        return isatty(STDOUT_FILENO) == 1 && environment["NO_COLOR"] == nil && environment["TERM"] != "dumb"
    }()

    func callAsFunction(_ text: String) -> String {
        Self.isOn ? "\u{1b}[\(rawValue)m\(text)\u{1b}[0m" : text
    }
}

/// How long ago something was, as a person says it: `12s`, `3m10s`, `4h05m`, `9d`.
func ago(sinceUnixSeconds since: Int64, now: Date = Date()) -> String {
    let seconds = max(Int64(now.timeIntervalSince1970) - since, 0)
    func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return switch seconds {
    case ..<60: "\(seconds)s"
    case ..<3600: "\(seconds / 60)m\(two(seconds % 60))s"
    case ..<86400: "\(seconds / 3600)h\(two(seconds % 3600 / 60))m"
    default: "\(seconds / 86400)d"
    }
}

/// Asks before something that is hard to undo.
///
/// - Parameter otherwise: What to say when nobody is there to be asked.
func confirm(_ question: String, otherwise: String) throws {
    guard isatty(STDIN_FILENO) == 1 else { throw Failure(.usage, otherwise) }
    FileHandle.standardOutput.write(Data("\(question) [y/N] ".utf8))
    guard ["y", "yes"].contains(readLine()?.lowercased()) else { throw Failure(.failed, "nothing was changed") }
}
