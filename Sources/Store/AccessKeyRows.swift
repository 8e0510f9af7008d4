internal import GRDB

extension SQLiteStore: AccessKeyStore {
    public func create(_ key: AccessKey) throws(StoreError) {
        let isNew = try write { rows in
            try rows.database.execute(
                sql: """
                    INSERT INTO accessKey (id, secret, role, createdAt, createdBy, lastUsed, isRevoked)
                    VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
                    """,
                arguments: [
                    key.id, key.secret, key.role, key.createdAt, key.createdBy, key.lastUsed, key.isRevoked,
                ])
            return rows.database.changesCount == 1
        }
        guard isNew else { throw .exists(path: "access key \(key.id)") }
    }

    public func accessKeys() throws(StoreError) -> [AccessKey] {
        try opened().read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM accessKey ORDER BY createdAt, id").map { row in
                AccessKey(
                    id: row["id"], secret: row["secret"], role: row["role"], createdAt: row["createdAt"],
                    createdBy: row["createdBy"], lastUsed: row["lastUsed"], isRevoked: row["isRevoked"])
            }
        }
    }

    public func revokeAccessKey(_ id: String) throws(StoreError) -> Bool {
        try write { rows in
            try rows.database.execute(sql: "UPDATE accessKey SET isRevoked = 1 WHERE id = ?", arguments: [id])
            return rows.database.changesCount == 1
        }
    }

    public func noteUses(_ unixSeconds: [String: Int64]) throws(StoreError) {
        try write { rows in
            for (id, time) in unixSeconds {
                try rows.database.execute(
                    sql: "UPDATE accessKey SET lastUsed = max(coalesce(lastUsed, 0), ?) WHERE id = ?",
                    arguments: [time, id])
            }
        }
    }
}
