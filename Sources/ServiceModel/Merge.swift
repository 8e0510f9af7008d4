// Declarative apply: a document names what it wants, by name within the parent.

import NetworkTypes

extension Configuration {
    /// This configuration after a document was applied to it.
    ///
    /// What the document names is created or replaced: of a load balancer the fields, while its listeners, services
    /// and groups are merged by name in turn; a group together with its targets. What it does not name stays in its
    /// place, unless `prune` makes the document the whole truth. A name that the document bears twice stays
    /// there twice, for the rules to find. What exists keeps its id, time and version, a target by server and port.
    public func merging(_ document: Configuration, prune: Bool) -> Configuration {
        Configuration(
            region: document.region,
            loadBalancers: merged(loadBalancers, with: document.loadBalancers, by: \.name, prune: prune) {
                $0.merging($1, prune: prune)
            },
            availabilityGroups: merged(
                availabilityGroups, with: document.availabilityGroups, by: \.name, prune: prune
            ) { $1.keepingMetadata(of: $0) },
            instances: merged(instances, with: document.instances, by: \.id, prune: prune) {
                $1.keepingMetadata(of: $0)
            })
    }
}

extension LoadBalancer {
    fileprivate func merging(_ document: LoadBalancer, prune: Bool) -> LoadBalancer {
        var result = document.keepingMetadata(of: self)
        // A document that does not say which subnet means the one that the VIP is from.
        if document.subnet == Self.defaultSubnet { result.subnet = subnet }
        result.listeners = merged(listeners, with: document.listeners, by: \.name, prune: prune) {
            $1.keepingMetadata(of: $0)
        }
        result.services = merged(services, with: document.services, by: \.name, prune: prune) {
            $1.keepingMetadata(of: $0)
        }
        result.groups = merged(groups, with: document.groups, by: \.name, prune: prune) {
            $1.keepingMetadata(of: $0).keepingTargetIDs(of: $0)
        }
        return result
    }
}

extension Stored {
    fileprivate func keepingMetadata(of old: Self) -> Self {
        var result = self
        result.createdAt = old.createdAt
        result.version = old.version
        return result
    }
}

extension Resource {
    fileprivate func keepingMetadata(of old: Self) -> Self {
        var result = self
        result.id = old.id
        result.createdAt = old.createdAt
        result.version = old.version
        return result
    }
}

extension ServerGroup {
    fileprivate func keepingTargetIDs(of old: ServerGroup) -> ServerGroup {
        struct Key: Hashable {
            let server: Target.Server
            let port: Int
        }
        var known = Dictionary(old.targets.map { (Key(server: $0.server, port: $0.port), $0.id) }) { first, _ in first }
        var result = self
        for index in targets.indices {
            let key = Key(server: targets[index].server, port: targets[index].port)
            result.targets[index].id = known.removeValue(forKey: key) ?? nil
        }
        return result
    }
}

private func merged<Element>(
    _ existing: [Element], with new: [Element], by name: KeyPath<Element, String>, prune: Bool,
    _ replacing: (Element, Element) -> Element
) -> [Element] {
    let places = places(of: new.map { $0[keyPath: name] }, among: existing.map { $0[keyPath: name] })
    let replaced = zip(places, new).map { place, element in
        place < existing.count ? replacing(existing[place], element) : element
    }
    guard !prune else { return replaced }
    var result = existing
    for (place, element) in zip(places, replaced) {
        if place < existing.count {
            result[place] = element
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
