// Declarative apply: a document names what it wants, by name within the parent.

extension Configuration {
    /// This configuration after a document was applied to it.
    ///
    /// What the document names is created or replaced: of a load balancer the fields, while its listeners, services
    /// and groups are merged by name in turn; a group together with its targets. What it does not name stays in its
    /// place, unless `prune` makes the document the whole truth. A name that the document bears twice stays
    /// there twice, for the rules to find.
    public func merging(_ document: Configuration, prune: Bool) -> Configuration {
        guard !prune else { return document }
        return Configuration(
            region: document.region,
            loadBalancers: merged(loadBalancers, with: document.loadBalancers, by: \.name) { $0.merging($1) },
            availabilityGroups: merged(availabilityGroups, with: document.availabilityGroups, by: \.name),
            instances: merged(instances, with: document.instances, by: \.id))
    }
}

extension LoadBalancer {
    fileprivate func merging(_ document: LoadBalancer) -> LoadBalancer {
        LoadBalancer(
            name: name, vip: document.vip, vpc: document.vpc,
            listeners: merged(listeners, with: document.listeners, by: \.name),
            services: merged(services, with: document.services, by: \.name),
            groups: merged(groups, with: document.groups, by: \.name))
    }
}

private func merged<Element>(
    _ existing: [Element], with new: [Element], by name: KeyPath<Element, String>,
    _ replacing: (Element, Element) -> Element = { $1 }
) -> [Element] {
    var result = existing
    let places = places(of: new.map { $0[keyPath: name] }, among: existing.map { $0[keyPath: name] })
    for (index, element) in zip(places, new) {
        if index < existing.count {
            result[index] = replacing(result[index], element)
        } else {
            result.append(element)
        }
    }
    return result
}

/// For each name of a document's list the index that its resource gets in the merged list.
func places(of names: [String], among existing: [String]) -> [Int] {
    var free = Dictionary(zip(existing, existing.indices)) { first, _ in first }
    var end = existing.count
    return names.map { name in
        if let place = free.removeValue(forKey: name) { return place }
        defer { end += 1 }
        return end
    }
}
