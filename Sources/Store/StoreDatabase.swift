internal import Foundation
internal import GRDB

/// An open database file: the one connection to it, and SQLite's errors in our words.
///
/// The lock is held as long as this lives, so that nobody else reads or writes meanwhile. There is a write-ahead log but
/// no shared memory beside it, so that a full disk shows as an error and not as a signal.
final class StoreDatabase {
    let path: String
    /// The file system takes no writes.
    let isReadOnly: Bool
    private let queue: DatabaseQueue
    private let identities: [FileIdentity]

    /// Of 4 KB: how long the log may become, but for one large change, before it is written back into the file.
    private static let logPages = 128

    /// How a file is opened.
    enum Purpose {
        /// Brought to the newest schema, for reading and writing.
        case use
        /// As it is, for a tool.
        case inspect
    }

    /// - Throws: `StoreError.missing` when there is no file: it is never made here.
    init(path: String, for purpose: Purpose = .use) throws(StoreError) {
        self.path = path
        let access = try FileHeader.check(path)
        isReadOnly = access == .readOnly
        if !isReadOnly { chmod(path, 0o600) }
        do {
            let address = isReadOnly ? Self.readOnlyAddress(path) : path
            queue = try DatabaseQueue(
                path: address,
                configuration: Self.configuration(
                    path, isWritten: purpose == .use && !isReadOnly, isReadOnly: isReadOnly))
            if purpose == .use, !isReadOnly { try Schema.migrator().migrate(queue) }
        } catch {
            throw StoreError(error, path: path)
        }
        identities = [path, path + "-wal"].compactMap { FileIdentity($0) }
    }

    /// Where nobody can write, a lock is neither needed nor to be had. Without a log beside the file, SQLite would want
    /// to make one even to read, unless it is told that the file never changes.
    private static func readOnlyAddress(_ path: String) -> String {
        let plain = path.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed) ?? path
        let hasLog = (FileIdentity(path + "-wal")?.size ?? 0) > 0
        return "file:\(plain)?\(hasLog ? "vfs=unix-none" : "immutable=1")"
    }

    private static func configuration(_ path: String, isWritten: Bool, isReadOnly: Bool) -> GRDB.Configuration {
        var configuration = GRDB.Configuration()
        configuration.label = "shoal.store"
        configuration.readonly = isReadOnly
        configuration.prepareDatabase { database in
            // Before the first access to the file, or there would be shared memory after all.
            try database.execute(sql: "PRAGMA locking_mode = EXCLUSIVE")
            let found = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
            guard found <= Schema.version else {
                throw StoreError.newerSchema(path: path, found: found, known: Schema.version)
            }
            guard isWritten else { return }
            try database.execute(sql: "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
            // Left alone it grows to 1,000 pages, which a small disk does not have: then it could not even be written
            // back, for want of the room that it takes itself.
            try database.execute(
                sql: "PRAGMA wal_autocheckpoint = \(logPages); PRAGMA journal_size_limit = \(logPages * 4096)")
        }
        return configuration
    }

    /// Makes a file with the newest schema that `fill` has been in. It has its name only once it is complete.
    static func create(at path: String, fill: (Database) throws -> Void) throws(StoreError) {
        let new = path + ".new"
        for suffix in ["", "-journal", "-wal"] { unlink(new + suffix) }
        do {
            try DurableFile.create(new)
            try {
                let queue = try DatabaseQueue(path: new)
                try Schema.migrator().migrate(queue)
                try queue.write(fill)
                try queue.close()
            }()
            try DurableFile.sync(new)
            try DurableFile.rename(new, to: path)
        } catch {
            unlink(new)
            throw StoreError(error, path: path)
        }
    }

    func read<Value>(_ body: (Database) throws -> Value) throws(StoreError) -> Value {
        try mapped { try queue.inDatabase(body) }
    }

    /// All of `body` or nothing. What it wrote is on the disk when this returns.
    func write<Value>(_ body: (Database) throws -> Value) throws(StoreError) -> Value {
        guard !isReadOnly else { throw .readOnly(path: path) }
        guard identities.allSatisfy({ FileIdentity($0.path)?.isSameFile(as: $0) == true }) else {
            throw .replaced(path: path)
        }
        return try mapped {
            var value: Value?
            try queue.writeWithoutTransaction { database in
                try database.inTransaction(.immediate) {
                    value = try body(database)
                    return .commit
                }
            }
            guard let value else { preconditionFailure("a transaction that did not fail has run its body") }
            return value
        }
    }

    /// Copies all pages, as of one moment, into an empty file.
    func copy(to new: String) throws(StoreError) {
        try mapped {
            let copy = try DatabaseQueue(path: new)
            try queue.backup(to: copy)
            // A log beside it would make it two files.
            try copy.inDatabase { try $0.execute(sql: "PRAGMA journal_mode = DELETE") }
            try copy.close()
        }
    }

    /// Also writes the log back into the file, when that is possible.
    func close() { try? queue.close() }

    private func mapped<Value>(_ body: () throws -> Value) throws(StoreError) -> Value {
        do { return try body() } catch { throw StoreError(error, path: path) }
    }
}

// MARK: - Errors

extension StoreError {
    init(_ error: any Error, path: String) {
        self =
            switch error {
            case let error as StoreError: error
            case let error as DatabaseError: StoreError(error, path: path)
            case let error as POSIXError: StoreError(errorNumber: error.code.rawValue, path: path)
            case let error as CocoaError where error.underlying is POSIXError:
                StoreError(error.underlying ?? error, path: path)
            case let failure as ConfigurationRows.DecodingFailure:
                .undecodable(path: path, kind: failure.kind, key: failure.key, cause: failure.cause)
            default: .unexpected(path: path, cause: "\(error)")
            }
    }

    private init(_ error: DatabaseError, path: String) {
        let cause = error.message ?? "SQLite says no more"
        self =
            switch error.resultCode {
            case .SQLITE_FULL: .diskFull(path: path)
            case .SQLITE_READONLY: .readOnly(path: path)
            case .SQLITE_BUSY, .SQLITE_LOCKED: .locked(path: path)
            case .SQLITE_CORRUPT, .SQLITE_NOTADB: .damaged(path: path, cause: cause)
            case .SQLITE_PERM, .SQLITE_AUTH: .notPermitted(path: path, cause: cause)
            case .SQLITE_IOERR, .SQLITE_CANTOPEN:
                StoreError(
                    aroundFailureAt: path, cause: "\(cause) (SQLite's code \(error.extendedResultCode.rawValue))")
            default: .unexpected(path: path, cause: cause)
            }
    }

    /// What the file system is like tells more than SQLite does, which has forgotten what the kernel said.
    private init(aroundFailureAt path: String, cause: String) {
        var status = statvfs()
        let isKnown = statvfs(DurableFile.directory(of: path), &status) == 0
        self =
            if isKnown, status.f_flag & UInt(ST_RDONLY) != 0 {
                .readOnly(path: path)
            } else if isKnown, status.f_bavail == 0 || status.f_files > 0 && status.f_favail == 0 {
                .diskFull(path: path)
            } else {
                .inputOutput(path: path, cause: cause)
            }
    }

    init(errorNumber: Int32, path: String) {
        let cause = String(cString: strerror(errorNumber))
        self =
            switch errorNumber {
            case ENOSPC, EDQUOT: .diskFull(path: path)
            case EROFS: .readOnly(path: path)
            case EACCES, EPERM: .notPermitted(path: path, cause: cause)
            case EEXIST: .exists(path: path)
            case ENOENT, ENOTDIR: .missing(path: path)
            case EISDIR: .foreign(path: path, cause: cause)
            default: .inputOutput(path: path, cause: cause)
            }
    }
}

// MARK: - Files

/// What tells one file from another of the same name.
struct FileIdentity {
    let path: String
    let size: Int64
    private let device: dev_t
    private let number: ino_t

    init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        self.path = path
        size = Int64(status.st_size)
        device = status.st_dev
        number = status.st_ino
    }

    func isSameFile(as other: Self) -> Bool { device == other.device && number == other.number }
}

/// The first bytes of a file, looked at before SQLite does: it takes an empty file for a new database.
enum FileHeader {
    enum Access { case readWrite, readOnly }

    private static let magic = Array("SQLite format 3\u{0}".utf8)
    private static let length = 100

    /// - Throws: When this is no store of ours, or one of a newer version.
    static func check(_ path: String) throws(StoreError) -> Access {
        var access = Access.readWrite
        var descriptor = open(path, O_RDWR | O_CLOEXEC)
        if descriptor < 0, errno == EROFS {
            access = .readOnly
            descriptor = open(path, O_RDONLY | O_CLOEXEC)
        }
        guard descriptor >= 0 else { throw StoreError(errorNumber: errno, path: path) }
        // Closing any descriptor of a file drops the locks of the process on it: never to be called on an open database.
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: length)
        let count = pread(descriptor, &bytes, length, 0)
        guard count >= 0 else { throw StoreError(errorNumber: errno, path: path) }
        guard count > 0 else { throw .damaged(path: path, cause: "it is empty") }
        guard bytes.starts(with: magic) else {
            // A torn page looks like anything; what never was a store has no name like ours, so both are told.
            throw .foreign(path: path, cause: "it does not begin like a database, or is torn")
        }
        guard count == length else { throw .damaged(path: path, cause: "it ends after \(count) bytes") }
        guard word(68, of: bytes) == Schema.applicationID else {
            throw .foreign(path: path, cause: "another program's database")
        }
        let found = Int(word(60, of: bytes))
        guard found <= Schema.version else {
            throw .newerSchema(path: path, found: found, known: Schema.version)
        }
        return access
    }

    /// Whether another process has it open, be it ever so torn.
    static func isLocked(_ path: String) -> Bool {
        let descriptor = open(path, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        // The bytes that SQLite locks are part of its file format.
        var lock = flock()
        lock.l_type = Int16(F_WRLCK)
        lock.l_whence = Int16(SEEK_SET)
        lock.l_start = 0x4000_0000
        lock.l_len = 512
        return fcntl(descriptor, F_GETLK, &lock) == 0 && lock.l_type != Int16(F_UNLCK)
    }

    private static func word(_ offset: Int, of bytes: [UInt8]) -> UInt32 {
        bytes[offset..<offset + 4].reduce(0) { $0 << 8 | UInt32($1) }
    }
}

/// Files whose names and contents survive a crash.
enum DurableFile {
    /// An empty file for the owner's eyes only.
    static func create(_ path: String) throws {
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw POSIXError.current }
        close(descriptor)
    }

    static func sync(_ path: String) throws {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw POSIXError.current }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw POSIXError.current }
    }

    static func rename(_ old: String, to new: String) throws {
        guard Foundation.rename(old, new) == 0 else { throw POSIXError.current }
        try sync(directory(of: new))
    }

    static func directory(of path: String) -> String {
        URL(filePath: path).deletingLastPathComponent().path
    }
}
