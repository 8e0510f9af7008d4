public import NetworkTypes

/// One change of the maps, small enough to succeed or fail as a whole.
public enum MapStep: Sendable, Hashable {
    case putTarget(TargetID, TargetEntry)
    case putReturnPath(Endpoint, ReturnPathEntry)
    /// Fills a range that no service reads.
    case writeSlots(SlotRange, [TargetID])
    case putService(ServiceID, ServiceEntry)
    case putListener(Endpoint, ListenerEntry)
    case removeListener(Endpoint, ListenerEntry)
    case removeService(ServiceID)
    case removeReturnPath(Endpoint)
    case removeTarget(TargetID)
}

/// The steps that turn one state of the maps into another, in an order of which every prefix is safe: what a packet can
/// reach is there before it can be reached, and goes after it no longer can be.
///
/// Empty when both are equal. Deterministic: the same for equal arguments.
public func plan(from installed: Tables, to desired: Tables) -> [MapStep] {
    var steps: [MapStep] = []
    for (id, entry) in news(of: desired.targets, over: installed.targets, by: \.rawValue) {
        steps.append(.putTarget(id, entry))
    }
    for (endpoint, entry) in news(of: desired.returnPaths, over: installed.returnPaths, by: \.self) {
        steps.append(.putReturnPath(endpoint, entry))
    }
    let services = news(of: desired.services, over: installed.services, by: \.rawValue)
    for (id, entry) in services {
        guard let range = entry.range, range != installed.services[id]?.range else { continue }
        steps.append(.writeSlots(range, desired.slots[id] ?? []))
    }
    steps += services.map { .putService($0, $1) }
    for (endpoint, entry) in news(of: desired.listeners, over: installed.listeners, by: \.self) {
        steps.append(.putListener(endpoint, entry))
    }

    for (endpoint, entry) in leavers(of: installed.listeners, not: desired.listeners, by: \.self) {
        steps.append(.removeListener(endpoint, entry))
    }
    for (id, _) in leavers(of: installed.services, not: desired.services, by: \.rawValue) {
        steps.append(.removeService(id))
    }
    for (endpoint, _) in leavers(of: installed.returnPaths, not: desired.returnPaths, by: \.self) {
        steps.append(.removeReturnPath(endpoint))
    }
    for (id, _) in leavers(of: installed.targets, not: desired.targets, by: \.rawValue) {
        steps.append(.removeTarget(id))
    }
    return steps
}

/// Entries that are new or changed, in order.
private func news<Key, Value: Equatable, Order: Comparable>(
    of desired: [Key: Value], over installed: [Key: Value], by order: (Key) -> Order
) -> [(Key, Value)] {
    desired.filter { installed[$0.key] != $0.value }.sorted { order($0.key) < order($1.key) }.map { ($0.key, $0.value) }
}

/// Entries that are no longer wanted, in order.
private func leavers<Key, Value, Order: Comparable>(
    of installed: [Key: Value], not desired: [Key: Value], by order: (Key) -> Order
) -> [(Key, Value)] {
    installed.filter { desired[$0.key] == nil }.sorted { order($0.key) < order($1.key) }.map { ($0.key, $0.value) }
}
