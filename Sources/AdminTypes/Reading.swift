// What a text says, and what is wrong with its form.

import ServiceModel
import Yams

/// A document after it was read, with a stand-in for each field that could not be.
struct Reading {
    let configuration: Configuration
    /// Whether the region was written there, not taken as the default.
    let statesRegion: Bool
    let findings: [Finding]
    /// Paths of the stand-ins, as `Configuration.problems(in:unread:)` takes them.
    let unread: Set<String>
    private let root: Node

    init(of text: String) {
        do {
            let text = try DocumentText(parsing: text)
            var reader = DocumentReader(repeatedKeys: text.repeatedKeys)
            configuration = reader.configuration(from: text.root)
            statesRegion = reader.statesRegion
            findings = reader.findings
            unread = reader.unread
            root = text.root
        } catch {
            configuration = Configuration()
            statesRegion = false
            findings = [Finding(problem: error, position: .first)]
            unread = Set(DocumentFields.document)
            root = Node("")
        }
    }

    /// The findings together with broken rules, in the order of the text.
    ///
    /// - Precondition: There is a finding or a broken rule.
    func problems(with brokenRules: [Problem]) -> Problems {
        let broken = brokenRules.map { Finding(problem: $0, position: position(of: FieldPath($0.path))) }
        let sorted = (findings + broken).enumerated().sorted { left, right in
            (left.element.position, left.offset) < (right.element.position, right.offset)
        }
        return Problems(sorted.map { $0.element.problem })
    }

    /// Where a field stands in the text; one that is left out stands where its mapping begins.
    ///
    /// Resources that only have a name here are not in the text; they come last.
    private func position(of path: FieldPath) -> Position {
        if path.steps.contains(where: { if case .named = $0 { true } else { false } }) { return .last }
        var node = root
        for step in path.steps {
            let next: Node?
            switch step {
            case .named: next = nil
            case .element(let index): next = node.sequence.flatMap { $0.indices.contains(index) ? $0[index] : nil }
            case .field(let name): next = node.mapping?.first { $0.key.scalar?.string == name }?.value
            }
            guard let next else { break }
            node = next
        }
        return Position(of: node)
    }
}

/// A problem with the place in the text where it was found.
struct Finding {
    let problem: Problem
    let position: Position
}

/// A place in a text, both numbers counted from 1.
struct Position: Comparable {
    let line: Int
    let column: Int

    static let first = Position(line: 1, column: 1)
    /// Behind everything.
    static let last = Position(line: .max, column: .max)

    static func < (left: Self, right: Self) -> Bool { (left.line, left.column) < (right.line, right.column) }
}

extension Position {
    init(_ mark: Mark) { self.init(line: mark.line, column: mark.column) }

    init(of node: Node) { self = node.mark.map { Position($0) } ?? .first }
}

extension Position: CustomStringConvertible {
    var description: String { "line \(line), column \(column)" }
}
