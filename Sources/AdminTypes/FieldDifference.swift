// What differs between two configurations, in the words of documents.

public import ServiceModel

/// One field of a resource that differs.
public struct FieldDifference: Codable, Sendable, Hashable {
    /// As documents call it, as in `healthCheck.port`, or `targets["10.1.0.11"].weight`.
    public var field: String
    /// Absent where there was none.
    public var before: String?
    /// Absent where there is none any more.
    public var after: String?

    public init(field: String, before: String?, after: String?) {
        self.field = field
        self.before = before
        self.after = after
    }
}

/// The resources of two configurations, to look up what differs between them.
public struct FieldDifferences {
    private let before: [Key: DocumentValue]
    private let after: [Key: DocumentValue]

    private struct Key: Hashable {
        let kind: Change.Kind
        let name: String
    }

    /// - Parameter changes: As `Configuration.changes(to:)` found them between the two; others need not be looked at.
    public init(from before: Configuration, to after: Configuration, for changes: [Change]) {
        let wanted = Set(changes.map { Key(kind: $0.kind, name: $0.name) })
        self.before = Self.resources(of: before, among: wanted)
        self.after = Self.resources(of: after, among: wanted)
    }

    /// The fields in which a resource differs, in the order of documents; empty when only an order differs.
    public func fields(of change: Change) -> [FieldDifference] {
        let key = Key(kind: change.kind, name: change.name)
        let old = before[key]?.leaves() ?? []
        let new = after[key]?.leaves() ?? []
        let oldTexts = Dictionary(old.map { ($0.path, $0.text) }) { first, _ in first }
        let newTexts = Dictionary(new.map { ($0.path, $0.text) }) { first, _ in first }
        let gone = old.filter { newTexts[$0.path] == nil }.map {
            FieldDifference(field: $0.path, before: $0.text, after: nil)
        }
        return new.filter { oldTexts[$0.path] != $0.text }.map {
            FieldDifference(field: $0.path, before: oldTexts[$0.path], after: $0.text)
        } + gone
    }

    private static func resources(of configuration: Configuration, among wanted: Set<Key>) -> [Key: DocumentValue] {
        var found: [Key: DocumentValue] = [:]
        func note(_ kind: Change.Kind, _ name: String, _ value: @autoclosure () -> DocumentValue) {
            let key = Key(kind: kind, name: name)
            if wanted.contains(key) { found[key] = value() }
        }
        for owner in configuration.loadBalancers {
            note(.loadBalancer, owner.name, DocumentValue(owner.content))
            for listener in owner.listeners {
                note(.listener, "\(owner.name)/\(listener.name)", DocumentValue(listener))
            }
            for service in owner.services { note(.service, "\(owner.name)/\(service.name)", DocumentValue(service)) }
            for group in owner.groups { note(.group, "\(owner.name)/\(group.name)", DocumentValue(group)) }
        }
        for group in configuration.availabilityGroups { note(.availabilityGroup, group.name, DocumentValue(group)) }
        for instance in configuration.instances { note(.instance, instance.id, DocumentValue(instance)) }
        return found
    }
}

extension DocumentValue {
    fileprivate struct Leaf {
        let path: String
        let text: String
    }

    /// Everything that is no list and no mapping, each with the way to it. The elements of a list go by their names,
    /// so that one that is new moves no other.
    fileprivate func leaves(at path: String = "") -> [Leaf] {
        switch self {
        case .text(let text): [Leaf(path: path, text: text)]
        case .number(let number): [Leaf(path: path, text: "\(number)")]
        case .boolean(let value): [Leaf(path: path, text: "\(value)")]
        case .list(let list, _):
            list.flatMap { element in element.leaves(at: "\(path)[\"\(element.key ?? "")\"]") }
        case .mapping(let mapping, _):
            mapping.flatMap { field in
                field.value.leaves(at: path.isEmpty ? field.key : "\(path).\(field.key)")
            }
        }
    }

    /// What an element of a list is known by.
    private var key: String? {
        switch self {
        case .text(let text): text
        case .mapping(let mapping, _):
            mapping.first { ["name", "id", "address", "instance"].contains($0.key) }.flatMap { field in
                if case .text(let text) = field.value { text } else { nil }
            }
        default: nil
        }
    }
}
