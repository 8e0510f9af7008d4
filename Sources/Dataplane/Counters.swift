internal import BPFRuntime
internal import CShoalABI
public import TableCompiler

/// Packets and their bytes of layer 3.
public struct Counter: Sendable, Hashable {
    public var packets: UInt64
    public var bytes: UInt64

    init(_ values: [shoal_counter]) {
        packets = values.reduce(0) { $0 &+ $1.packets }
        bytes = values.reduce(0) { $0 &+ $1.bytes }
    }
}

/// Both directions of a listener or a target.
public struct Traffic: Sendable, Hashable {
    public var toTarget: Counter
    public var toClient: Counter

    init(_ values: [shoal_traffic]) {
        toTarget = Counter(values.map(\.to_target))
        toClient = Counter(values.map(\.to_client))
    }
}

extension DataplaneMaps {
    /// Every packet since the maps were made, once, by what became of it.
    public func reasons() throws(DataplaneError) -> [Reason: Counter] {
        var counters: [Reason: Counter] = [:]
        for reason in Reason.allCases {
            do { counters[reason] = Counter(try reasonCounters.values(reason.code)) } catch { throw .kernel(error) }
        }
        return counters
    }

    public func traffic(of listener: ListenerID) throws(DataplaneError) -> Traffic {
        do { return Traffic(try listenerCounters.values(listener.rawValue)) } catch { throw .kernel(error) }
    }

    public func traffic(of target: TargetID) throws(DataplaneError) -> Traffic {
        do { return Traffic(try targetCounters.values(UInt32(target.rawValue))) } catch { throw .kernel(error) }
    }
}

/// What the controller last wrote about itself into the maps.
public struct DataplaneMeta: Sendable, Hashable {
    /// Of the desired state that is installed.
    public var revision: UInt64
    /// Seconds since 1970 at which the controller last looked after the maps; 0 before the first time.
    public var heartbeat: UInt64

    public init(revision: UInt64, heartbeat: UInt64) {
        self.revision = revision
        self.heartbeat = heartbeat
    }
}

extension DataplaneMaps {
    public func readMeta() throws(DataplaneError) -> DataplaneMeta {
        do {
            let value = try meta.value(0) ?? shoal_meta()
            return DataplaneMeta(revision: value.revision, heartbeat: value.heartbeat)
        } catch {
            throw .kernel(error)
        }
    }

    public func writeMeta(_ new: DataplaneMeta) throws(DataplaneError) {
        do {
            var value = try meta.value(0) ?? shoal_meta()
            value.revision = new.revision
            value.heartbeat = new.heartbeat
            try meta.update(0, value)
        } catch {
            throw .kernel(error)
        }
    }
}
