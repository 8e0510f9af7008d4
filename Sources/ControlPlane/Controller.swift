internal import ConsistentHashing
internal import Foundation
public import HealthChecking
public import Logging
internal import NetworkTypes
public import ServiceLifecycle
public import ServiceModel
public import Store
public import TableCompiler

/// Makes the kernel forward as the resources and the health of the targets ask for.
///
/// Level-triggered: a run compiles the whole desired state, compares it with what is installed and applies the difference.
/// One run at a time; triggers that arrive during a run share the next one.
public actor Controller: Service {
    let store: any ResourceStore
    let dataplane: any DataplaneDriver
    let host: any HostDriver
    let checker: HealthChecker
    let surroundings: Surroundings
    let logger: Logger
    /// What happened since the start.
    public nonisolated let events = EventLog()
    private let healthFile: HealthFile
    let limits: TableLimits

    /// What is wanted, and the number of the change that made it so.
    struct Desired: Sendable {
        let revision: UInt64
        let resources: CheckedConfiguration
        /// Who owns slots by weight alone.
        let tables: CanonicalTables
        let adminStates: AdminStates

        init(revision: UInt64, resources: CheckedConfiguration, tables: CanonicalTables) {
            self.revision = revision
            self.resources = resources
            self.tables = tables
            adminStates = AdminStates(of: resources)
        }
    }

    /// All that tables depend on.
    private struct Input: Equatable {
        let revision: UInt64
        let conditions: Conditions
    }

    private(set) var desired = Desired(revision: 0, resources: .empty, tables: CanonicalTables())
    /// Those of the newest resources in the store, which the next change repairs.
    var storedTables = CanonicalTables()
    var health = HealthSnapshot()
    /// Whether every change of health is in its file, or on the way there.
    private var isHealthSaved = true
    /// What the maps hold, as far as is known.
    var installed = Tables()
    private(set) var installedRevision: UInt64 = 0
    /// What `installed` was made from; `nil` when that is not sure.
    private var installedInput: Input?
    /// Why the last run failed.
    private(set) var failure: String?
    /// Why the stored resources are not even tried: nothing is touched then.
    private(set) var refusal: String?
    /// Why the latest change could not be stored; `nil` once one is.
    var storeTrouble: String?
    /// Of the stored resources that were looked at last; `nil` until the store could be read.
    private(set) var seenRevision: UInt64?
    private(set) var hostProblems: [String] = []
    /// Whether there may be something to do around the data plane. Of weights and health the host need not know.
    private var isHostDue = true
    private(set) var isDetached = false

    var ledger: IDLedger
    var compilerCache = CompilerCache()
    var moves: Moves
    /// Services of which no target is usable, as far as that was told.
    var unusable: Set<ResourceID> = []
    /// Of changes, from reading what is stored to storing what comes of it.
    let turns = TurnQueue()
    private var isRunning = false
    /// Those who wait for a run that has not begun.
    private var waiters: [CheckedContinuation<Void, Never>] = []

    public init(
        store: any ResourceStore, dataplane: any DataplaneDriver, host: any HostDriver, checker: HealthChecker,
        healthFile: StateFile<[String: HealthRecord]>, surroundings: Surroundings = Surroundings(),
        limits: TableLimits = TableLimits(), logger: Logger
    ) {
        self.store = store
        self.dataplane = dataplane
        self.host = host
        self.checker = checker
        self.healthFile = HealthFile(healthFile)
        self.surroundings = surroundings
        self.limits = limits
        self.logger = logger
        ledger = IDLedger(limits: limits)
        moves = Moves(start: ContinuousClock.now)
    }

    /// Keeps the maps right until shut down. To be called once, after `start()`.
    public func run() async throws {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.checker.run() }
            group.addTask { await self.followHealth() }
            group.addTask { await self.followHost() }
            group.addTask { await self.tick(every: .seconds(2)) }
            try? await gracefulShutdown()
            group.cancelAll()
        }
        await saveHealth(isUrgent: true)
    }

    /// Reads what is installed and what is stored, and makes the maps right; before anything else is asked of the controller.
    ///
    /// When the store cannot be read, forwarding stays as it is until it can be.
    /// - Throws: When the maps cannot be read; nothing has been touched then.
    public func start() async throws {
        installed = try await dataplane.tables()
        ledger = IDLedger(installed: installed, limits: limits)
        do { try await forgetStalePins() } catch { logger.error("pins cannot be read: \(error)") }
        await followStore()
        await reconcile()
    }

    /// Wants what is stored, when that is newer than all that was seen of it.
    ///
    /// Changes that go through the controller are wanted before this finds them. It is for the start, and for a change
    /// whose failure was told although the disk has kept it.
    func followStore() async {
        let stored: StoredConfiguration
        do { stored = try await store.read() } catch {
            // Later it goes on with what was read before.
            if seenRevision == nil { refuse("the store cannot be read, so forwarding stays as it is: \(error)") }
            return
        }
        guard let seen = seenRevision else { return await load(stored) }
        guard stored.revision > max(seen, desired.revision) else { return }
        seenRevision = stored.revision
        do {
            let resources = try CheckedConfiguration(stored.configuration, in: surroundings)
            storedTables = await tables(for: resources)
            await want(Desired(revision: stored.revision, resources: resources, tables: storedTables))
        } catch {
            refuse("the stored resources break rules of this version, so forwarding stays as it is:\n\(error)")
        }
    }

    private func load(_ stored: StoredConfiguration) async {
        seenRevision = stored.revision
        refusal = nil
        guard stored.revision > 0 || installed.listeners.isEmpty else {
            return refuse(
                """
                the store is empty, but \(installed.listeners.count) listeners are installed, so forwarding stays as it is; \
                restore the store, or apply a document that says what to serve
                """)
        }
        do {
            // Not with the host's addresses: a VIP that is still held from before would look like one of them.
            let resources = try CheckedConfiguration(stored.configuration, in: surroundings)
            storedTables = await tables(for: resources)
            desired = Desired(revision: stored.revision, resources: resources, tables: storedTables)
        } catch {
            refuse("the stored resources break rules of this version, so forwarding stays as it is:\n\(error)")
        }
        var stale: [TargetKey: HealthRecord] = [:]
        do {
            stale = try await healthFile.read(for: desired.resources)
        } catch {
            logger.warning("health starts anew: \(error)")
        }
        if await checker.update(checks(of: desired.resources), restoring: stale) { await lookAtHealth() }
    }

    /// The canonical tables as the store has them. Without their history they are built, which moves flows.
    private func tables(for resources: CheckedConfiguration) async -> CanonicalTables {
        var stored: [ResourceID: [UInt8]] = [:]
        do { stored = try await store.tables() } catch {
            logger.error("tables are built anew, which moves connections: \(error)")
        }
        var unreadable: [ResourceID] = []
        let tables = CanonicalTables(stored: stored, for: resources, unreadable: &unreadable)
        for service in unreadable {
            logger.error(
                "the stored table is damaged and built anew, which moves connections",
                metadata: ["service": "\(service.rawValue)"])
        }
        return tables
    }

    private func refuse(_ reason: String) {
        guard refusal != reason else { return }
        refusal = reason
        logger.error("\(reason)")
    }

    func currentSurroundings() async -> Surroundings {
        var surroundings = surroundings
        surroundings.hostAddresses = await host.ownAddresses()
        return surroundings
    }

    /// Makes these the desired resources, and returns when the kernel holds them or has refused them.
    func want(_ new: Desired) async {
        // A change that was committed later may have come here first.
        if new.revision > desired.revision {
            moves.noteJoins(
                from: desired.tables, to: new.tables,
                services: new.resources.configuration.loadBalancers.flatMap { loadBalancer in
                    loadBalancer.services.map { loadBalancer.key(of: $0) }
                })
            desired = new
            refusal = nil
            if await checker.update(checks(of: new.resources)) { await lookAtHealth() }
        }
        await reconcile()
    }

    // MARK: Triggers

    private func followHealth() async {
        for await _ in checker.changes {
            await lookAtHealth()
            isHealthSaved = false
            await saveHealth(isUrgent: false)
            await reconcile()
            // The first change takes effect at once; those that follow in a moment take effect together.
            try? await Task.sleep(for: .milliseconds(50))
        }
    }

    private func followHost() async {
        for await _ in host.changes {
            isHostDue = true
            await reconcile()
            // Links and routes change in bursts: the first takes effect at once, the others together.
            try? await Task.sleep(for: .milliseconds(50))
        }
    }

    /// Signs of life, another look at the host and the store, and another try after a failure.
    private func tick(every period: Duration) async {
        while (try? await Task.sleep(for: period)) != nil {
            await followStore()
            isHostDue = true
            await reconcile()
            if !isHealthSaved { await saveHealth(isUrgent: false) }
        }
    }

    /// Writes what is known about health where the next daemon finds it.
    ///
    /// - Parameter isUrgent: Otherwise it may be left to a later call.
    package func saveHealth(isUrgent: Bool) async {
        // Without resources nothing was checked, and what is in the file is better than nothing.
        guard seenRevision != nil, refusal == nil else { return }
        isHealthSaved = true
        do {
            if try await !healthFile.write(health.records, isUrgent: isUrgent) { isHealthSaved = false }
        } catch {
            logger.error("health would not survive a restart: \(error)")
        }
    }

    // MARK: Reconciling

    /// Returns after a run that began after this call.
    func reconcile() async {
        await withCheckedContinuation { waiter in
            waiters.append(waiter)
            guard !isRunning else { return }
            isRunning = true
            Task { await runUntilNobodyWaits() }
        }
    }

    private func runUntilNobodyWaits() async {
        while !waiters.isEmpty {
            let served = waiters
            waiters = []
            await runOnce()
            for waiter in served { waiter.resume() }
        }
        isRunning = false
    }

    private func runOnce() async {
        guard refusal == nil, !isDetached else { return }
        let desired = desired
        do {
            let now = ContinuousClock.now
            try await install(desired, at: now)
            installedRevision = desired.revision
            failure = nil
            try await settleMoves(revision: desired.revision, at: now)
        } catch {
            if failure != "\(error)" { events.append(.notInstalled, "tables", "\(error)", revision: desired.revision) }
            failure = "\(error)"
            logger.error("not installed: \(error)", metadata: ["revision": "\(desired.revision)"])
            await readBack()
            isHostDue = true
        }
        guard isHostDue else { return }
        isHostDue = false
        let serving = desired.resources.configuration.loadBalancers.filter { $0.listeners.contains(where: \.isEnabled) }
        let vips = Set(serving.map(\.vip))
        let direct = Set(installed.services.filter { $0.value.mode == .dsr }.keys)
        let found = await host.settle(
            vips: vips, targets: Set(installed.targets.values.map(\.endpoint.address)),
            neighbours: Set(installed.targets.values.filter { direct.contains($0.service) }.map(\.endpoint.address)))
        hostProblems = found.problems
        do { try await dataplane.setNextHops(found.nextHops) } catch {
            isHostDue = true
            logger.error("next hops are not up to date: \(error)")
        }
    }

    private func install(_ desired: Desired, at now: ContinuousClock.Instant) async throws {
        let conditions = conditions(of: desired, at: now, unixSeconds: Int64(Date().timeIntervalSince1970))
        let input = Input(revision: desired.revision, conditions: conditions)
        guard input != installedInput else { return try await dataplane.beat(revision: desired.revision) }
        installedInput = nil
        var ledger = ledger
        let tables = try compile(
            desired.resources, canonical: desired.tables, conditions: conditions, installed: installed,
            ledger: &ledger, cache: &compilerCache, limits: limits, at: now)
        if tables.targets != installed.targets || tables.listeners != installed.listeners { isHostDue = true }
        let steps = try await carryOut(tables, revision: desired.revision, at: now)
        if steps > 0 {
            logger.info("installed", metadata: ["revision": "\(desired.revision)", "steps": "\(steps)"])
            events.append(
                .installed, "tables", "the kernel holds revision \(desired.revision), by \(steps) steps",
                revision: desired.revision)
        }
        installedInput = input
        self.ledger = ledger
        try await noteCuts(at: now)
        noteUnusable(desired, conditions)
    }

    /// After a failed plan some prefix of it is done: which, only the kernel knows.
    private func readBack() async {
        do {
            installed = try await dataplane.tables()
            ledger = IDLedger(installed: installed, limits: limits)
            // Which slots have moved meanwhile, nobody knows: all of them have their time anew.
            moves.slots = MovingSlots(start: ContinuousClock.now)
            try await forgetStalePins()
        } catch {
            logger.error("cannot read the maps: \(error)")
        }
    }

    /// Stops forwarding for good: the daemon goes on, idle, until it is started again.
    public func detach() async throws {
        isDetached = true
        // Waits for a run that has begun, which would put back what is removed; the next ones do nothing.
        await reconcile()
        try await dataplane.detach()
        _ = await host.settle(vips: [], targets: [], neighbours: [])
        logger.notice("detached: forwarding has stopped until the next start")
        events.append(.detached, "daemon", "forwarding has stopped until the next start", revision: desired.revision)
    }
}
