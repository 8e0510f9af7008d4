// From text to nodes. Yams does that; here is what it leaves open: aliases, repeated keys, errors in one form.

import ServiceModel
import Yams

/// A text as a tree of nodes.
struct DocumentText {
    /// Of an empty text an empty scalar.
    let root: Node
    /// Keys that stand more than once in their mapping, by the name that the earlier one bears in `root`.
    private(set) var repeatedKeys: [String: RepeatedKey] = [:]

    struct RepeatedKey {
        let name: String
        let position: Position
    }

    /// How much text may be read in all to tell repeated keys with a path. Yams gives up at the first; that one is
    /// renamed then, for another pass.
    private static let bytesMax = 4 << 20

    /// - Throws: What makes the text no YAML.
    init(parsing text: String) throws(Problem) {
        if let json = Self.json(text) {
            root = Node(json)
            return
        }
        try Self.checkSize(text)
        var text = try Self.withoutAliases(text)
        while true {
            switch Self.compose(text) {
            case .success(let node):
                root = node
                return
            case .failure(.problem(let problem)):
                throw problem
            case .failure(.repeatedKey(let key)):
                let standIn = "repeated\(repeatedKeys.count)-"
                guard (repeatedKeys.count + 2) * text.utf8.count < Self.bytesMax, !text.contains(standIn),
                    let renamed = Self.inserting(standIn, intoKeyAt: key.position, of: text)
                else { throw Problem(at: key.position, "the key \(quoted(key.name)) stands twice in one mapping") }
                repeatedKeys[standIn + key.name] = key
                text = renamed
            }
        }
    }

    /// The value, if the text is JSON. YAML 1.1 would do for most of it, but knows no pairs of surrogates, for example.
    ///
    /// What is wrong with almost JSON is told by the reader of YAML, which knows lines and repeated keys.
    private static func json(_ text: String) -> JSONValue? {
        guard text.utf8.first(where: { !" \t\r\n".utf8.contains($0) }) == UInt8(ascii: "{") else { return nil }
        return try? JSONValue(parsing: Array(text.utf8))
    }

    /// Of a text, characters that a node can follow. A target of three fields has seven; Yams takes some 250 bytes a node.
    static let indicatorsMax = 150_000

    /// Every node but the first follows on an indicator (YAML 1.2, section 5.3) or on the end of a line; some indicators
    /// are such only before white space, and a key in quotes may have its value right after its colon.
    private static func checkSize(_ text: String) throws(Problem) {
        var indicators = 0
        var previous = UInt8(ascii: " ")
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: ","), UInt8(ascii: "["), UInt8(ascii: "{"), UInt8(ascii: "\n"), UInt8(ascii: "\r"):
                indicators += 1
            default: break
            }
            if " \t\r\n".utf8.contains(byte), "-:?".utf8.contains(previous) { indicators += 1 }
            previous = byte
        }
        guard indicators <= indicatorsMax else {
            throw Problem(at: .first, "there are more than \(indicatorsMax) lines and separators; split the document")
        }
    }

    private static func inserting(_ prefix: String, intoKeyAt position: Position, of text: String) -> String? {
        guard var index = TextLines(text).index(of: position) else { return nil }
        if "\"'".unicodeScalars.contains(text.unicodeScalars[index]) { index = text.unicodeScalars.index(after: index) }
        var renamed = text
        renamed.unicodeScalars.insert(contentsOf: prefix.unicodeScalars, at: index)
        return renamed
    }
}

// MARK: - Yams

extension DocumentText {
    private enum Obstacle: Error {
        case repeatedKey(RepeatedKey)
        case problem(Problem)
    }

    private static func compose(_ text: String) -> Result<Node, Obstacle> {
        do {
            // Without rules for scalars: the reader of a field knows what should stand there.
            return .success(try Parser(yaml: text, resolver: .basic, encoding: .utf8).singleRoot() ?? Node(""))
        } catch YamlError.duplicatedKeysInMapping(let names, let context) {
            return .failure(.repeatedKey(RepeatedKey(name: names[0], position: Position(context.mark))))
        } catch let error as YamlError {
            return .failure(.problem(problem(of: error, in: text)))
        } catch {
            return .failure(.problem(Problem(at: .first, "\(error)")))
        }
    }

    private static func problem(of error: YamlError, in text: String) -> Problem {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            return Problem(at: Position(mark), problem)
        case .reader(let problem, let offset, _, _):
            let index = offset.flatMap { text.index(text.startIndex, offsetBy: $0, limitedBy: text.endIndex) }
            return Problem(at: TextLines(text).position(of: index ?? text.startIndex), problem)
        default:
            return Problem(at: .first, "\(error)")
        }
    }
}

extension Problem {
    fileprivate init(at position: Position, _ sentence: String) {
        self.init(path: "", reason: .malformed(found: "\(position)", expected: "valid YAML: \(sentence)"))
    }
}

// MARK: - JSON

extension Node {
    fileprivate init(_ json: JSONValue) {
        switch json {
        case .null: self = .plain("null")
        case .boolean(let value): self = .plain("\(value)")
        case .number(let text): self = .plain(json.integer.map { "\($0)" } ?? text)
        case .text(let text): self = .scalar(Scalar(text, Tag(.implicit), .doubleQuoted))
        case .list(let list): self = .sequence(Sequence(list.map { Node($0) }))
        case .object(let members):
            let pairs = members.sorted { $0.key < $1.key }.map { (Node(.text($0.key)), Node($0.value)) }
            self = .mapping(Mapping(pairs))
        }
    }

    private static func plain(_ text: String) -> Node { .scalar(Scalar(text, Tag(.implicit), .plain)) }
}

// MARK: - Aliases

extension DocumentText {
    /// The text, in which no `*` can start an alias any more.
    ///
    /// A few aliases to aliases stand for more nodes than there is memory for, and Yams may visit them all while it
    /// looks for repeated keys. No document needs one. Comments may hold the character; those that do are cut off, so
    /// that this need not know as well as the parser does where a comment begins. Where no `&` can name anything, the
    /// character is harmless: texts may hold it.
    private static func withoutAliases(_ text: String) throws(Problem) -> String {
        guard text.utf8.contains(UInt8(ascii: "*")), hasAnchor(text) else { return text }
        var lines: [Substring.UnicodeScalarView] = []
        for (index, line) in text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let line = Substring.UnicodeScalarView(line)
            guard let star = first("*", in: line) else {
                lines.append(line)
                continue
            }
            guard let comment = commentStart(in: line), comment < star else {
                let column = line.distance(from: line.startIndex, to: star) + 1
                throw Problem(
                    at: Position(line: index + 1, column: column), "aliases (*name) are not read; write the value out")
            }
            lines.append(line[..<comment])
        }
        return lines.map { String($0) }.joined(separator: "\n")
    }

    private static func hasAnchor(_ text: String) -> Bool {
        text.utf8.contains(UInt8(ascii: "&")) && first("&", in: Substring(text).unicodeScalars) != nil
    }

    /// The first such character that does not stand inside of a word.
    private static func first(
        _ character: Unicode.Scalar, in line: Substring.UnicodeScalarView
    ) -> String.Index? {
        line.indices.first { index in
            guard line[index] == character, index > line.startIndex else { return line[index] == character }
            let before = line[line.index(before: index)]
            return !before.properties.isAlphabetic && !("0"..."9").contains(before)
        }
    }

    private static func commentStart(in line: Substring.UnicodeScalarView) -> String.Index? {
        line.indices.first { index in
            guard line[index] == "#", index > line.startIndex else { return line[index] == "#" }
            return line[line.index(before: index)].properties.isWhitespace
        }
    }
}
