internal import BPFRuntime
internal import CShoalABI
internal import ConsistentHashing
public import NetworkTypes
internal import Synchronization
public import TableCompiler

/// The maps of bpf/maps.h that the controller and the tools use.
///
/// Calls are system calls or memory accesses. Any thread may read; `perform` is for one caller at a time.
public final class DataplaneMaps: Sendable {
    let listeners: BPFMap<shoal_endpoint, shoal_listener>
    let services: BPFMap<UInt32, shoal_service>
    let slots: BPFMappedArray<shoal_slot_pair>
    let targets: BPFMappedArray<shoal_target>
    let egresses: BPFMap<UInt32, shoal_egress>
    let returnPaths: BPFMap<shoal_endpoint, shoal_return_path>
    let reasonCounters: BPFPerCPUArray<shoal_counter>
    let listenerCounters: BPFPerCPUArray<shoal_traffic>
    let targetCounters: BPFPerCPUArray<shoal_traffic>
    let pinCounters: BPFPerCPUArray<UInt64>
    let meta: BPFMap<UInt32, shoal_meta>
    /// The flows of moving slots.
    public let pins: FlowPins
    private let nextHops: Mutex<Egresses>
    private let clock: PinClock

    /// - Parameter open: Gives a descriptor of the map of this name; `meta` must have been written.
    init(open: (String) throws(BPFError) -> Descriptor) throws(BPFError) {
        meta = try BPFMap(try open("meta"), name: "meta")
        listeners = try BPFMap(try open("listeners"), name: "listeners")
        services = try BPFMap(try open("services"), name: "services")
        slots = try BPFMappedArray(try open("slots"), name: "slots")
        targets = try BPFMappedArray(try open("targets"), name: "targets")
        egresses = try BPFMap(try open("egresses"), name: "egresses")
        nextHops = Mutex(Egresses(try egresses.entries().map(\.value.egress)))
        returnPaths = try BPFMap(try open("return_paths"), name: "return_paths")
        reasonCounters = try BPFPerCPUArray(try open("counters_reasons"), name: "counters_reasons")
        listenerCounters = try BPFPerCPUArray(try open("counters_listeners"), name: "counters_listeners")
        targetCounters = try BPFPerCPUArray(try open("counters_targets"), name: "counters_targets")
        pinCounters = try BPFPerCPUArray(try open("counters_pins"), name: "counters_pins")
        clock = PinClock(offset: try meta.value(0)?.jiffies_offset ?? 0)
        pins = FlowPins(try BPFMappedArray(try open("pins"), name: "pins"), clock: clock)
    }

    /// Opens what is pinned, without any program of ours.
    /// - Throws: `DataplaneError.notInstalled`, `.otherLayout` or `.kernel`.
    public convenience init(pinnedIn pins: PinDirectory) throws(DataplaneError) {
        guard pins.isPopulated else { throw .notInstalled(pins.path) }
        try DataplaneMaps.checkLayout(in: pins)
        do { try self.init { name throws(BPFError) in try openPinned(pins.map(name)) } } catch { throw .kernel(error) }
    }

    /// - Throws: `.otherLayout` when the pins are of another version of the maps.
    static func checkLayout(in pins: PinDirectory) throws(DataplaneError) {
        do {
            let meta = try BPFMap<UInt32, shoal_meta>(pinnedAt: pins.map("meta"), name: "meta")
            let version = try meta.value(0)?.abi_version ?? 0
            guard version == UInt32(SHOAL_ABI_VERSION) else {
                throw DataplaneError.otherLayout(pins.path, found: version, expected: UInt32(SHOAL_ABI_VERSION))
            }
        } catch let error as DataplaneError {
            throw error
        } catch let error as BPFError {
            throw .kernel(error)
        } catch {
            preconditionFailure("only two types are thrown above")
        }
    }

    /// Carries out one step of a plan.
    public func perform(_ step: MapStep) throws(DataplaneError) {
        do { try write(step) } catch { throw .kernel(error) }
    }

    private func write(_ step: MapStep) throws(BPFError) {
        switch step {
        case .putTarget(let id, let entry):
            let hop = nextHops.withLock { $0.nextHop(of: entry.endpoint.address) }
            targets[Int(id.rawValue)] = shoal_target(entry, nextHop: hop)
        case .putReturnPath(let endpoint, let entry):
            try returnPaths.update(shoal_endpoint(endpoint), shoal_return_path(entry))
        case .writeSlots(let range, let owners): fill(range, with: owners)
        case .putService(let id, let entry): try services.update(id.rawValue, shoal_service(entry))
        case .putListener(let endpoint, let entry):
            try listeners.update(shoal_endpoint(endpoint), shoal_listener(entry, vip: endpoint.address))
        case .removeListener(let endpoint, let entry):
            try listeners.remove(shoal_endpoint(endpoint))
            try listenerCounters.fill(entry.id.rawValue, with: shoal_traffic())
        case .removeService(let id): try services.update(id.rawValue, shoal_service())
        case .removeReturnPath(let endpoint): try returnPaths.remove(shoal_endpoint(endpoint))
        case .removeTarget(let id):
            targets[Int(id.rawValue)] = shoal_target()
            try targetCounters.fill(UInt32(id.rawValue), with: shoal_traffic())
        }
    }

    /// Makes these the ways to targets, those that are put later included. For others the program asks the kernel.
    ///
    /// - Parameter seconds: How long they are to be trusted unless this is called again: without a controller nobody
    ///   follows the host's network, and then the program asks the kernel for all of them.
    /// - Complexity: A system call for each interface, and when something has changed a load for each entry that
    ///   targets can have (some 100 µs) and a store for each that is in use.
    public func setNextHops(_ hops: [IPAddress: NextHop], trustedFor seconds: Int = 10) throws(DataplaneError) {
        do { try write(hops, until: clock.tickCount(inSeconds: seconds)) } catch { throw .kernel(error) }
    }

    private func write(_ hops: [IPAddress: NextHop], until: UInt64) throws(BPFError) {
        let (new, hasChanged) = nextHops.withLock { table in
            let hasChanged = table.set(hops)
            return (table, hasChanged)
        }
        // New numbers are in the map before an entry names them, and old ones for as long as one does.
        for (number, entry) in new.entries.enumerated() where entry != nil {
            try egresses.update(UInt32(number), shoal_egress(entry, until: until))
        }
        guard hasChanged else { return }
        targets.setNextHops { shoal_next_hop(new.nextHop(of: $0)) }
        for (number, entry) in new.entries.enumerated() where entry == nil {
            try egresses.update(UInt32(number), shoal_egress())
        }
    }

    private func fill(_ range: SlotRange, with table: ForwardingTable<TargetID>) {
        let count = table.owners.count
        precondition(range.offset % 2 == 0 && count == Int(range.count), "a table fills its range")
        func slot(_ index: Int) -> shoal_slot {
            guard index < count else { return shoal_slot() }
            return shoal_slot(
                target: table.owners[index].rawValue, previous: table.previous[index]?.rawValue ?? 0)
        }
        for first in stride(from: 0, to: count, by: 2) {
            slots[(Int(range.offset) + first) / 2] = shoal_slot_pair(slots: (slot(first), slot(first + 1)))
        }
    }

    /// Reads back what is installed. Entries that make no sense, such as a table beyond the array, are left out.
    /// - Complexity: Some hundred system calls.
    public func tables() throws(DataplaneError) -> Tables {
        do { return try readTables() } catch { throw .kernel(error) }
    }

    private func readTables() throws(BPFError) -> Tables {
        var tables = Tables()
        var transports: [ServiceID: TransportProtocol] = [:]
        for (key, value) in try listeners.entries() {
            guard let endpoint = key.endpoint else { continue }
            tables.listeners[endpoint] = value.entry
            transports[value.entry.service] = endpoint.transport
        }
        for (id, value) in try services.entries() {
            guard let entry = value.entry, entry.range.map(fits) ?? true else { continue }
            let id = ServiceID(rawValue: id)
            tables.services[id] = entry
            if let range = entry.range { tables.slots[id] = table(in: range) }
        }
        for (id, value) in usedTargets() {
            let transport = transports[ServiceID(rawValue: value.service)] ?? .tcp
            tables.targets[id] = value.entry(transport: transport)
        }
        for (key, value) in try returnPaths.entries() {
            guard let endpoint = key.endpoint else { continue }
            tables.returnPaths[endpoint] = value.entry(key: endpoint)
        }
        return tables
    }

    /// The entries of targets that are in use, by their ids.
    func usedTargets() -> [(id: TargetID, value: shoal_target)] {
        (0..<targets.count).compactMap { index in
            let value = targets[index]
            return value.port == 0 ? nil : (TargetID(rawValue: UInt16(index)), value)
        }
    }

    private func fits(_ range: SlotRange) -> Bool {
        range.offset % 2 == 0 && UInt64(range.offset) + UInt64(range.count) <= UInt64(slots.count) * 2
    }

    private func table(in range: SlotRange) -> ForwardingTable<TargetID> {
        let slots = (0..<Int(range.count)).map { slot(Int(range.offset) + $0) }
        return ForwardingTable(
            owners: slots.map { TargetID(rawValue: $0.target) },
            previous: slots.map { $0.previous == 0 ? nil : TargetID(rawValue: $0.previous) })
    }

    func slot(_ index: Int) -> shoal_slot {
        let pair = slots[index / 2].slots
        return index % 2 == 0 ? pair.0 : pair.1
    }
}
