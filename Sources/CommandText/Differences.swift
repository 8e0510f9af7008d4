// What a document would change, for people to read.

package import AdminTypes
internal import ServiceModel

/// A line of a difference.
package struct DifferenceLine: Sendable, Hashable {
    package enum Mark: String, Sendable, Hashable, CaseIterable {
        case added = "+"
        case changed = "~"
        case removed = "-"
    }

    package let mark: Mark
    /// Without the mark.
    package let text: String
    /// Whether it is about a field of the resource above it.
    package let isField: Bool

    package var description: String { (isField ? "    " : "") + mark.rawValue + " " + text }
}

extension PlanAnswer {
    /// Each resource with the fields that differ, from what to what.
    package var differenceLines: [DifferenceLine] {
        changes.flatMap { change in [change.line] + change.fields.map(\.line) }
    }

    /// Each resource, and of one that is updated which fields.
    package var planLines: [DifferenceLine] {
        changes.map { change in
            let fields = change.fields.map(\.field).joined(separator: ", ")
            let isListed = change.action == ServiceModel.Change.Action.updated.rawValue && !fields.isEmpty
            let line = change.line
            return DifferenceLine(mark: line.mark, text: line.text + (isListed ? ": " + fields : ""), isField: false)
        }
    }

    /// `1 to create, 2 to update, 0 to delete`.
    package var planSummary: String {
        zip(ServiceModel.Change.Action.allCases, ["create", "update", "delete"]).map { action, verb in
            "\(changes.count { $0.action == action.rawValue }) to \(verb)"
        }.joined(separator: ", ")
    }
}

extension PlanAnswer.Change {
    fileprivate var line: DifferenceLine {
        let mark: DifferenceLine.Mark =
            switch ServiceModel.Change.Action(rawValue: action) {
            case .created: .added
            case .deleted: .removed
            case .updated, nil: .changed
            }
        return DifferenceLine(mark: mark, text: printable(resource), isField: false)
    }
}

extension FieldDifference {
    package var line: DifferenceLine {
        func line(_ mark: DifferenceLine.Mark, _ values: String) -> DifferenceLine {
            DifferenceLine(mark: mark, text: printable("\(field): \(values)"), isField: true)
        }
        return switch (before, after) {
        case (let before?, let after?): line(.changed, "\(before) → \(after)")
        case (let before?, nil): line(.removed, before)
        case (nil, let after?): line(.added, after)
        case (nil, nil): line(.changed, "?")
        }
    }
}
