internal import Foundation
internal import ServiceModel

/// What a commit writes: decided here, without a database at hand.
struct Difference {
    /// One row of the table of resources and one entry of the history.
    struct Row {
        let action: Change.Action
        let kind: Change.Kind
        let key: String
        /// Key of the load balancer that it belongs to.
        let parent: String?
        /// Index in its list.
        let position: Int
        let name: String
        let before: String?
        let after: String?
    }

    /// The order of a list that is not what it was.
    struct Order {
        let kind: Change.Kind
        let parent: String?
        let keys: [String]
    }

    private(set) var rows: [Row] = []
    private(set) var orders: [Order] = []
    /// The new configuration with ids, times and versions.
    let result: Configuration
    let unixSeconds: Int64
    private let encoder = JSONEncoder()

    init(from old: Configuration, to new: Configuration, at unixSeconds: Int64) throws(StoreError) {
        result = new.stamped(replacing: old, at: unixSeconds) { ResourceID($0, UInt64.random(in: 0 ... .max)) }
        self.unixSeconds = unixSeconds
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try compare(old.loadBalancers, result.loadBalancers)
        try compare(old.availabilityGroups, result.availabilityGroups)
        try compare(old.instances, result.instances)
        let before = Dictionary(old.loadBalancers.map { ($0.rowKey, $0) }) { first, _ in first }
        for loadBalancer in result.loadBalancers {
            try compare(below: before[loadBalancer.rowKey], and: loadBalancer)
        }
        let staying = Set(result.loadBalancers.map(\.rowKey))
        for loadBalancer in old.loadBalancers where !staying.contains(loadBalancer.rowKey) {
            try compare(below: loadBalancer, and: nil)
        }
    }

    private struct Owner {
        let key: String
        let name: String
    }

    private mutating func compare(below old: LoadBalancer?, and new: LoadBalancer?) throws(StoreError) {
        let owner = (new ?? old).map { Owner(key: $0.rowKey, name: $0.label) }
        try compare(old?.listeners ?? [], new?.listeners ?? [], below: owner)
        try compare(old?.services ?? [], new?.services ?? [], below: owner)
        try compare(old?.groups ?? [], new?.groups ?? [], below: owner)
    }

    /// Notes what differs between two lists. Both are stamped, so that versions tell.
    private mutating func compare<Element: RowResource>(
        _ old: [Element], _ new: [Element], below owner: Owner? = nil
    ) throws(StoreError) {
        if old == new { return }
        let isSameList = old.elementsEqual(new) { $0.rowKey == $1.rowKey }
        guard !isSameList || zip(old, new).contains(where: { $0.version != $1.version }) else { return }
        let before = Dictionary(old.map { ($0.rowKey, $0) }) { first, _ in first }
        var seen: Set<String> = []
        for (position, element) in new.enumerated() {
            guard seen.insert(element.rowKey).inserted else {
                throw .duplicate(kind: Element.kind, name: name(element, below: owner))
            }
            guard let existing = before[element.rowKey] else {
                note(.created, nil, element, at: position, below: owner)
                continue
            }
            if existing.version != element.version { note(.updated, existing, element, at: position, below: owner) }
        }
        for gone in old where !seen.contains(gone.rowKey) { note(.deleted, gone, nil, at: 0, below: owner) }
        if !isSameList { orders.append(Order(kind: Element.kind, parent: owner?.key, keys: new.map(\.rowKey))) }
    }

    private mutating func note<Element: RowResource>(
        _ action: Change.Action, _ before: Element?, _ after: Element?, at position: Int, below owner: Owner?
    ) {
        guard let subject = after ?? before else { return }
        rows.append(
            Row(
                action: action, kind: Element.kind, key: subject.rowKey, parent: owner?.key, position: position,
                name: name(subject, below: owner), before: before.map(encode), after: after.map(encode)))
    }

    private func name(_ element: some RowResource, below owner: Owner?) -> String {
        (owner.map { $0.name + "/" } ?? "") + element.label
    }

    private func encode(_ element: some RowResource) -> String {
        do {
            return String(decoding: try encoder.encode(element.alone), as: UTF8.self)
        } catch {
            preconditionFailure("a resource of numbers, texts and lists always has a JSON form: \(error)")
        }
    }
}

/// A resource with a row of its own.
protocol RowResource: Stored {
    static var kind: Change.Kind { get }
    /// The id, which everything that is stored has.
    var rowKey: String { get }
    /// What people call it.
    var label: String { get }
    /// Itself without what has rows of its own.
    var alone: Self { get }
}

extension RowResource {
    var alone: Self { self }
}

extension RowResource where Self: Resource {
    var rowKey: String { id?.rawValue ?? name }
    var label: String { name }
}

extension LoadBalancer: RowResource {
    static var kind: Change.Kind { .loadBalancer }

    var alone: LoadBalancer {
        var result = self
        result.listeners = []
        result.services = []
        result.groups = []
        return result
    }
}

extension Listener: RowResource {
    static var kind: Change.Kind { .listener }
}

extension BackendService: RowResource {
    static var kind: Change.Kind { .service }
}

extension ServerGroup: RowResource {
    static var kind: Change.Kind { .group }
}

extension AvailabilityGroup: RowResource {
    static var kind: Change.Kind { .availabilityGroup }
}

extension Instance: RowResource {
    static var kind: Change.Kind { .instance }
    var rowKey: String { id }
    var label: String { id }
}
