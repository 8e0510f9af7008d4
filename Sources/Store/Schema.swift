internal import GRDB

/// The tables, and how an older file gets them.
enum Schema {
    /// "Shoa" in ASCII, where SQLite keeps the kind of a file.
    static let applicationID: UInt32 = 0x5368_6f61
    /// The newest one, which this version reads and writes. The file has it as `user_version`.
    static let version = 4

    /// Each step is a transaction: it is done or it is not. A step that was released never changes.
    static func migrator() -> DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { database in
            try database.execute(
                sql: """
                    PRAGMA application_id = \(applicationID);
                    CREATE TABLE state (
                        id INTEGER PRIMARY KEY CHECK (id = 1),
                        revision INTEGER NOT NULL,
                        region TEXT NOT NULL
                    ) STRICT;
                    INSERT INTO state VALUES (1, 0, 'local');
                    -- parent: key of the load balancer that it belongs to, NULL for what belongs to the region
                    -- position: ascending in the order of the list that it is in, with gaps
                    CREATE TABLE resource (
                        kind TEXT NOT NULL,
                        key TEXT NOT NULL,
                        parent TEXT,
                        position INTEGER NOT NULL,
                        body TEXT NOT NULL,
                        PRIMARY KEY (kind, key)
                    ) STRICT, WITHOUT ROWID;
                    CREATE INDEX resource_list ON resource (kind, parent);
                    CREATE TABLE history (
                        id INTEGER PRIMARY KEY,
                        revision INTEGER NOT NULL,
                        at INTEGER NOT NULL,
                        author TEXT NOT NULL,
                        action TEXT NOT NULL,
                        kind TEXT NOT NULL,
                        key TEXT NOT NULL,
                        name TEXT NOT NULL,
                        before TEXT,
                        after TEXT
                    ) STRICT;
                    CREATE INDEX history_revision ON history (revision);
                    PRAGMA user_version = 1;
                    """)
        }
        migrator.registerMigration("2") { database in
            try database.execute(
                sql: """
                    CREATE TABLE accessKey (
                        id TEXT PRIMARY KEY NOT NULL,
                        secret TEXT NOT NULL,
                        role TEXT NOT NULL,
                        createdAt INTEGER NOT NULL,
                        createdBy TEXT NOT NULL,
                        lastUsed INTEGER,
                        isRevoked INTEGER NOT NULL
                    ) STRICT;
                    PRAGMA user_version = 2;
                    """)
        }
        migrator.registerMigration("3") { database in
            try database.execute(
                sql: """
                    ALTER TABLE accessKey ADD COLUMN description TEXT NOT NULL DEFAULT '';
                    CREATE TABLE accessToken (
                        id TEXT PRIMARY KEY NOT NULL,
                        digest TEXT NOT NULL UNIQUE,
                        role TEXT NOT NULL,
                        description TEXT NOT NULL,
                        createdAt INTEGER NOT NULL,
                        createdBy TEXT NOT NULL,
                        lastUsed INTEGER,
                        isRevoked INTEGER NOT NULL
                    ) STRICT;
                    PRAGMA user_version = 3;
                    """)
        }
        migrator.registerMigration("4") { database in
            try database.execute(
                sql: """
                    -- Only of services whose table has a history; whoever compiles tables knows what the bytes mean.
                    CREATE TABLE canonicalTable (
                        service TEXT PRIMARY KEY NOT NULL,
                        bytes BLOB NOT NULL
                    ) STRICT;
                    PRAGMA user_version = 4;
                    """)
        }
        return migrator
    }
}
