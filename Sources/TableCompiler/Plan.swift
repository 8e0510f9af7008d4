public import ConsistentHashing
public import NetworkTypes

/// One change of the maps, small enough to succeed or fail as a whole.
public enum MapStep: Sendable, Hashable {
    case putTarget(TargetID, TargetEntry)
    case putReturnPath(Endpoint, ReturnPathEntry)
    /// Fills a range that no service reads, or changes no owner in one that is read.
    case writeSlots(SlotRange, ForwardingTable<TargetID>)
    case putService(ServiceID, ServiceEntry)
    case putListener(Endpoint, ListenerEntry)
    case removeListener(Endpoint, ListenerEntry)
    case removeService(ServiceID)
    case removeReturnPath(Endpoint)
    case removeTarget(TargetID)
}

extension MapStep {
    /// Whether it changes which VIPs or targets there are, and not only how flows are spread over them.
    public var changesEndpoints: Bool {
        switch self {
        case .putTarget, .removeTarget, .putListener, .removeListener: true
        case .putReturnPath, .removeReturnPath, .writeSlots, .putService, .removeService: false
        }
    }
}

/// The steps that turn one state of the maps into another, in an order of which every prefix is safe: what a packet can
/// reach is there before it can be reached, and goes after it no longer can be.
///
/// Empty when both are equal. Deterministic: the same for equal arguments.
public func plan(from installed: Tables, to desired: Tables) -> [MapStep] {
    let targets = Difference(from: installed.targets, to: desired.targets, by: \.rawValue)
    let returnPaths = Difference(from: installed.returnPaths, to: desired.returnPaths, by: \.self)
    let services = Difference(from: installed.services, to: desired.services, by: \.rawValue)
    let slots = Difference(from: installed.slots, to: desired.slots, by: \.rawValue)
    let listeners = Difference(from: installed.listeners, to: desired.listeners, by: \.self)

    var steps: [MapStep] = targets.news.map { .putTarget($0, $1) }
    steps += returnPaths.news.map { .putReturnPath($0, $1) }
    for (id, table) in slots.news {
        guard let range = desired.services[id]?.range else { continue }
        steps.append(.writeSlots(range, table))
    }
    steps += services.news.map { .putService($0, $1) }
    steps += listeners.news.map { .putListener($0, $1) }

    steps += listeners.leavers.map { .removeListener($0, $1) }
    steps += services.leavers.map { .removeService($0.key) }
    steps += returnPaths.leavers.map { .removeReturnPath($0.key) }
    steps += targets.leavers.map { .removeTarget($0.key) }
    return steps
}

/// What must happen to one map, each list in order.
private struct Difference<Key: Hashable, Value: Equatable> {
    /// Entries that are new or changed.
    let news: [(key: Key, value: Value)]
    /// Entries that are no longer wanted.
    let leavers: [(key: Key, value: Value)]

    init(from installed: [Key: Value], to desired: [Key: Value], by order: (Key) -> some Comparable) {
        // A map in which nothing has changed is mostly the same one in memory.
        guard installed != desired else {
            news = []
            leavers = []
            return
        }
        var news: [(key: Key, value: Value)] = []
        var staying = 0
        for (key, value) in desired {
            let old = installed[key]
            if old != nil { staying += 1 }
            if old != value { news.append((key, value)) }
        }
        // Mostly all stay, and then nobody needs to be looked for.
        let leavers = staying == installed.count ? [] : installed.filter { desired[$0.key] == nil }.map { $0 }
        self.news = news.sorted { order($0.key) < order($1.key) }
        self.leavers = leavers.sorted { order($0.key) < order($1.key) }
    }
}
