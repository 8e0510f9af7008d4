public import ArgumentParser
internal import CommandText
public import Dataplane
internal import Foundation

/// `shoal map`: what the kernel holds, decoded; needs no daemon.
struct MapCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "map", abstract: "Show the pinned maps of the data plane, also without the daemon.",
        subcommands: [List.self, Dump.self])

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the maps.")

        @OptionGroup var pins: PinOptions
        @OptionGroup var output: OutputOptions

        private struct Row: Encodable {
            let name: String
            let summary: String
        }

        func run() throws {
            _ = try pins.openMaps()
            let rows = MapName.allCases.map { Row(name: $0.rawValue, summary: $0.summary) }
            try output.format.write(rows) { rows in
                alignedTable(["MAP", "ANSWERS"], rows.map { [$0.name, $0.summary] })
            }
        }
    }

    struct Dump: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print all entries of a map.")

        @OptionGroup var pins: PinOptions
        @OptionGroup var output: OutputOptions

        @Argument(help: "One of \(MapName.allCases.map(\.rawValue).joined(separator: ", ")).")
        var map: MapName

        func run() throws {
            let dump: MapDump
            do { dump = try pins.openMaps().dump(map) } catch let error as DataplaneError { throw Failure(error) }
            try output.format.write(dump.objects) { _ in
                dump.rows.isEmpty
                    ? "\(map.rawValue) is empty\n"
                    : alignedTable(dump.columns.map { $0.uppercased() }, dump.rows.map { $0.map(\.description) })
            }
        }
    }
}

extension MapName: ExpressibleByArgument {}

extension MapDump {
    /// Each entry as an object of its columns.
    var objects: [[String: Cell]] { rows.map { Dictionary(uniqueKeysWithValues: zip(columns, $0)) } }
}

extension MapDump.Cell: Encodable {
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .text(let text): try container.encode(text)
        case .number(let number): try container.encode(number)
        }
    }

    var description: String {
        switch self {
        case .text(let text): text
        case .number(let number): "\(number)"
        }
    }
}
