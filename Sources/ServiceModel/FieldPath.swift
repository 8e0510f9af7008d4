/// Where a field stands in a configuration, as in `loadBalancers[0].listeners[1].port`.
package struct FieldPath: Sendable, Hashable {
    package enum Step: Sendable, Hashable {
        case field(String)
        case element(Int)
        /// An element that has no index in the document at hand, by its name.
        case named(String)
    }

    package private(set) var steps: [Step]

    package static let root = FieldPath(steps: [])

    private init(steps: [Step]) { self.steps = steps }

    /// Reads what `description` writes. Names in it must keep to the rule for names.
    package init(_ description: String) {
        steps = description.split(separator: ".").flatMap { part -> [Step] in
            let pieces = part.split(separator: "[")
            return pieces.prefix(1).map { .field(String($0)) }
                + pieces.dropFirst().map { piece in
                    let inside = piece.dropLast()
                    return Int(inside).map { .element($0) } ?? .named(String(inside.dropFirst().dropLast()))
                }
        }
    }

    package func appending(_ step: Step) -> FieldPath { FieldPath(steps: steps + [step]) }
    package func field(_ name: String) -> FieldPath { appending(.field(name)) }
    package func element(_ index: Int) -> FieldPath { appending(.element(index)) }

    /// Where the list or the mapping that holds this field stands; `nil` for the root.
    package var parent: FieldPath? { steps.isEmpty ? nil : FieldPath(steps: steps.dropLast()) }
}

extension FieldPath: CustomStringConvertible {
    package var description: String {
        var text = ""
        for step in steps {
            switch step {
            case .field(let name): text += text.isEmpty ? name : "." + name
            case .element(let index): text += "[\(index)]"
            case .named(let name): text += "[\"\(name)\"]"
            }
        }
        return text
    }
}
