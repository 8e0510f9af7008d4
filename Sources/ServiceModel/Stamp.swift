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
            var stamp = Stamp(unixSeconds: unixSeconds, taken: Set(old.ids).union(ids), newID: newID)
            return stamp.stamped(self, replacing: old)
        }
    }

    private var ids: [ResourceID] {
        loadBalancers.flatMap { loadBalancer in
            [loadBalancer.id] + loadBalancer.listeners.map(\.id) + loadBalancer.services.map(\.id)
                + loadBalancer.groups.flatMap { [$0.id] + $0.targets.map(\.id) }
        }.compactMap(\.self) + availabilityGroups.compactMap(\.id)
    }
}

private struct Stamp {
    let unixSeconds: Int64
    var taken: Set<ResourceID>
    let newID: (ResourceID.Kind) -> ResourceID

    mutating func stamped(_ new: Configuration, replacing old: Configuration) -> Configuration {
        var result = new
        result.loadBalancers = zip(new.loadBalancers, pairs(of: new.loadBalancers, with: old.loadBalancers)).map {
            loadBalancer, place in
            stamped(loadBalancer, replacing: place.map { old.loadBalancers[$0] })
        }
        result.availabilityGroups = stamped(
            new.availabilityGroups, replacing: old.availabilityGroups, .availabilityGroup)
        result.instances = zip(new.instances, pairs(of: new.instances, with: old.instances)).map { instance, place in
            dated(instance, replacing: place.map { old.instances[$0] })
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
        zip(new, pairs(of: new, with: old)).map { element, place in
            stamped(element, replacing: place.map { old[$0] }, kind)
        }
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
        var id = newID(kind)
        while !taken.insert(id).inserted { id = newID(kind) }
        return id
    }
}
