internal import AdminTypes
internal import Authentication
internal import ControlPlane
internal import Hummingbird
internal import ServiceModel

extension Endpoint {
    static let documents: [Endpoint] = [
        Endpoint(.apply, .post, region + ":apply", AdminAPI.apply),
        Endpoint(.plan, .post, region + ":plan", AdminAPI.plan),
        Endpoint(.export, .get, region + ":export", AdminAPI.export),
    ]
}

extension AdminAPI {
    func apply(_ call: Call) async throws -> Reply {
        let isDryRun = try call.flag("dryRun")
        let outcome = try await applied(call, isDryRun: isDryRun)
        return .result(
            ApplyAnswer(
                revision: outcome.revision, installedRevision: outcome.installedRevision, dryRun: isDryRun,
                changes: outcome.changes.map(ApplyAnswer.Change.init),
                tables: isDryRun ? outcome.forecasts.map(TableForecastAnswer.init) : nil, failure: outcome.failure))
    }

    /// What `apply` would change, field by field, and which slots would move; nothing changes.
    func plan(_ call: Call) async throws -> Reply {
        let outcome = try await applied(call, isDryRun: true)
        let differences = FieldDifferences(from: outcome.before, to: outcome.after, for: outcome.changes)
        return .result(
            PlanAnswer(
                revision: outcome.revision,
                changes: outcome.changes.map {
                    PlanAnswer.Change(
                        action: $0.action.rawValue, resource: "\($0.kind.rawValue) \($0.name)",
                        fields: differences.fields(of: $0))
                }, tables: outcome.forecasts.map(TableForecastAnswer.init)))
    }

    private func applied(_ call: Call, isDryRun: Bool) async throws -> ChangeOutcome {
        let prunes = try call.flag("prune")
        guard let text = String(validating: call.body, as: UTF8.self) else {
            throw ErrorAnswer(
                refusingDocument: Problems([
                    Problem(path: "", reason: .malformed(found: "the document", expected: "UTF-8"))
                ]))
        }
        do {
            return try await controller.change(by: call.caller.author, dryRun: isDryRun) {
                (current, surroundings) throws(ChangeError) in
                switch ConfigurationDocument.check(text, appliedTo: current, prune: prunes, in: surroundings) {
                case .success(let resources): return resources
                case .failure(let problems): throw .refused(.refused(problems))
                }
            }
        } catch ChangeError.refused(.refused(let problems)) {
            throw ErrorAnswer(refusingDocument: problems)
        }
    }

    func export(_ call: Call) async throws -> Reply {
        let document = ConfigurationDocument(try await configuration())
        let wantsYAML = call.headers[.accept]?.contains("yaml") ?? false
        return wantsYAML
            ? .text(document.yaml, type: "application/yaml") : .text(document.json, type: "application/json")
    }
}

extension ErrorAnswer {
    /// A document is right or wrong as a whole: always 400, whichever rule of its resources it breaks.
    fileprivate init(refusingDocument problems: Problems) {
        self.init(problems, message: "the document was refused, nothing was changed")
        error.code = 400
        error.status = "INVALID_ARGUMENT"
    }
}

extension ApplyAnswer.Change {
    fileprivate init(_ change: Change) {
        self.init(action: change.action.rawValue, resource: "\(change.kind.rawValue) \(change.name)")
    }
}
