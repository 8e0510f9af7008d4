internal import Foundation
internal import Logging
public import ServiceModel
public import Store

/// What a change of resources came to.
public struct ChangeOutcome: Sendable, Hashable {
    /// Of the resources after the change; that before, when nothing changed or it was only tried.
    public let revision: UInt64
    public let changes: [Change]
    /// What the kernel holds when this is answered; less than `revision` when it refused.
    public let installedRevision: UInt64
    /// Why the kernel does not hold it yet.
    public let failure: String?
}

/// Why resources were not changed.
public enum ChangeError: Error, Sendable, Hashable {
    case invalid(Problems)
    case store(StoreError)
    case detached
}

extension ChangeError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .invalid(let problems): problems.description
        case .store(let error): error.description
        case .detached: "the data plane was detached; start shoald again first"
        }
    }
}

extension Controller {
    /// Replaces the resources by what `decide` makes of them; all of it or nothing.
    ///
    /// - Parameters:
    ///   - author: Who asks for it, for the history.
    ///   - dryRun: Only tells what would change.
    ///   - decide: Gets the resources as they are.
    /// - Returns: After the kernel holds the change, or has refused it.
    public func change(
        by author: Author, dryRun: Bool,
        _ decide: @Sendable (Configuration, Surroundings) -> Result<CheckedConfiguration, Problems>
    ) async throws(ChangeError) -> ChangeOutcome {
        guard !isDetached else { throw .detached }
        let surroundings = await currentSurroundings()
        if seenRevision == nil { await followStore() }
        let old = try await stored()
        let resources = try decide(old.configuration, surroundings).unwrapped()

        let changes = old.configuration.changes(to: resources.configuration)
        guard !dryRun, !changes.isEmpty else { return outcome(old.revision, changes) }
        let new = try await commit(resources, over: old, by: author)
        logger.info("changed", metadata: ["revision": "\(new.revision)", "resources": "\(changes.count)"])
        await want(Desired(revision: new.revision, resources: resources))
        return outcome(new.revision, changes)
    }

    /// The resources at the newest revision.
    public func stored() async throws(ChangeError) -> StoredConfiguration {
        do { return try await store.read() } catch { throw .store(error) }
    }

    private func commit(
        _ resources: CheckedConfiguration, over old: StoredConfiguration, by author: Author
    ) async throws(ChangeError) -> StoredConfiguration {
        do {
            return try await store.commit(
                resources.configuration, basedOn: old.revision, by: author, at: Int64(Date().timeIntervalSince1970))
        } catch {
            throw .store(error)
        }
    }

    private func outcome(_ revision: UInt64, _ changes: [Change]) -> ChangeOutcome {
        ChangeOutcome(
            revision: revision, changes: changes, installedRevision: installedRevision, failure: failure ?? refusal)
    }
}

extension Result where Success == CheckedConfiguration, Failure == Problems {
    fileprivate func unwrapped() throws(ChangeError) -> CheckedConfiguration {
        switch self {
        case .success(let resources): return resources
        case .failure(let problems): throw .invalid(problems)
        }
    }
}
