internal import Foundation
internal import Logging
public import ServiceModel
public import Store
internal import TableCompiler

/// What a change of resources came to.
public struct ChangeOutcome: Sendable, Hashable {
    /// Of the resources after the change; that before, when nothing changed or it was only tried.
    public let revision: UInt64
    public let changes: [Change]
    /// The resources before the change.
    public let before: Configuration
    /// The resources after it; as they would be, when it was only tried.
    public let after: Configuration
    /// What the kernel holds when this is answered; less than `revision` when it refused.
    public let installedRevision: UInt64
    /// Why the kernel does not hold it yet.
    public let failure: String?
    /// Of a change that was only tried, the services whose slots would move.
    public let forecasts: [TableForecast]
}

/// Why resources were not changed.
public enum ChangeError: Error, Sendable, Hashable {
    case refused(OperationError)
    /// The resource is not at the version that the change was made for, but at this one.
    case stale(version: UInt64)
    case store(StoreError)
    case detached
}

extension ChangeError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .refused(let error): error.description
        case .stale(let version): "somebody else has changed the resource since, it is at version \(version) now"
        case .store(let error): error.description
        case .detached: "the data plane was detached; start shoald again first"
        }
    }
}

extension Controller {
    /// Replaces the resources by what `decide` makes of them; all of it or nothing.
    ///
    /// Changes are decided and stored one after the other, in the order in which they were asked for, and share the
    /// run that installs them.
    ///
    /// - Parameters:
    ///   - author: Who asks for it, for the history.
    ///   - dryRun: Only tells what would change.
    ///   - decide: Gets the resources as they are; asked again when another node was faster.
    /// - Returns: After the kernel holds the change, or has refused it.
    public func change(
        by author: Author, dryRun: Bool = false,
        _ decide: @Sendable (Configuration, Surroundings) throws(ChangeError) -> CheckedConfiguration
    ) async throws(ChangeError) -> ChangeOutcome {
        let step = try await storeInTurn(by: author, dryRun: dryRun, decide)
        guard !dryRun, !step.changes.isEmpty else {
            return outcome(of: step, await forecasts(from: step.tablesBefore, to: step.tables, for: step.resources))
        }
        logger.info("changed", metadata: ["revision": "\(step.revision)", "resources": "\(step.changes.count)"])
        for change in step.changes {
            events.append(
                Event.Kind(change.action), "\(change.kind.rawValue) \(change.name)",
                "\(change.action.rawValue) by \(author.name)", revision: step.revision)
        }
        await want(Desired(revision: step.revision, resources: step.resources, tables: step.tables))
        return outcome(of: step)
    }

    /// The resources at the newest revision.
    public func stored() async throws(ChangeError) -> StoredConfiguration {
        do { return try await store.read() } catch { throw .store(error) }
    }

    private struct StoredStep {
        let revision: UInt64
        let before: Configuration
        let resources: CheckedConfiguration
        let tablesBefore: CanonicalTables
        let tables: CanonicalTables
        let changes: [Change]
    }

    private func storeInTurn(
        by author: Author, dryRun: Bool,
        _ decide: @Sendable (Configuration, Surroundings) throws(ChangeError) -> CheckedConfiguration
    ) async throws(ChangeError) -> StoredStep {
        await turns.take()
        defer { turns.pass() }
        guard !isDetached else { throw .detached }
        let surroundings = await currentSurroundings()
        if seenRevision == nil { await followStore() }
        let old = try await stored()
        let resources = try decide(old.configuration, surroundings)
        let changes = old.configuration.changes(to: resources.configuration)
        guard !changes.isEmpty else {
            return StoredStep(
                revision: old.revision, before: old.configuration, resources: resources, tablesBefore: storedTables,
                tables: storedTables, changes: changes)
        }
        let now = Int64(Date().timeIntervalSince1970)
        // Tables are known by the ids of their services, so those that are new get theirs before they are stored.
        let stamped = resources.stamped(replacing: old.configuration, at: now) {
            ResourceID($0, UInt64.random(in: 0 ... .max))
        }
        let tablesBefore = storedTables
        let tables = tablesBefore.repaired(for: stamped)
        guard !dryRun else {
            return StoredStep(
                revision: old.revision, before: old.configuration, resources: stamped, tablesBefore: tablesBefore,
                tables: tables, changes: changes)
        }
        let new = try await commit(stamped, tables, over: old, by: author, at: now)
        return StoredStep(
            revision: new.revision, before: old.configuration,
            resources: resources.stored(as: new.configuration), tablesBefore: tablesBefore, tables: tables,
            changes: changes)
    }

    private func commit(
        _ resources: CheckedConfiguration, _ tables: CanonicalTables, over old: StoredConfiguration,
        by author: Author, at unixSeconds: Int64
    ) async throws(ChangeError) -> StoredConfiguration {
        do {
            let new = try await store.commit(
                resources.configuration, basedOn: old.revision,
                tables: TableWrites(tables.changes(since: storedTables)), by: author, at: unixSeconds)
            storedTables = tables
            storeTrouble = nil
            return new
        } catch {
            note(error)
            throw .store(error)
        }
    }

    /// Tells those who look at the status, and not only whoever asked for the change.
    private func note(_ error: StoreError) {
        switch error {
        // Nothing is wrong with the store.
        case .conflict, .duplicate: return
        default: break
        }
        let sentence = "the latest change was not stored, so resources are as they were before it: \(error)"
        if storeTrouble != sentence { events.append(.notStored, "store", "\(error)", revision: desired.revision) }
        storeTrouble = sentence
    }

    private func outcome(of step: StoredStep, _ forecasts: [TableForecast] = []) -> ChangeOutcome {
        ChangeOutcome(
            revision: step.revision, changes: step.changes, before: step.before, after: step.resources.configuration,
            installedRevision: installedRevision, failure: failure ?? refusal, forecasts: forecasts)
    }
}

extension TableWrites {
    init(_ changes: TableHistoryChanges) { self.init(puts: changes.puts, removals: changes.removals) }
}

extension Event.Kind {
    fileprivate init(_ action: Change.Action) {
        self =
            switch action {
            case .created: .resourceCreated
            case .updated: .resourceUpdated
            case .deleted: .resourceDeleted
            }
    }
}
