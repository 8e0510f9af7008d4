internal import Foundation
internal import GRDB
internal import ServiceModel
internal import Synchronization

extension SQLiteStore: AccessStore {
    /// A table of credentials; revoked ones stay in it.
    private enum Table: String {
        case accessKey, accessToken

        var kind: HistoryEntry.Kind { self == .accessKey ? .accessKey : .token }
    }

    public nonisolated var accessGeneration: UInt64 { generation.load(ordering: .acquiring) }

    // MARK: Reading

    public func accessKeys() throws(StoreError) -> [AccessKey] {
        try opened().read { try Self.rows(of: .accessKey, in: $0).map(AccessKey.init) }
    }

    public func accessTokens() throws(StoreError) -> [AccessToken] {
        try opened().read { try Self.rows(of: .accessToken, in: $0).map(AccessToken.init) }
    }

    private static func rows(of table: Table, in database: Database) throws -> [Row] {
        // A file of an older schema stays as it is where nobody can write.
        guard try database.tableExists(table.rawValue) else { return [] }
        return try Row.fetchAll(database, sql: "SELECT * FROM \(table.rawValue) ORDER BY createdAt, id")
    }

    // MARK: Making

    public func create(_ key: AccessKey, by author: Author) throws(StoreError) {
        try create(
            """
            INSERT INTO accessKey (id, secret, role, description, createdAt, createdBy, lastUsed, isRevoked)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
            """,
            [
                key.id, key.secret, key.role, key.description, key.createdAt, key.createdBy, key.lastUsed,
                key.isRevoked,
            ], Subject(.accessKey, key.id, key.role, key.description), by: author, at: key.createdAt)
    }

    public func create(_ token: AccessToken, by author: Author) throws(StoreError) {
        try create(
            """
            INSERT INTO accessToken (id, digest, role, description, createdAt, createdBy, lastUsed, isRevoked)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
            """,
            [
                token.id, token.digest, token.role, token.description, token.createdAt, token.createdBy,
                token.lastUsed, token.isRevoked,
            ], Subject(.token, token.id, token.role, token.description), by: author, at: token.createdAt)
    }

    private func create(
        _ sql: String, _ arguments: StatementArguments, _ subject: Subject, by author: Author, at unixSeconds: Int64
    ) throws(StoreError) {
        let isNew = try write { rows in
            try rows.database.execute(sql: sql, arguments: arguments)
            guard rows.database.changesCount == 1 else { return false }
            try rows.note(subject.entry(.created, revision: rows.lastRevision() + 1, by: author, at: unixSeconds))
            return true
        }
        guard isNew else { throw .exists(path: "\(subject.kind.rawValue) \(subject.id)") }
        accessChanged()
    }

    // MARK: Revoking

    public func revokeAccessKey(_ id: String, by author: Author, at unixSeconds: Int64) throws(StoreError)
        -> AccessKey?
    {
        try revoke(id, in: .accessKey, by: author, at: unixSeconds, AccessKey.init)
    }

    public func revokeAccessToken(_ id: String, by author: Author, at unixSeconds: Int64) throws(StoreError)
        -> AccessToken?
    {
        try revoke(id, in: .accessToken, by: author, at: unixSeconds, AccessToken.init)
    }

    private func revoke<Value>(
        _ id: String, in table: Table, by author: Author, at unixSeconds: Int64, _ value: (Row) -> Value
    ) throws(StoreError) -> Value? {
        let revoked = try write { rows -> Value? in
            try rows.database.execute(
                sql: "UPDATE \(table.rawValue) SET isRevoked = 1 WHERE id = ? AND NOT isRevoked", arguments: [id])
            let isNew = rows.database.changesCount == 1
            let row = try Row.fetchOne(
                rows.database, sql: "SELECT * FROM \(table.rawValue) WHERE id = ?", arguments: [id])
            guard let row else { return nil }
            if isNew {
                let subject = Subject(table.kind, id, row["role"], row["description"])
                try rows.note(subject.entry(.deleted, revision: rows.lastRevision() + 1, by: author, at: unixSeconds))
            }
            return value(row)
        }
        accessChanged()
        return revoked
    }

    // MARK: Using

    public func noteUses(ofKeys keys: [String: Int64], tokens: [String: Int64]) throws(StoreError) {
        try write { rows in
            for (table, uses) in [(Table.accessKey, keys), (.accessToken, tokens)] where !uses.isEmpty {
                let update = try rows.database.makeStatement(
                    sql: "UPDATE \(table.rawValue) SET lastUsed = max(coalesce(lastUsed, 0), ?) WHERE id = ?")
                for (id, time) in uses { try update.execute(arguments: [time, id]) }
            }
        }
    }
}

/// A key or token as the history tells of it: without anything that opens a door.
private struct Subject {
    let kind: HistoryEntry.Kind
    let id: String
    private let facts: Facts

    private struct Facts: Encodable {
        let role: String
        let description: String
    }

    init(_ kind: HistoryEntry.Kind, _ id: String, _ role: String, _ description: String) {
        self.kind = kind
        self.id = id
        facts = Facts(role: role, description: description)
    }

    func entry(
        _ action: Change.Action, revision: UInt64, by author: Author, at unixSeconds: Int64
    ) throws -> HistoryEntry {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let body = String(decoding: try encoder.encode(facts), as: UTF8.self)
        return HistoryEntry(
            revision: revision, unixSeconds: unixSeconds, author: author, action: action, kind: kind, id: id,
            name: facts.description.isEmpty ? id : facts.description, before: action == .created ? nil : body,
            after: action == .created ? body : nil)
    }
}

extension AccessKey {
    fileprivate init(_ row: Row) {
        self.init(
            id: row["id"], secret: row["secret"], role: row["role"],
            // A file of schema 2 has none, and stays so where nobody can write.
            description: row["description"] ?? "", createdAt: row["createdAt"], createdBy: row["createdBy"],
            lastUsed: row["lastUsed"], isRevoked: row["isRevoked"])
    }
}

extension AccessToken {
    fileprivate init(_ row: Row) {
        self.init(
            id: row["id"], digest: row["digest"], role: row["role"], description: row["description"],
            createdAt: row["createdAt"], createdBy: row["createdBy"], lastUsed: row["lastUsed"],
            isRevoked: row["isRevoked"])
    }
}
