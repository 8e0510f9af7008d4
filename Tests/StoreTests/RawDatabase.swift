import GRDB

/// A store's file as SQLite sees it, past the store.
struct RawDatabase {
    let path: String

    /// As a version of Shoal has left it that knew no more than schema 1.
    func revertToSchema1() throws {
        try execute(
            """
            DROP TABLE accessKey; DROP TABLE accessToken; DROP TABLE canonicalTable;
            DELETE FROM grdb_migrations WHERE identifier > '1'; PRAGMA user_version = 1
            """)
    }

    /// The same for schema 2, which has keys without a description and no tokens.
    func revertToSchema2() throws {
        try execute(
            """
            ALTER TABLE accessKey DROP COLUMN description; DROP TABLE accessToken; DROP TABLE canonicalTable;
            DELETE FROM grdb_migrations WHERE identifier > '2'; PRAGMA user_version = 2
            """)
    }

    /// The same for schema 3, which has no tables.
    func revertToSchema3() throws {
        try execute(
            """
            DROP TABLE canonicalTable;
            DELETE FROM grdb_migrations WHERE identifier > '3'; PRAGMA user_version = 3
            """)
    }

    func spoilInstances() throws {
        try execute("UPDATE resource SET body = '{\"id\": 5}' WHERE kind = 'instance'")
    }

    /// Runs `body` while the new number is in the log and not in the file.
    func raiseSchema(to version: Int, _ body: () throws -> Void) throws {
        let queue = try DatabaseQueue(path: path)
        try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA user_version = \(version)") }
        try body()
        try queue.close()
    }

    private func execute(_ sql: String) throws {
        let queue = try DatabaseQueue(path: path)
        try queue.writeWithoutTransaction { try $0.execute(sql: sql) }
        try queue.close()
    }
}
