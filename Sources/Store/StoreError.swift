public import ServiceModel

/// Why resources could not be read or changed; nothing was.
public enum StoreError: Error, Sendable, Hashable {
    /// Somebody changed them meanwhile.
    case conflict(current: UInt64, basedOn: UInt64)
    /// Two resources of one kind have the same id or name.
    case duplicate(kind: Change.Kind, name: String)
    /// There is no database; only tools for a stopped daemon mind.
    case missing(path: String)
    /// A newer version of Shoal has written it.
    case newerSchema(path: String, found: Int, known: Int)
    /// Another process has it open.
    case locked(path: String)
    case diskFull(path: String)
    /// The file system takes no writes.
    case readOnly(path: String)
    case notPermitted(path: String, cause: String)
    case inputOutput(path: String, cause: String)
    /// Torn, cut off or overwritten.
    case damaged(path: String, cause: String)
    /// Something other than a store of Shoal.
    case foreign(path: String, cause: String)
    /// The file was moved, deleted or replaced under the running daemon.
    case replaced(path: String)
    /// A row that this version does not understand.
    case undecodable(path: String, kind: String, key: String, cause: String)
    /// There is a file already, which is not overwritten.
    case exists(path: String)
    /// The old form of the store, `resources.json`, cannot be read.
    case file(StateFileError)
    /// The old form of the store holds resources that this version does not understand.
    case unreadable(path: String, problems: Problems)
    /// What SQLite has no business saying.
    case unexpected(path: String, cause: String)
}

extension StoreError: CustomStringConvertible {
    /// What failed, why, and what to do.
    public var description: String {
        switch self {
        case .conflict(let current, let basedOn):
            "somebody changed the resources meanwhile: revision \(current), this change was based on \(basedOn)"
        case .duplicate(let kind, let name):
            "there would be two of \(kind.rawValue) \(name); give one of them another name"
        case .missing(let path): "there is no store at \(path); say --state-directory when it is elsewhere"
        case .newerSchema(let path, let found, let known):
            """
            \(path) was written by a newer version of Shoal (schema \(found), this one knows \(known)); \
            install that version again, or restore a backup of this one: shoal store restore FILE
            """
        case .locked(let path):
            "\(path) is in use by another process, most likely shoald; forwarding goes on when that is stopped"
        case .diskFull(let path):
            "no space is left for \(path), nothing was changed; make room, a restart is not needed"
        case .readOnly(let path):
            "\(path) is on a read-only file system, nothing was changed; remount it writable, a restart is not needed"
        case .notPermitted(let path, let cause): "\(path) may not be used: \(cause); run as root, or correct its owner"
        case .inputOutput(let path, let cause):
            "reading or writing \(path) failed: \(cause); see dmesg for the disk, a restart is not needed afterwards"
        case .damaged(let path, let cause):
            "\(path) is damaged: \(cause); stop shoald (forwarding goes on) and say: shoal store restore FILE"
        case .foreign(let path, let cause):
            """
            \(path) is no store of Shoal: \(cause); name another directory, or stop shoald (forwarding goes on) \
            and say: shoal store restore FILE
            """
        case .replaced(let path):
            "\(path) was moved or replaced while shoald runs; put it back, or restart shoald to use what is there now"
        case .undecodable(let path, let kind, let key, let cause):
            "\(path) holds a \(kind) \(key) that this version does not understand: \(cause); restore a backup"
        case .exists(let path): "\(path) is there already; name a file that is not"
        case .file(let error): error.description
        case .unreadable(let path, let problems): "\(path) is not understood by this version:\n\(problems)"
        case .unexpected(let path, let cause): "\(path): \(cause)"
        }
    }
}
