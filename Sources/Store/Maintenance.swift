internal import Foundation
internal import GRDB
internal import ServiceModel

/// What a look at a store found.
public struct StoreReport: Sendable, Hashable {
    public let revision: UInt64
    public let schema: Int
    public let resourceCount: Int
    public let historyCount: Int
    public let accessKeyCount: Int
    public let accessTokenCount: Int
    /// Canonical tables with a history.
    public let tableCount: Int
}

extension SQLiteStore {
    /// Writes a copy, as of one moment, to a new file that nobody else may read: it holds the access keys.
    public func backup(to file: String) throws(StoreError) {
        try Self.backup(try opened(), to: file)
    }

    /// Looks at every page and every row.
    public func check() throws(StoreError) -> StoreReport { try Self.check(try opened()) }

    /// The same without a daemon.
    /// - Throws: `StoreError.locked` while one runs.
    public static func backup(of path: String, to file: String) throws(StoreError) {
        let database = try StoreDatabase(path: path, for: .inspect)
        defer { database.close() }
        try backup(database, to: file)
    }

    /// The same without a daemon.
    /// - Throws: `StoreError.locked` while one runs.
    public static func check(_ path: String) throws(StoreError) -> StoreReport {
        let database = try StoreDatabase(path: path, for: .inspect)
        defer { database.close() }
        return try check(database)
    }

    /// Puts a backup in the place of a store that no daemon has open.
    ///
    /// The backup is checked first. At every moment there is a whole store, the old or the new. The revision becomes
    /// one that neither had, so that nobody who knows an old one takes it for this.
    ///
    /// - Returns: Where the old store is kept; `nil` when there was none.
    public static func restore(from backup: String, to path: String, at unixSeconds: Int64) throws(StoreError)
        -> String?
    {
        guard !FileHeader.isLocked(path) else { throw .locked(path: path) }
        let new = path + ".restoring"
        for suffix in ["", "-journal", "-wal"] { unlink(new + suffix) }
        defer { unlink(new) }
        // A copy, so that looking does not touch the backup.
        _ = try FileHeader.check(backup)
        do {
            try FileManager.default.copyItem(atPath: backup, toPath: new)
            chmod(new, 0o600)
        } catch {
            throw StoreError(error, path: path)
        }
        do {
            let copy = try StoreDatabase(path: new)
            defer { copy.close() }
            _ = try check(copy)
            let ofBackup = try copy.read { try ConfigurationRows(database: $0).lastRevision() }
            let revision = max(ofBackup, try lastRevision(of: path)) + 1
            try copy.write { try $0.execute(sql: "UPDATE state SET revision = ?", arguments: [Int64(revision)]) }
        } catch {
            throw error.about(backup, insteadOf: new)
        }
        do {
            try DurableFile.sync(new)
            let kept = try retained(path, at: unixSeconds)
            // A log of the old file must not be taken for one of the new.
            unlink(path + "-wal")
            try DurableFile.rename(new, to: path)
            return kept
        } catch {
            throw StoreError(error, path: path)
        }
    }

    /// Of the store that is about to be replaced; 0 when there is none or it is torn, which is what a backup is for.
    /// - Throws: `StoreError.locked` and nothing else.
    private static func lastRevision(of path: String) throws(StoreError) -> UInt64 {
        do {
            let database = try StoreDatabase(path: path, for: .inspect)
            // Closing also writes the log back into the file.
            defer { database.close() }
            return try database.read { try ConfigurationRows(database: $0).lastRevision() }
        } catch {
            if case .locked = error { throw error }
            return 0
        }
    }

    /// Gives the file of a store a second name, and what is left of its log.
    private static func retained(_ path: String, at unixSeconds: Int64) throws(StoreError) -> String? {
        guard FileIdentity(path) != nil else { return nil }
        let kept = "\(path).before-\(unixSeconds)"
        guard link(path, kept) == 0 else { throw StoreError(errorNumber: errno, path: kept) }
        link(path + "-wal", kept + "-wal")
        return kept
    }

    // MARK: How

    private static func backup(_ database: StoreDatabase, to file: String) throws(StoreError) {
        do { try DurableFile.create(file) } catch { throw StoreError(error, path: file) }
        do {
            try database.copy(to: file)
            try DurableFile.sync(file)
            try DurableFile.sync(DurableFile.directory(of: file))
        } catch {
            unlink(file)
            throw StoreError(error, path: file).about(file, insteadOf: database.path)
        }
    }

    private static func check(_ database: StoreDatabase) throws(StoreError) -> StoreReport {
        let complaints = try database.read { try String.fetchAll($0, sql: "PRAGMA integrity_check(5)") }
        guard complaints == ["ok"] else {
            throw .damaged(path: database.path, cause: complaints.joined(separator: "; "))
        }
        return try database.read { connection in
            let rows = ConfigurationRows(database: connection)
            let stored = try rows.read()
            _ = try rows.history(after: 0, limit: .max)
            let tables = try rows.tables()
            func count(_ table: String) throws -> Int {
                guard try connection.tableExists(table) else { return 0 }
                return try Int.fetchOne(connection, sql: "SELECT count(*) FROM \(table)") ?? 0
            }
            return StoreReport(
                revision: stored.revision,
                schema: try Int.fetchOne(connection, sql: "PRAGMA user_version") ?? 0,
                resourceCount: try count("resource"), historyCount: try count("history"),
                accessKeyCount: try count("accessKey"), accessTokenCount: try count("accessToken"),
                tableCount: tables.count)
        }
    }
}

extension StoreError {
    /// The same, about the file that a person named.
    fileprivate func about(_ path: String, insteadOf other: String) -> StoreError {
        switch self {
        case .newerSchema(_, let found, let known): .newerSchema(path: path, found: found, known: known)
        case .damaged(other, let cause): .damaged(path: path, cause: cause)
        case .foreign(other, let cause): .foreign(path: path, cause: cause)
        case .undecodable(other, let kind, let key, let cause):
            .undecodable(path: path, kind: kind, key: key, cause: cause)
        case .diskFull(other): .diskFull(path: path)
        default: self
        }
    }
}
