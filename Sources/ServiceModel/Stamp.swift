// What the store adds: ids, times and versions.

extension Configuration {
    /// This configuration as it is to be stored in the place of another.
    ///
    /// What has no id gets one. What is new gets the time and version 1; of what has changed the version is one more
    /// than before; what has not keeps all.
    ///
    /// - Parameters:
    ///   - old: What is stored now.
    ///   - newID: Makes an id, another one each time; one that is taken is made again.
    public func stamped(
        replacing old: Configuration, at unixSeconds: Int64, newID: (ResourceID.Kind) -> ResourceID
    ) -> Configuration {
        withoutActuallyEscaping(newID) { newID in
            var stamp = Stamp(old: old, new: self, unixSeconds: unixSeconds, newID: newID)
            return stamp.stamped()
        }
    }

    fileprivate var ids: [ResourceID] {
        loadBalancers.flatMap { loadBalancer in
            [loadBalancer.id] + loadBalancer.listeners.map(\.id) + loadBalancer.services.map(\.id)
                + loadBalancer.groups.flatMap { [$0.id] + $0.targets.map(\.id) }
        }.compactMap(\.self) + availabilityGroups.compactMap(\.id)
    }
}

private struct Stamp {
    let old: Configuration
    let new: Configuration
    let unixSeconds: Int64
    let newID: (ResourceID.Kind) -> ResourceID
    /// Ids that are not to be given again; collected for the first one that is given.
    private var taken: Set<ResourceID>?

    init(
        old: Configuration, new: Configuration, unixSeconds: Int64, newID: @escaping (ResourceID.Kind) -> ResourceID
    ) {
        self.old = old
        self.new = new
        self.unixSeconds = unixSeconds
        self.newID = newID
    }

    mutating func stamped() -> Configuration {
        var result = new
        result.loadBalancers = zip(new.loadBalancers, pairs(of: new.loadBalancers, with: old.loadBalancers)).map {
            loadBalancer, place in
            stamped(loadBalancer, replacing: place.map { old.loadBalancers[$0] })
        }
        result.availabilityGroups = stamped(
            new.availabilityGroups, replacing: old.availabilityGroups, .availabilityGroup)
        if !isStored(new.instances, as: old.instances) {
            result.instances = zip(new.instances, pairs(of: new.instances, with: old.instances)).map {
                instance, place in
                dated(instance, replacing: place.map { old.instances[$0] })
            }
        }
        return result
    }

    private mutating func stamped(_ new: LoadBalancer, replacing old: LoadBalancer?) -> LoadBalancer {
        var result = stamped(new, replacing: old, .loadBalancer)
        result.listeners = stamped(new.listeners, replacing: old?.listeners ?? [], .listener)
        result.services = stamped(new.services, replacing: old?.services ?? [], .service)
        result.groups = stamped(new.groups, replacing: old?.groups ?? [], .group)
        for group in result.groups.indices {
            for target in result.groups[group].targets.indices where result.groups[group].targets[target].id == nil {
                result.groups[group].targets[target].id = freshID(.target)
            }
        }
        return result
    }

    private mutating func stamped<Element: Identified & Resource>(
        _ new: [Element], replacing old: [Element], _ kind: ResourceID.Kind
    ) -> [Element] {
        if isStored(new, as: old) { return new }
        return zip(new, pairs(of: new, with: old)).map { element, place in
            stamped(element, replacing: place.map { old[$0] }, kind)
        }
    }

    /// Whether there is nothing to do for a list. It then stays the same one in memory, which a comparison sees at once:
    /// thus a change costs as much as there is to change.
    private func isStored<Element: Stored>(_ new: [Element], as old: [Element]) -> Bool {
        new == old && old.allSatisfy { $0.version > 0 }
    }

    private mutating func stamped<Element: Resource>(
        _ new: Element, replacing old: Element?, _ kind: ResourceID.Kind
    ) -> Element {
        var result = dated(new, replacing: old)
        result.id = new.id ?? old?.id ?? freshID(kind)
        return result
    }

    private func dated<Element: Stored>(_ new: Element, replacing old: Element?) -> Element {
        var result = new
        result.createdAt = old?.createdAt ?? unixSeconds
        result.version = old.map { $0.content == new.content ? max($0.version, 1) : $0.version + 1 } ?? 1
        return result
    }

    private mutating func freshID(_ kind: ResourceID.Kind) -> ResourceID {
        if taken == nil { taken = Set(old.ids + new.ids) }
        var id = newID(kind)
        while taken?.insert(id).inserted == false { id = newID(kind) }
        return id
    }
}
