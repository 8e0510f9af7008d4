/// Tells where the fields of a document stand in the configuration that it was merged into, and the other way round.
///
/// Rules look at the merged configuration; who wrote the document wants to read where in the document the problem is.
package struct MergedPaths {
    private let merged: Configuration
    /// By the path of a list in the document: the index in the merged list of each of its elements.
    private var places: [FieldPath: [Int]] = [:]

    package init(of document: Configuration, mergedInto current: Configuration) {
        merged = current.merging(document, prune: false)
        let root = FieldPath.root
        note(root.field("availabilityGroups"), document.availabilityGroups, current.availabilityGroups, by: \.name)
        note(root.field("instances"), document.instances, current.instances, by: \.id)
        let list = root.field("loadBalancers")
        note(list, document.loadBalancers, current.loadBalancers, by: \.name)
        for (index, place) in places[list, default: []].enumerated() where place < current.loadBalancers.count {
            let new = document.loadBalancers[index]
            let old = current.loadBalancers[place]
            note(list.element(index).field("listeners"), new.listeners, old.listeners, by: \.name)
            note(list.element(index).field("services"), new.services, old.services, by: \.name)
            note(list.element(index).field("groups"), new.groups, old.groups, by: \.name)
        }
    }

    private mutating func note<Element>(
        _ list: FieldPath, _ new: [Element], _ existing: [Element], by name: KeyPath<Element, String>
    ) {
        places[list] = ServiceModel.places(
            of: new.map { $0[keyPath: name] }, among: existing.map { $0[keyPath: name] })
    }

    /// - Parameter path: A path in the document.
    package func mergedPath(of path: FieldPath) -> FieldPath {
        var source = FieldPath.root
        var result = FieldPath.root
        for step in path.steps {
            if case .element(let index) = step, let list = places[source], list.indices.contains(index) {
                result = result.element(list[index])
            } else {
                result = result.appending(step)
            }
            source = source.appending(step)
        }
        return result
    }

    /// - Parameter path: A path in the merged configuration.
    /// - Returns: The path in the document; a resource that is not in the document is given by its name.
    package func documentPath(of path: FieldPath) -> FieldPath {
        var source = FieldPath.root
        var result = FieldPath.root
        var isInDocument = true
        for step in path.steps {
            if case .element(let index) = step, let name = name(ofElement: index, in: source) {
                if let list = places[result], isInDocument {
                    let own = list.firstIndex(of: index)
                    isInDocument = own != nil
                    result = result.appending(own.map { .element($0) } ?? .named(name))
                } else {
                    result = result.appending(isInDocument ? step : .named(name))
                }
            } else {
                result = result.appending(step)
            }
            source = source.appending(step)
        }
        return result
    }

    /// The name of an element of a list of resources of the merged configuration; `nil` for other lists.
    private func name(ofElement index: Int, in list: FieldPath) -> String? {
        switch list.steps {
        case [.field("loadBalancers")]: return merged.loadBalancers[index].name
        case [.field("availabilityGroups")]: return merged.availabilityGroups[index].name
        case [.field("instances")]: return merged.instances[index].id
        default: break
        }
        guard list.steps.count == 3, case .element(let owner) = list.steps[1], list.steps[0] == .field("loadBalancers")
        else { return nil }
        switch list.steps[2] {
        case .field("listeners"): return merged.loadBalancers[owner].listeners[index].name
        case .field("services"): return merged.loadBalancers[owner].services[index].name
        case .field("groups"): return merged.loadBalancers[owner].groups[index].name
        default: return nil
        }
    }
}

extension Problem {
    /// The same problem with each path in its place.
    package func movingPaths(_ place: (FieldPath) -> FieldPath) -> Problem {
        let path = place(FieldPath(path)).description
        guard case .duplicate(let what, let first) = reason else { return Problem(path: path, reason: reason) }
        return Problem(path: path, reason: .duplicate(what: what, first: place(FieldPath(first)).description))
    }
}
