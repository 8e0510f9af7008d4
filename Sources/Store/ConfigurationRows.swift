internal import Foundation
internal import GRDB
internal import ServiceModel

/// Resources as rows of the database: read as a whole, written as far as they differ.
struct ConfigurationRows {
    let database: Database

    /// A row that this version does not understand.
    struct DecodingFailure: Error {
        let kind: String
        let key: String
        let cause: String
    }

    // MARK: Reading

    func revision() throws -> UInt64 {
        guard let revision = try Int64.fetchOne(database, sql: "SELECT revision FROM state") else {
            throw DecodingFailure(kind: "state", key: "revision", cause: "it is not there")
        }
        return UInt64(clamping: revision)
    }

    /// The newest of all, those of keys and tokens included.
    func lastRevision() throws -> UInt64 {
        let ofHistory = try Int64.fetchOne(database, sql: "SELECT max(revision) FROM history") ?? 0
        return max(try revision(), UInt64(clamping: ofHistory))
    }

    /// - Throws: `DatabaseError` or `DecodingFailure`.
    func read() throws -> StoredConfiguration {
        let region = try String.fetchOne(database, sql: "SELECT region FROM state")
        var loadBalancers = try elements(LoadBalancer.self)
        var places: [String: Int] = [:]
        for (index, loadBalancer) in loadBalancers.enumerated() { places[loadBalancer.key] = index }
        try hang(Listener.self, \.listeners, below: &loadBalancers, places)
        try hang(BackendService.self, \.services, below: &loadBalancers, places)
        try hang(ServerGroup.self, \.groups, below: &loadBalancers, places)
        return StoredConfiguration(
            revision: try revision(),
            configuration: ServiceModel.Configuration(
                region: region ?? ServiceModel.Configuration.defaultRegion, loadBalancers: loadBalancers.map(\.element),
                availabilityGroups: try elements(AvailabilityGroup.self).map(\.element),
                instances: try elements(Instance.self).map(\.element)))
    }

    private struct Element<Value> {
        let key: String
        let parent: String?
        var element: Value
    }

    private func hang<Value: RowResource>(
        _ type: Value.Type, _ list: WritableKeyPath<LoadBalancer, [Value]>,
        below loadBalancers: inout [Element<LoadBalancer>], _ places: [String: Int]
    ) throws {
        for child in try elements(type) {
            guard let parent = child.parent, let place = places[parent] else {
                throw DecodingFailure(
                    kind: Value.kind.rawValue, key: child.key, cause: "its load balancer is not there")
            }
            loadBalancers[place].element[keyPath: list].append(child.element)
        }
    }

    /// All of a kind; those of one list in its order.
    private func elements<Value: RowResource>(_ type: Value.Type) throws -> [Element<Value>] {
        let rows = try Row.fetchAll(
            database, sql: "SELECT key, parent, body FROM resource WHERE kind = ? ORDER BY parent, position",
            arguments: [Value.kind.rawValue])
        let bodies = rows.map { $0["body"] as String }
        let values: [Value]
        do {
            // One long list is decoded in a third of the time of many short texts.
            values = try JSONDecoder().decode([Value].self, from: Data("[\(bodies.joined(separator: ","))]".utf8))
        } catch {
            values = try zip(rows, bodies).map { row, body in
                do { return try JSONDecoder().decode(Value.self, from: Data(body.utf8)) } catch {
                    throw DecodingFailure(kind: Value.kind.rawValue, key: row["key"], cause: "\(error)")
                }
            }
        }
        return zip(rows, values).map { Element(key: $0["key"], parent: $0["parent"], element: $1) }
    }

    // MARK: Writing

    /// To be called in a transaction.
    func write(_ difference: Difference, revision: UInt64, author: Author) throws {
        try database.execute(
            sql: "UPDATE state SET revision = ?, region = ?", arguments: [Int64(revision), difference.result.region])
        try writeRows(difference.rows)
        for order in difference.orders { try arrange(order) }
        if difference.rows.contains(where: { $0.kind == .service && $0.after == nil }) { try removeOrphanedTables() }
        try note(difference, revision: revision, author: author)
    }

    private func writeRows(_ rows: [Difference.Row]) throws {
        let insert = try database.makeStatement(
            sql: "INSERT INTO resource (kind, key, parent, position, body) VALUES (?, ?, ?, ?, ?)")
        let update = try database.makeStatement(sql: "UPDATE resource SET body = ? WHERE kind = ? AND key = ?")
        let delete = try database.makeStatement(sql: "DELETE FROM resource WHERE kind = ? AND key = ?")
        // First what goes, since a resource that moves to another load balancer goes and comes.
        for row in rows where row.after == nil { try delete.execute(arguments: [row.kind.rawValue, row.key]) }
        for row in rows {
            switch (row.before, row.after) {
            case (nil, let body?):
                try insert.execute(arguments: [row.kind.rawValue, row.key, row.parent, row.position, body])
            case (_?, let body?): try update.execute(arguments: [body, row.kind.rawValue, row.key])
            case (_, nil): break
            }
        }
    }

    /// Moves as few rows as keep the positions of a list ascending.
    private func arrange(_ order: Difference.Order) throws {
        let rows = try Row.fetchAll(
            database, sql: "SELECT key, position FROM resource WHERE kind = ? AND parent IS ?",
            arguments: [order.kind.rawValue, order.parent])
        let positions = Dictionary(rows.map { ($0["key"] as String, $0["position"] as Int) }) { first, _ in first }
        let move = try database.makeStatement(sql: "UPDATE resource SET position = ? WHERE kind = ? AND key = ?")
        var last = -1
        for key in order.keys {
            var position = positions[key] ?? 0
            if position <= last {
                position = last + 1
                try move.execute(arguments: [position, order.kind.rawValue, key])
            }
            last = position
        }
    }

    // MARK: Tables

    /// To be called in a transaction, once the resources are written.
    func write(_ tables: TableWrites) throws {
        let remove = try database.makeStatement(sql: "DELETE FROM canonicalTable WHERE service = ?")
        for service in tables.removals { try remove.execute(arguments: [service.rawValue]) }
        let put = try database.makeStatement(
            sql: """
                INSERT OR REPLACE INTO canonicalTable (service, bytes) SELECT :service, :bytes
                WHERE EXISTS (SELECT 1 FROM resource WHERE kind = :kind AND key = :service)
                """)
        for (service, bytes) in tables.puts {
            try put.execute(arguments: [
                "service": service.rawValue, "bytes": Data(bytes), "kind": Change.Kind.service.rawValue,
            ])
        }
    }

    /// Not by the rows that go: a service that moves to another load balancer goes and comes, and keeps its table.
    private func removeOrphanedTables() throws {
        try database.execute(
            sql: """
                DELETE FROM canonicalTable
                WHERE NOT EXISTS (SELECT 1 FROM resource WHERE kind = ? AND key = canonicalTable.service)
                """, arguments: [Change.Kind.service.rawValue])
    }

    func tables() throws -> [ResourceID: [UInt8]] {
        // A file of an older schema stays as it is where nobody can write.
        guard try database.tableExists("canonicalTable") else { return [:] }
        let rows = try Row.fetchCursor(database, sql: "SELECT service, bytes FROM canonicalTable")
        var tables: [ResourceID: [UInt8]] = [:]
        while let row = try rows.next() {
            tables[ResourceID(rawValue: row["service"])] = Array(row["bytes"] as Data)
        }
        return tables
    }

    // MARK: History

    /// Entries that are kept; about 60 MB when they are of small resources.
    static let historyMax = 100_000

    private func note(_ difference: Difference, revision: UInt64, author: Author) throws {
        try note(
            difference.rows.lazy.map { row in
                HistoryEntry(
                    revision: revision, unixSeconds: difference.unixSeconds, author: author, action: row.action,
                    kind: .resource(row.kind), id: row.key, name: row.name, before: row.before, after: row.after)
            }, author: author)
    }

    /// To be called in a transaction.
    func note(_ entry: HistoryEntry) throws { try note([entry], author: entry.author) }

    /// - Parameter author: Of all entries.
    private func note(_ entries: some Sequence<HistoryEntry>, author: Author) throws {
        let authorText = String(decoding: try JSONEncoder().encode(author), as: UTF8.self)
        let insert = try database.makeStatement(
            sql: """
                INSERT INTO history (revision, at, author, action, kind, key, name, before, after)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                """)
        for entry in entries {
            try insert.execute(arguments: [
                Int64(entry.revision), entry.unixSeconds, authorText, entry.action.rawValue, entry.kind.rawValue,
                entry.id, entry.name, entry.before, entry.after,
            ])
        }
        try database.execute(
            sql: "DELETE FROM history WHERE id <= (SELECT max(id) FROM history) - ?", arguments: [Self.historyMax])
    }

    /// - Throws: `DatabaseError` or `DecodingFailure`.
    func history(after revision: UInt64, limit: Int) throws -> [HistoryEntry] {
        let first = Int64(clamping: revision)
        // The last revision that is whole within the limit; when the first one is longer, that one.
        let last = try Int64.fetchOne(
            database,
            sql: """
                SELECT max(revision, (SELECT min(revision) FROM history WHERE revision > :first))
                FROM (
                    SELECT coalesce(max(revision), 0) AS revision FROM history
                    WHERE revision > :first AND revision < coalesce(
                        (SELECT revision FROM history WHERE revision > :first
                         ORDER BY revision, id LIMIT 1 OFFSET :limit), 9223372036854775807)
                )
                """, arguments: ["first": first, "limit": max(limit, 0)])
        guard let last, limit > 0 else { return [] }
        return try Row.fetchAll(
            database, sql: "SELECT * FROM history WHERE revision > ? AND revision <= ? ORDER BY revision, id",
            arguments: [first, last]
        ).map(entry)
    }

    /// - Throws: `DatabaseError` or `DecodingFailure`.
    func newestHistory(after revision: UInt64, limit: Int) throws -> [HistoryEntry] {
        try Row.fetchAll(
            database, sql: "SELECT * FROM history WHERE revision > ? ORDER BY revision DESC, id DESC LIMIT ?",
            arguments: [Int64(clamping: revision), max(limit, 0)]
        ).reversed().map(entry)
    }

    private func entry(_ row: Row) throws -> HistoryEntry {
        guard let action = Change.Action(rawValue: row["action"]),
            let kind = HistoryEntry.Kind(rawValue: row["kind"])
        else {
            throw DecodingFailure(kind: "history entry", key: "\(row["id"] as Int64)", cause: "its action or kind")
        }
        return HistoryEntry(
            revision: UInt64(row["revision"] as Int64), unixSeconds: row["at"],
            author: try JSONDecoder().decode(Author.self, from: Data((row["author"] as String).utf8)), action: action,
            kind: kind, id: row["key"], name: row["name"], before: row["before"], after: row["after"])
    }
}
