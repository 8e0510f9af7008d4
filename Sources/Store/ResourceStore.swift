internal import AdminTypes
public import ServiceModel

/// Resources and the number of the change that made them so.
public struct StoredConfiguration: Sendable, Hashable {
    /// 0 before the first change, then one more with each.
    public let revision: UInt64
    public let configuration: Configuration

    public init(revision: UInt64, configuration: Configuration) {
        self.revision = revision
        self.configuration = configuration
    }
}

/// Where resources live.
public protocol ResourceStore: Sendable {
    /// All resources at the newest revision.
    func read() async throws(StoreError) -> StoredConfiguration

    /// Replaces all resources, if nobody else has since `revision`. What this returns is stored for good.
    func commit(_ configuration: Configuration, basedOn revision: UInt64) async throws(StoreError)
        -> StoredConfiguration
}

/// Why resources could not be read or changed; nothing was.
public enum StoreError: Error, Sendable, Hashable {
    /// Somebody changed them meanwhile.
    case conflict(current: UInt64, basedOn: UInt64)
    case file(StateFileError)
    /// The file holds resources that this version does not understand.
    case unreadable(path: String, problems: Problems)
}

extension StoreError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .conflict(let current, let basedOn):
            "somebody changed the resources meanwhile: revision \(current), this change was based on \(basedOn)"
        case .file(let error): error.description
        case .unreadable(let path, let problems): "\(path) is not understood by this version:\n\(problems)"
        }
    }
}

/// Resources in one file of the state directory, in the form of `shoal apply`.
public actor FileStore: ResourceStore {
    private struct Envelope: Codable {
        let revision: UInt64
        let document: String
    }

    private let file: StateFile<Envelope>
    private var current: StoredConfiguration?

    /// - Parameter directory: Exists and is writable.
    public init(directory: String) { file = StateFile(path: directory + "/resources.json") }

    public func read() throws(StoreError) -> StoredConfiguration {
        if let current { return current }
        let envelope: Envelope?
        do { envelope = try file.read() } catch { throw .file(error) }
        let stored = StoredConfiguration(
            revision: envelope?.revision ?? 0, configuration: try parse(envelope?.document))
        current = stored
        return stored
    }

    public func commit(
        _ configuration: Configuration, basedOn revision: UInt64
    ) throws(StoreError) -> StoredConfiguration {
        let old = try read()
        guard old.revision == revision else { throw .conflict(current: old.revision, basedOn: revision) }
        let new = StoredConfiguration(revision: revision + 1, configuration: configuration)
        let envelope = Envelope(revision: new.revision, document: ConfigurationDocument(configuration).yaml)
        do { try file.write(envelope) } catch { throw .file(error) }
        current = new
        return new
    }

    private func parse(_ document: String?) throws(StoreError) -> Configuration {
        guard let document else { return Configuration() }
        do {
            return try ConfigurationDocument(parsing: document).configuration
        } catch {
            throw .unreadable(path: file.path, problems: error)
        }
    }
}
