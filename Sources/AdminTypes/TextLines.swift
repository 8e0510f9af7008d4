/// Finds places in a text by line and column as YAML counts them: columns in Unicode scalars.
struct TextLines {
    private let scalars: String.UnicodeScalarView

    init(_ text: String) { scalars = text.unicodeScalars }

    func index(of position: Position) -> String.Index? {
        var line = 1
        var index = scalars.startIndex
        while line < position.line, index < scalars.endIndex {
            if endsLine(at: index) { line += 1 }
            index = scalars.index(after: index)
        }
        guard line == position.line else { return nil }
        let end = scalars.index(index, offsetBy: position.column - 1, limitedBy: scalars.endIndex)
        return end.flatMap { $0 < scalars.endIndex ? $0 : nil }
    }

    func position(of end: String.Index) -> Position {
        var line = 1
        var start = scalars.startIndex
        for index in scalars[..<end].indices where endsLine(at: index) {
            line += 1
            start = scalars.index(after: index)
        }
        return Position(line: line, column: scalars.distance(from: start, to: end) + 1)
    }

    /// Whether the line ends behind this scalar; YAML 1.1, section 5.4.
    private func endsLine(at index: String.Index) -> Bool {
        switch scalars[index] {
        case "\n", "\u{85}", "\u{2028}", "\u{2029}": return true
        case "\r":
            let next = scalars.index(after: index)
            return next == scalars.endIndex || scalars[next] != "\n"
        default: return false
        }
    }
}
