import ControlPlane
import Foundation
import HealthChecking
import Logging
import NetworkTypes
import ServiceModel
import Store
import TableCompiler
import Testing

/// A data plane in memory, which can be told to fail.
actor FakeDataplane: DataplaneDriver {
    private(set) var installed: Tables
    private(set) var revision: UInt64 = 0
    private(set) var plans: [[MapStep]] = []
    private var failuresLeft = 0
    private(set) var isDetached = false
    /// Each that was told.
    nonisolated let nextHops: AsyncStream<[IPAddress: NextHop]>
    private let nextHopsTold: AsyncStream<[IPAddress: NextHop]>.Continuation
    private var pins: [TargetID: PinCount] = [:]

    init(installed: Tables = Tables()) {
        self.installed = installed
        (nextHops, nextHopsTold) = AsyncStream.makeStream()
    }

    struct Failure: Error {}

    func fail(times: Int) { failuresLeft = times }

    func tables() -> Tables { installed }

    func apply(_ plan: [MapStep], revision: UInt64) throws {
        if failuresLeft > 0 {
            failuresLeft -= 1
            throw Failure()
        }
        for step in plan {
            switch step {
            case .putTarget(let id, let entry): installed.targets[id] = entry
            case .putListener(let vip, let entry): installed.listeners[vip] = entry
            case .removeListener(let vip, _): installed.listeners[vip] = nil
            case .removeTarget(let id): installed.targets[id] = nil
            default: break
            }
        }
        plans.append(plan)
        self.revision = revision
    }

    func beat(revision: UInt64) { self.revision = revision }

    func setNextHops(_ hops: [IPAddress: NextHop]) { nextHopsTold.yield(hops) }

    func unsettledSlots(of services: Set<ServiceID>, in tables: Tables) -> [ServiceID: [Int]] { [:] }

    func pinnedFlows() -> [TargetID: PinCount] { pins }

    func pin(_ flows: PinCount, to target: Endpoint) {
        for (id, entry) in installed.targets where entry.endpoint == target { pins[id] = flows }
    }

    /// Targets whose pins were to go, each time.
    private(set) var forgotten: [Set<TargetID>] = []

    func forgetPins(of targets: Set<TargetID>) {
        forgotten.append(targets)
        pins = pins.filter { !targets.contains($0.key) }
    }

    func sweepPins() {}

    func attachments() -> [AttachmentStatus] { [AttachmentStatus(interface: "eth0", mode: "native", warning: nil)] }

    func detach() {
        isDetached = true
        installed = Tables()
    }
}

actor FakeHost: HostDriver {
    private(set) var vips: Set<IPAddress> = []
    private(set) var targets: Set<IPAddress> = []

    private var nextHops: [IPAddress: NextHop] = [:]
    nonisolated let changes: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() { (changes, continuation) = AsyncStream.makeStream() }

    func settle(vips: Set<IPAddress>, targets: Set<IPAddress>, neighbours: Set<IPAddress>) -> HostState {
        self.vips = vips
        self.targets = targets
        return HostState(nextHops: nextHops.filter { targets.contains($0.key) })
    }

    /// As when a neighbour has come up.
    func find(_ hop: NextHop, to target: IPAddress) {
        nextHops[target] = hop
        continuation.yield()
    }

    func ownAddresses() -> Set<IPAddress> { [IPAddress("192.0.2.1")!] }
}

@Suite("controller")
struct ControllerTests {
    /// A controller with everything around it in memory or in a directory of its own.
    final class Rig: Sendable {
        let directory = FileManager.default.temporaryDirectory.appending(path: "shoal-controller-\(UUID().uuidString)")
            .path
        let dataplane: FakeDataplane
        let host = FakeHost()
        let store: SQLiteStore
        let controller: Controller

        init(dataplane: FakeDataplane = FakeDataplane(), stored: String? = nil) throws {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            if let stored {
                try stored.write(toFile: directory + "/resources.json", atomically: true, encoding: .utf8)
            }
            self.dataplane = dataplane
            store = SQLiteStore(path: directory + "/shoal.db")
            controller = Controller(
                store: store, dataplane: dataplane, host: host, checker: HealthChecker(),
                healthFile: StateFile(path: directory + "/health.json"),
                logger: Logger(label: "test") { _ in
                    SwiftLogNoOpLogHandler()
                })
        }

        deinit { try? FileManager.default.removeItem(atPath: directory) }

        func apply(_ configuration: Configuration, dryRun: Bool = false) async throws -> ChangeOutcome {
            try await controller.change(by: Author(kind: .socket, name: "alice"), dryRun: dryRun) {
                (_, surroundings) throws(ChangeError) in
                do throws(Problems) { return try CheckedConfiguration(configuration, in: surroundings) } catch {
                    throw .refused(.refused(error))
                }
            }
        }
    }

    private static func web(port: Int = 80, vip: String = "203.0.113.10") -> Configuration {
        Configuration(loadBalancers: [
            LoadBalancer(
                name: "web", vip: IPAddress(vip)!, listeners: [Listener(name: "http", port: port, service: "http")],
                services: [
                    BackendService(
                        name: "http", port: 8080, healthCheck: HealthCheck(isEnabled: false), servers: .group("servers")
                    )
                ], groups: [ServerGroup(name: "servers", targets: [Target(server: .address(IPAddress("10.1.0.1")!))])])
        ])
    }

    @Test("a change is answered when the kernel holds it, VIP and target included")
    func change() async throws {
        let rig = try Rig()
        let outcome = try await rig.apply(Self.web())
        #expect(outcome.revision == 1 && outcome.installedRevision == 1 && outcome.failure == nil)
        #expect(outcome.changes.map(\.description).contains("listener web/http created"))
        #expect(await rig.dataplane.installed.listeners.keys.map(\.description) == ["203.0.113.10:80/tcp"])
        #expect(await rig.host.vips == [IPAddress("203.0.113.10")!])
        #expect(await rig.host.targets == [IPAddress("10.1.0.1")!])
    }

    @Test("what the host finds out about the way to a target is told to the data plane", .timeLimit(.minutes(1)))
    func nextHops() async throws {
        let rig = try Rig()
        _ = try await rig.apply(Self.web())
        let running = Task { try await rig.controller.run() }
        defer { running.cancel() }
        let target = try #require(IPAddress("10.1.0.1"))
        let hop = NextHop(
            interface: 3, source: MACAddress(bytes: [2, 0, 0, 0, 0, 1]),
            destination: MACAddress(bytes: [2, 0, 0, 0, 0, 2]))
        await rig.host.find(hop, to: target)
        for await hops in rig.dataplane.nextHops where hops == [target: hop] { break }
    }

    @Test("changes that come at once are all made, each on top of the one before")
    func concurrentChanges() async throws {
        let rig = try Rig()
        _ = try await rig.apply(Self.web())
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<32 {
                group.addTask {
                    _ = try await rig.controller.change(by: Author(kind: .socket, name: "alice")) {
                        (current, surroundings) throws(ChangeError) in
                        var new = current
                        new.loadBalancers[0].description += "\(number) "
                        do throws(Problems) { return try CheckedConfiguration(new, in: surroundings) } catch {
                            throw .refused(.refused(error))
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        let stored = try await rig.controller.stored()
        let numbers = stored.configuration.loadBalancers[0].description.split(separator: " ").compactMap { Int($0) }
        #expect(Set(numbers) == Set(0..<32) && numbers.count == 32)
        #expect(stored.revision == 33)
        #expect(await rig.controller.status().installedRevision == 33)
    }

    @Test("what happens is told to those who follow: changes with their author, and when the kernel holds them")
    func events() async throws {
        let rig = try Rig()
        _ = try await rig.apply(Self.web())
        let events = rig.controller.events.read(after: .init(number: 0)).events
        #expect(events.filter { $0.kind == .resourceCreated }.count == 4)
        let listener = events.first { $0.subject == "listener web/http" }
        #expect(listener?.message == "created by alice" && listener?.revision == 1)
        #expect(events.last?.kind == .installed && events.last?.revision == 1)
        await rig.dataplane.fail(times: 1)
        _ = try await rig.apply(Self.web(port: 81))
        #expect(rig.controller.events.read(after: .init(number: 0)).events.contains { $0.kind == .notInstalled })
    }

    @Test("the same resources again change nothing and touch nothing")
    func unchanged() async throws {
        let rig = try Rig()
        _ = try await rig.apply(Self.web())
        let outcome = try await rig.apply(Self.web())
        #expect(outcome.revision == 1 && outcome.changes.isEmpty)
        #expect(await rig.dataplane.plans.count == 1)
    }

    @Test("a dry run tells what would change and changes nothing")
    func dryRun() async throws {
        let rig = try Rig()
        let outcome = try await rig.apply(Self.web(), dryRun: true)
        #expect(outcome.changes.count == 4 && outcome.revision == 0)
        #expect(await rig.dataplane.plans.isEmpty)
        #expect(try await rig.controller.stored().revision == 0)
    }

    @Test("resources that break a rule are refused, an address of the host among them, and nothing changes")
    func refusal() async throws {
        let rig = try Rig()
        _ = try await rig.apply(Self.web())
        for bad in [Self.web(port: 0), Self.web(vip: "192.0.2.1")] {
            await #expect(throws: ChangeError.self) { try await rig.apply(bad) }
        }
        let stored = try await rig.controller.stored()
        #expect(stored.revision == 1 && stored.configuration.changes(to: Self.web()).isEmpty)
        #expect(await rig.dataplane.plans.count == 1)
    }

    @Test("a kernel that refuses is told of: in the answer, in the status, and no longer once it obeys")
    func kernelRefuses() async throws {
        let rig = try Rig()
        await rig.dataplane.fail(times: 1)
        let outcome = try await rig.apply(Self.web())
        #expect(outcome.revision == 1 && outcome.installedRevision == 0 && outcome.failure != nil)
        let bad = await rig.controller.status()
        #expect(bad.desiredRevision == 1 && bad.installedRevision == 0 && bad.problems.count == 1)

        var more = Self.web()
        more.loadBalancers[0].listeners.append(Listener(name: "extra", port: 81, service: "http"))
        more.loadBalancers[0].listeners.removeFirst()
        _ = try await rig.apply(more)
        let good = await rig.controller.status()
        #expect(good.installedRevision == 2 && good.problems.isEmpty)
    }

    @Test("changes at once are all there in the end, or told of")
    func concurrent() async throws {
        let rig = try Rig()
        let outcomes = await withTaskGroup(of: Bool.self) { group in
            for port in 1...20 {
                group.addTask { (try? await rig.apply(Self.web(port: port))) != nil }
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        let status = await rig.controller.status()
        #expect(try await rig.controller.stored().revision == UInt64(outcomes))
        #expect(status.installedRevision == UInt64(outcomes) && status.desiredRevision == UInt64(outcomes))
        let port = try await rig.controller.stored().configuration.loadBalancers[0].listeners[0].port
        #expect(await rig.dataplane.installed.listeners.keys.map(\.port) == [UInt16(port)])
    }

    @Test("stored resources that break today's rules leave the forwarding as it is, and are told of")
    func storedNonsense() async throws {
        let vip = Endpoint(address: IPAddress("203.0.113.10")!, port: 80, transport: .tcp)
        let installed = Tables(
            listeners: [vip: ListenerEntry(id: ListenerID(rawValue: 0), service: ServiceID(rawValue: 0))])
        let stored = """
            {"revision": 5, "document": "apiVersion: shoal/v1\\nloadBalancers: [{name: web, vip: 127.0.0.1}]\\n"}
            """
        let rig = try Rig(dataplane: FakeDataplane(installed: installed), stored: stored)
        try await rig.controller.start()
        let problem = try #require(await rig.controller.status().problems.first)
        #expect(problem.contains("loadBalancers[0].vip"))
        #expect(await rig.dataplane.plans.isEmpty)
        #expect(await rig.dataplane.installed == installed)
    }

    @Test("a store that cannot be read leaves the forwarding as it is, and is taken over once it can")
    func unreadableStore() async throws {
        let source = try Rig()
        _ = try await source.apply(Self.web())
        let stored = try await source.controller.stored()
        let rig = try Rig(dataplane: FakeDataplane(installed: await source.dataplane.installed))
        let file = rig.directory + "/shoal.db"
        try Data().write(to: URL(filePath: file))
        try await rig.controller.start()
        #expect(await rig.dataplane.plans.isEmpty)
        #expect(await rig.dataplane.installed == source.dataplane.installed)
        let problem = try #require(await rig.controller.status().problems.first)
        #expect(problem.contains(file) && problem.contains("restore"))
        await #expect(throws: ChangeError.store(.damaged(path: file, cause: "it is empty"))) {
            try await rig.apply(Self.web(port: 81))
        }
        #expect(await rig.dataplane.plans.isEmpty)

        try FileManager.default.removeItem(atPath: file)
        try FileManager.default.copyItem(atPath: source.directory + "/shoal.db", toPath: file)
        try FileManager.default.copyItem(atPath: source.directory + "/shoal.db-wal", toPath: file + "-wal")
        let outcome = try await rig.apply(Self.web(port: 81))
        #expect(outcome.revision == stored.revision + 1 && outcome.failure == nil)
        #expect(await rig.dataplane.installed.listeners.keys.map(\.port) == [81])
        #expect(await rig.controller.status().problems.isEmpty)
    }

    @Test("the history names who asked for a change")
    func author() async throws {
        let rig = try Rig()
        _ = try await rig.apply(Self.web())
        let entries = try await rig.store.history(after: 0, limit: 10)
        #expect(entries.count == 4 && entries.allSatisfy { $0.author.name == "alice" })
    }

    @Test("an empty store does not empty the maps; a document that is applied then counts")
    func lostStore() async throws {
        let vip = Endpoint(address: IPAddress("203.0.113.99")!, port: 80, transport: .tcp)
        let installed = Tables(
            listeners: [vip: ListenerEntry(id: ListenerID(rawValue: 0), service: ServiceID(rawValue: 0))])
        let rig = try Rig(dataplane: FakeDataplane(installed: installed))
        try await rig.controller.start()
        #expect(await rig.dataplane.installed == installed)
        #expect(await rig.controller.status().problems.contains { $0.contains("the store is empty") })
        let outcome = try await rig.apply(Self.web())
        #expect(outcome.installedRevision == 1)
        #expect(await rig.dataplane.installed.listeners.keys.map(\.description) == ["203.0.113.10:80/tcp"])
    }

    @Test("while stored resources are refused, what is known about health stays in its file")
    func healthOutlivesRefusal() async throws {
        let stored = """
            {"revision": 5, "document": "apiVersion: shoal/v1\\nloadBalancers: [{name: web, vip: 127.0.0.1}]\\n"}
            """
        let rig = try Rig(stored: stored)
        let file = StateFile<[String: HealthRecord]>(path: rig.directory + "/health.json")
        let known = [
            "backend-0000000007/10.1.0.1:8080/tcp": HealthRecord(
                tracker: HealthTracker(unhealthyThreshold: 3, healthyThreshold: 3), sinceUnixSeconds: 7)
        ]
        try file.write(known)
        try await rig.controller.start()
        #expect(await rig.controller.status().problems.contains { $0.contains("break rules") })
        await rig.controller.saveHealth(isUrgent: true)
        #expect(try file.read() == known)
    }

    @Test("health that an earlier version wrote under names is taken over, and outlives new names and a restart")
    func healthOutlivesNames() async throws {
        let stored = """
            {"revision": 5, "document": "{apiVersion: shoal/v1, loadBalancers: [{name: web, vip: 203.0.113.10,\
             listeners: [{name: http, port: 80, service: http}], services: [{name: http, port: 8080, group: servers}],\
             groups: [{name: servers, targets: [{address: 10.1.0.1}]}]}]}"}
            """
        let rig = try Rig(stored: stored)
        let file = StateFile<[String: HealthRecord]>(path: rig.directory + "/health.json")
        var tracker = HealthTracker(unhealthyThreshold: 3, healthyThreshold: 3)
        _ = tracker.receive(.success)
        try file.write(["web/http/10.1.0.1:8080/tcp": HealthRecord(tracker: tracker, sinceUnixSeconds: 7)])
        try await rig.controller.start()
        #expect(await rig.controller.services().map { $0.targets.map(\.health) } == [[.healthy]])
        let installed = await rig.dataplane.installed

        var renamed = try await rig.controller.stored().configuration
        renamed.loadBalancers[0].name = "site"
        renamed.loadBalancers[0].services[0].name = "pages"
        renamed.loadBalancers[0].listeners[0].service = "pages"
        let outcome = try await rig.apply(renamed)
        #expect(outcome.revision == 6 && outcome.failure == nil)
        #expect(await rig.dataplane.plans.last == [])
        #expect(await rig.dataplane.installed == installed)
        let target = try #require(await rig.controller.status().services.first?.targets.first)
        #expect(target.health == .healthy && target.sinceUnixSeconds == 7)

        await rig.controller.saveHealth(isUrgent: true)
        let service = try #require(try await rig.controller.stored().configuration.loadBalancers[0].services[0].id)
        #expect(try file.read()?.keys.sorted() == ["\(service)/10.1.0.1:8080/tcp"])
    }

    @Test("a service that is created has its id in the maps at once")
    func newServiceHasItsID() async throws {
        let rig = try Rig()
        _ = try await rig.apply(Self.web())
        var renamed = try await rig.controller.stored().configuration
        renamed.loadBalancers[0].name = "site"
        _ = try await rig.apply(renamed)
        #expect(await rig.dataplane.plans.last == [])
    }

    @Test("after detach nothing is forwarded and no change is taken")
    func detach() async throws {
        let rig = try Rig()
        _ = try await rig.apply(Self.web())
        try await rig.controller.detach()
        #expect(await rig.dataplane.isDetached)
        #expect(await rig.host.vips.isEmpty)
        await #expect(throws: ChangeError.detached) { try await rig.apply(Self.web(port: 81)) }
        #expect(await rig.controller.status().isDetached)
    }
}
