// A process of its own for tests of the store: one to be killed, one to be in the way, one to be short of space.

internal import Foundation
internal import NetworkTypes
internal import ServiceModel
internal import Store

@main
struct StoreWriter {
    /// `StoreWriter write|hold|limit PATH`; says on standard output, line by line, what it has done.
    static func main() async {
        do {
            guard CommandLine.arguments.count == 3 else { throw Usage() }
            let store = SQLiteStore(path: CommandLine.arguments[2])
            switch CommandLine.arguments[1] {
            case "write": try await write(store)
            case "hold": try await hold(store)
            case "limit": try await limit(store)
            default: throw Usage()
            }
        } catch {
            say("failed: \(error)")
            exit(1)
        }
    }

    private struct Usage: Error {}

    /// Commits as fast as it can, and prints each revision once the store has acknowledged it.
    private static func write(_ store: SQLiteStore) async throws {
        var stored = try await store.read()
        say("\(stored.revision)")
        while true {
            stored = try await commit(to: store, over: stored)
            say("\(stored.revision)")
        }
    }

    /// Has the store open until standard input ends.
    private static func hold(_ store: SQLiteStore) async throws {
        say("\(try await store.read().revision)")
        while readLine() != nil {}
    }

    /// Commits until the kernel refuses to make a file longer, then once more after it was allowed again.
    private static func limit(_ store: SQLiteStore) async throws {
        var stored = try await store.read()
        signal(SIGXFSZ, SIG_IGN)
        setFileSizeLimit(256 << 10)
        while true {
            do { stored = try await commit(to: store, over: stored) } catch {
                say("\(stored.revision)")
                say("\(error)")
                break
            }
        }
        say("\(try await store.read().revision)")
        setFileSizeLimit(rlim_t.max)
        stored = try await commit(to: store, over: try await store.read())
        say("\(stored.revision)")
    }

    private static func setFileSizeLimit(_ bytes: rlim_t) {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
        limit.rlim_cur = min(bytes, limit.rlim_max)
        setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
    }

    /// A change that says in four places which revision it makes: one of them is a list that grows and shrinks, and one
    /// a table, which comes and goes.
    private static func commit(
        to store: SQLiteStore, over stored: StoredConfiguration
    ) async throws -> StoredConfiguration {
        let revision = stored.revision + 1
        var configuration = stored.configuration
        if configuration.loadBalancers.isEmpty {
            guard let vip = IPAddress("203.0.113.10"), let address = IPAddress("10.1.0.1") else { throw Usage() }
            configuration.loadBalancers = [
                LoadBalancer(
                    name: "web", vip: vip, services: [BackendService(name: "none", port: 80)],
                    groups: [ServerGroup(name: "servers", targets: [Target(server: .address(address))])])
            ]
        }
        configuration.loadBalancers[0].description = "\(revision)"
        configuration.loadBalancers[0].groups[0].targets[0].weight = Int(revision % 101)
        configuration.loadBalancers[0].listeners = (0..<revision % 7).map {
            Listener(name: "l\($0)", port: Int($0) + 1, service: "none")
        }
        var tables = TableWrites()
        if let service = configuration.loadBalancers[0].services[0].id {
            if revision % 5 == 0 {
                tables.removals = [service]
            } else {
                // Longer than a page of the file.
                tables.puts[service] = Array(repeatElement(Array("\(revision),".utf8), count: 1000).joined())
            }
        }
        return try await store.commit(
            configuration, basedOn: stored.revision, tables: tables, by: Author(kind: .system, name: "writer"),
            at: Int64(Date().timeIntervalSince1970))
    }

    /// At once, past all buffers: what was said before a kill has been said.
    private static func say(_ text: String) {
        let bytes = Array((text.split(separator: "\n").joined(separator: " ") + "\n").utf8)
        _ = Foundation.write(STDOUT_FILENO, bytes, bytes.count)
    }
}
