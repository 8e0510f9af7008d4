internal import Foundation
public import ServiceModel
internal import Synchronization

/// Resources in an SQLite database of the state directory, which this process has for itself.
///
/// The file is opened by the first call. When that fails or the disk does later, each further call tries again: what
/// was wrong can be put right without a restart.
public actor SQLiteStore: ResourceStore {
    public nonisolated let path: String
    private nonisolated let region: String?
    private nonisolated let executor = StoreExecutor()
    private nonisolated let watchers = Watchers()
    /// Of keys and tokens; see `accessGeneration`.
    nonisolated let generation = Atomic<UInt64>(0)
    private var database: StoreDatabase?
    /// What is on the disk; after a failure what was there before.
    private var newest: StoredConfiguration?
    /// Whether `newest` is what is on the disk.
    private var isSure = false

    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// - Parameters:
    ///   - path: Of the file, which is made when it is not there, as is its directory. When the old store
    ///     `resources.json` is beside it, that is taken over.
    ///   - region: That of a store without resources, whatever it was before; `nil` leaves it as it is. Resources of
    ///     another region stay what they are.
    public init(path: String, region: String? = nil) {
        self.path = path
        self.region = region
    }

    /// The name of the file in a state directory.
    public static let fileName = "shoal.db"

    // MARK: Reading

    public func read() throws(StoreError) -> StoredConfiguration {
        do { return try current() } catch {
            guard let newest else { throw error }
            return newest
        }
    }

    /// - Throws: When it is not sure what is on the disk.
    private func current() throws(StoreError) -> StoredConfiguration {
        if isSure, let newest { return newest }
        let database = try opened()
        let revision = try database.read { try ConfigurationRows(database: $0).revision() }
        // Whatever was not committed is gone when the revision is the old one.
        if newest?.revision != revision {
            newest = placed(try database.read { try ConfigurationRows(database: $0).read() })
        }
        guard let newest else { preconditionFailure("what was read is there") }
        isSure = true
        watchers.publish(newest)
        return newest
    }

    private func placed(_ stored: StoredConfiguration) -> StoredConfiguration {
        let empty = Configuration(region: stored.configuration.region)
        guard let region, stored.configuration == empty else { return stored }
        return StoredConfiguration(revision: stored.revision, configuration: Configuration(region: region))
    }

    public func tables() throws(StoreError) -> [ResourceID: [UInt8]] {
        try opened().read { try ConfigurationRows(database: $0).tables() }
    }

    public nonisolated func watch(from revision: UInt64) -> AsyncStream<StoredConfiguration> {
        watchers.stream(from: revision)
    }

    public func history(after revision: UInt64, limit: Int) throws(StoreError) -> [HistoryEntry] {
        try opened().read { try ConfigurationRows(database: $0).history(after: revision, limit: limit) }
    }

    public func newestHistory(after revision: UInt64, limit: Int) throws(StoreError) -> [HistoryEntry] {
        try opened().read { try ConfigurationRows(database: $0).newestHistory(after: revision, limit: limit) }
    }

    // MARK: Writing

    public func commit(
        _ configuration: Configuration, basedOn revision: UInt64, tables: TableWrites = TableWrites(),
        by author: Author, at unixSeconds: Int64
    ) throws(StoreError) -> StoredConfiguration {
        let old = try current()
        guard old.revision == revision else { throw .conflict(current: old.revision, basedOn: revision) }
        let difference = try Difference(from: old.configuration, to: configuration, at: unixSeconds)
        let isSame = difference.rows.isEmpty && difference.orders.isEmpty && difference.result == old.configuration
        if isSame, tables.isEmpty { return old }
        let new = try write { rows in
            let next = try rows.lastRevision() + 1
            try rows.write(difference, revision: next, author: author)
            try rows.write(tables)
            return StoredConfiguration(revision: next, configuration: difference.result)
        }
        newest = new
        watchers.publish(new)
        return new
    }

    /// One transaction. When it fails, the next call finds out what is on the disk.
    func write<Value>(_ body: (ConfigurationRows) throws -> Value) throws(StoreError) -> Value {
        if database?.isReadOnly == true { close() }
        let database = try opened()
        do {
            return try database.write { try body(ConfigurationRows(database: $0)) }
        } catch {
            isSure = false
            switch error {
            // Rolled back, and the connection is as good as before.
            case .diskFull, .replaced: break
            // After a failed write nobody knows what the kernel has kept: only a new look at the file tells.
            default: close()
            }
            throw error
        }
    }

    // MARK: The file

    /// Gives the file and its lock back; the next call opens it again.
    public func close() {
        database?.close()
        database = nil
        isSure = false
    }

    func opened() throws(StoreError) -> StoreDatabase {
        if let database { return database }
        // A file that has gone is no reason to begin with an empty one.
        if newest == nil, FileIdentity(path) == nil { try create() }
        let database = try StoreDatabase(path: path)
        self.database = database
        // Whoever put something right may have put another file there.
        accessChanged()
        return database
    }

    func accessChanged() { generation.add(1, ordering: .releasing) }

    private func create() throws(StoreError) {
        let directory = DurableFile.directory(of: path)
        if mkdir(directory, 0o700) != 0, errno != EEXIST { throw StoreError(errorNumber: errno, path: directory) }
        let old = ResourceFile(directory: directory)
        let imported = try old.read()
        let difference = try imported.map { stored throws(StoreError) in
            try Difference(from: Configuration(), to: stored.configuration, at: Int64(Date().timeIntervalSince1970))
        }
        try StoreDatabase.create(at: path) { database in
            guard let imported, let difference else { return }
            let author = Author(kind: .system, name: "import of \(old.path)")
            try ConfigurationRows(database: database).write(difference, revision: imported.revision, author: author)
        }
        if imported != nil { try old.retire() }
    }
}
