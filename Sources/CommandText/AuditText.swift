// Who changed what, for people to read.

package import AdminTypes
internal import Foundation

extension AuditEntryAnswer: Tabulated {
    package static let columns: [Column<Self>] = [
        Column("TIME") { entry, _ in entry.time },
        Column("REVISION") { entry, _ in "\(entry.revision)" },
        Column("WHO") { entry, _ in entry.author.text },
        Column("ACTION") { entry, _ in entry.action },
        Column("RESOURCE") { entry, _ in "\(entry.kind) \(entry.name)" },
    ]

    /// The fields that this changed, by name. What the store adds to each resource is left out.
    package var changes: [FieldDifference] {
        let old = fields(of: before)
        let new = fields(of: after)
        return Set(old.keys).union(new.keys).sorted().compactMap { name in
            old[name] == new[name] ? nil : FieldDifference(field: name, before: old[name], after: new[name])
        }
    }

    private func fields(of text: String?) -> [String: String] {
        guard let text, let tree = try? JSONDecoder().decode(JSONTree.self, from: Data(text.utf8)) else { return [:] }
        guard case .object(var members) = tree else { return [:] }
        for name in ["id", "createdAt", "version"] { members[name] = nil }
        return JSONTree.object(members).leaves(at: "")
    }
}

extension AuditEntryAnswer.Author {
    /// `socket root`, `key AK… from 10.0.0.5`.
    fileprivate var text: String { "\(kind) \(name)" + (remote.map { " from \($0)" } ?? "") }
}

/// Any JSON.
private indirect enum JSONTree: Decodable {
    case scalar(String)
    case list([JSONTree])
    case object([String: JSONTree])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let members = try? container.decode([String: JSONTree].self) {
            self = .object(members)
        } else if let elements = try? container.decode([JSONTree].self) {
            self = .list(elements)
        } else if let text = try? container.decode(String.self) {
            self = .scalar(text)
        } else if let flag = try? container.decode(Bool.self) {
            self = .scalar("\(flag)")
        } else if let number = try? container.decode(Decimal.self) {
            self = .scalar("\(number)")
        } else {
            self = .scalar("null")
        }
    }

    /// Every value by its path, as in `healthCheck.port` and `targets["10.1.0.11"].weight`. A list of plain values is
    /// one value.
    func leaves(at path: String) -> [String: String] {
        switch self {
        case .scalar(let text): return [path: text]
        case .object(let members):
            let parts = members.map { name, value in value.leaves(at: path.isEmpty ? name : "\(path).\(name)") }
            return parts.reduce(into: [:]) { $0.merge($1) { first, _ in first } }
        case .list(let elements):
            let plain = elements.compactMap(\.text)
            if plain.count == elements.count { return [path: "[" + plain.joined(separator: ", ") + "]"] }
            let keys = elements.enumerated().map { index, element in element.server.map { "\"\($0)\"" } ?? "\(index)" }
            let parts = zip(keys, elements).map { key, element in
                element.withoutIdentity.leaves(at: "\(path)[\(key)]")
            }
            return parts.reduce(into: [:]) { $0.merge($1) { first, _ in first } }
        }
    }

    private var text: String? { if case .scalar(let text) = self { text } else { nil } }

    private func member(_ name: String) -> JSONTree? {
        if case .object(let members) = self { members[name] } else { nil }
    }

    /// Address or instance of a target, which tells it from the others of its group.
    private var server: String? {
        let server = member("server")
        return server?.member("address")?.text ?? server?.member("instance")?.text
    }

    /// A target without what is in its path already.
    private var withoutIdentity: JSONTree {
        guard server != nil, case .object(var members) = self else { return self }
        for name in ["id", "server"] { members[name] = nil }
        return .object(members)
    }
}
