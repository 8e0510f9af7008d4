/// One column of a table, or one line about a single row.
package struct Column<Row: Sendable>: Sendable {
    package let title: String
    package let cell: @Sendable (Row, Names) -> String

    package init(_ title: String, _ cell: @escaping @Sendable (Row, Names) -> String) {
        self.title = title
        self.cell = cell
    }
}

/// What can be shown in a table.
package protocol Tabulated: Sendable {
    static var columns: [Column<Self>] { get }
    /// What is shown only when it is about a single one.
    static var details: [Column<Self>] { get }
}

extension Tabulated {
    package static var details: [Column<Self>] { [] }

    /// A line of titles, then one line a row; empty cells are dashes.
    package static func lines(of rows: [Self], _ names: Names = Names()) -> [String] {
        alignedLines([columns.map(\.title)] + rows.map { row in columns.map { shown($0.cell(row, names)) } })
    }

    package static func table(of rows: [Self], _ names: Names = Names()) -> String {
        lines(of: rows, names).map { $0 + "\n" }.joined()
    }

    /// One line a column.
    ///
    /// - Parameter additions: More lines, after those of the columns.
    package func card(_ names: Names = Names(), adding additions: [(title: String, text: String)] = []) -> String {
        let facts = (Self.columns + Self.details).map { ($0.title, $0.cell(self, names)) } + additions
        return alignedLines(facts.map { [$0.0, shown($0.1)] }).map { $0 + "\n" }.joined()
    }
}

private func shown(_ cell: String) -> String { cell.isEmpty ? "-" : cell }

/// Columns aligned by their widest cell.
package func alignedTable(_ header: [String], _ rows: [[String]], indent: String = "") -> String {
    alignedLines([header] + rows).map { indent + $0 + "\n" }.joined()
}

/// Rows of equally many cells; the last cell of each is not padded.
package func alignedLines(_ rows: [[String]]) -> [String] {
    let rows = rows.map { $0.map(printable) }
    let widths = (rows.first ?? []).indices.map { column in rows.map { terminalWidth($0[column]) }.max() ?? 0 }
    return rows.map { row in
        let cells = row.enumerated().map { column, cell in
            column == row.count - 1
                ? cell : cell + String(repeating: " ", count: widths[column] - terminalWidth(cell))
        }
        return cells.joined(separator: "  ")
    }
}

/// A text of anybody without what would move the cursor, or do worse to a terminal.
package func printable(_ text: String) -> String {
    String(
        String.UnicodeScalarView(
            text.unicodeScalars.map { scalar in
                switch scalar.properties.generalCategory {
                case .control, .format, .lineSeparator, .paragraphSeparator: "\u{fffd}"
                default: scalar
                }
            }))
}

/// How many cells of a terminal a text takes: two for a Chinese character.
package func terminalWidth(_ text: String) -> Int { text.reduce(0) { $0 + ($1.isWide ? 2 : 1) } }

extension Character {
    /// Whether it takes two cells: the blocks that are wide throughout (Unicode Standard Annex 11).
    fileprivate var isWide: Bool {
        switch unicodeScalars.first?.value ?? 0 {
        case 0x1100...0x115f, 0x2e80...0x303e, 0x3041...0xa4cf, 0xac00...0xd7a3, 0xf900...0xfaff, 0xfe30...0xfe6f,
            0xff00...0xff60, 0xffe0...0xffe6, 0x1f300...0x1faff, 0x20000...0x3fffd:
            true
        default: false
        }
    }
}
