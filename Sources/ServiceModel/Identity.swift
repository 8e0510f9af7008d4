// Which resource of one configuration is which of another.

/// What can be found again in another configuration.
protocol Identified: Stored {
    var identifier: ResourceID? { get }
    /// Unique in its list.
    var key: String { get }
}

extension Identified where Self: Resource {
    var identifier: ResourceID? { id }
    var key: String { name }
}

extension LoadBalancer: Identified {}
extension Listener: Identified {}
extension BackendService: Identified {}
extension ServerGroup: Identified {}
extension AvailabilityGroup: Identified {}

extension Instance: Identified {
    var identifier: ResourceID? { nil }
    var key: String { id }
}

/// For each new element the index of the old one that it is: by id where both have one, else by name.
func pairs<Element: Identified>(of new: [Element], with old: [Element]) -> [Int?] {
    var byID: [ResourceID: Int] = [:]
    var byKey: [String: Int] = [:]
    for (index, element) in old.enumerated().reversed() {
        if let id = element.identifier { byID[id] = index }
        byKey[element.key] = index
    }
    return new.map { element in
        if let id = element.identifier, let index = byID[id] { return index }
        guard let index = byKey[element.key], element.identifier == nil || old[index].identifier == nil else {
            return nil
        }
        return index
    }
}
