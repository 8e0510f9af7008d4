internal import ServiceModel

/// What lists can be filtered and sorted by.
enum FilterNames {
    static let loadBalancers = names { (query) throws(Problems) in _ = try nothing.loadBalancers(query) }
    static let listeners = names { (query) throws(Problems) in _ = try nothing.listeners(query) }
    static let services = names { (query) throws(Problems) in _ = try nothing.services(query) }
    static let groups = names { (query) throws(Problems) in _ = try nothing.groups(query) }
    static let targets = names { (query) throws(Problems) in
        _ = try nothing.targets(of: ServerGroup(name: ""), query)
    }
    static let members = names { (query) throws(Problems) in
        _ = try nothing.members(of: AvailabilityGroup(name: ""), query)
    }
    static let availabilityGroups = names { (query) throws(Problems) in _ = try nothing.availabilityGroups(query) }
    static let instances = names { (query) throws(Problems) in _ = try nothing.instances(query) }

    private static let nothing = Configuration()

    /// What a list itself tells those who sort by something else.
    private static func names(of list: (ListQuery) throws(Problems) -> Void) -> [String] {
        do throws(Problems) {
            try list(ListQuery(sorts: [ListQuery.Sort("")]))
        } catch {
            if case .unknownField(let allowed)? = error.list.first?.reason { return allowed }
        }
        preconditionFailure("a list could be sorted by nothing")
    }
}
