// What a configuration must keep to. Part of it is in ServerRules.swift and ReturnPathRules.swift.

import NetworkTypes

extension Configuration {
    /// Every rule that this configuration breaks there, in document order; empty when it can be served.
    ///
    /// At most `Limits.problems` of them.
    ///
    /// - Complexity: Linear in the number of targets, instances and resources.
    public func problems(in surroundings: Surroundings = Surroundings()) -> [Problem] {
        problems(in: surroundings, unread: [])
    }

    /// - Parameter unread: Paths of fields that hold a stand-in, because what was written there could not be read and
    ///   is reported already. No rule looks at them or at what is below them.
    package func problems(in surroundings: Surroundings, unread: Set<String>) -> [Problem] {
        var rules = Rules(self, surroundings, unread)
        rules.checkConfiguration()
        return rules.problems
    }
}

/// One walk over a configuration, and what it has found so far.
struct Rules {
    let configuration: Configuration
    let surroundings: Surroundings
    private(set) var problems: [Problem] = []
    /// Which listener answers for what a target sends back.
    var returnPaths: [Endpoint: ListenerIndex] = [:]

    // Positions by name, for what refers to them. Of two with one name the first counts.
    private(set) var instances: [String: Int] = [:]
    private(set) var availabilityGroups: [String: Int] = [:]
    private(set) var vips: [IPAddress: Int] = [:]

    private let unread: Set<String>
    /// Lists in which a name is missing, so that nobody can tell what else is.
    private let incompleteLists: Set<String>

    init(_ configuration: Configuration, _ surroundings: Surroundings, _ unread: Set<String>) {
        self.configuration = configuration
        self.surroundings = surroundings
        self.unread = unread
        incompleteLists = Set(unread.map { Self.listNamed(by: FieldPath($0)).description })
        instances = positions(of: configuration.instances, at: FieldPath.root.field("instances"), key: "id") { $0.id }
        availabilityGroups = positions(
            of: configuration.availabilityGroups, at: FieldPath.root.field("availabilityGroups")
        ) { $0.name }
        vips = positions(of: configuration.loadBalancers, at: FieldPath.root.field("loadBalancers"), key: "vip") {
            $0.vip
        }
    }

    mutating func checkConfiguration() {
        let targets = configuration.loadBalancers.lazy.flatMap(\.groups).reduce(0) { $0 + $1.targets.count }
        returnPaths.reserveCapacity(targets)
        checkRegion()
        checkLoadBalancers()
        checkAvailabilityGroups()
        checkInstances()
    }

    private mutating func checkRegion() {
        let path = FieldPath.root.field("region")
        guard let region = surroundings.region, configuration.region != region else {
            return checkName(configuration.region, at: path)
        }
        let sentence = "\(quoted(configuration.region)) is not served here; this daemon's is \(quoted(region))"
        report(path, .conflict(sentence))
    }
}

// MARK: - Load balancers

/// A load balancer with its place, and what its listeners and services name.
struct Scope {
    let loadBalancer: LoadBalancer
    let index: Int
    let path: FieldPath
    let services: [String: Int]
    let groups: [String: Int]
}

extension Rules {
    private mutating func checkLoadBalancers() {
        let list = FieldPath.root.field("loadBalancers")
        checkCount(of: configuration.loadBalancers, limit: Limits.loadBalancers, "load balancers", at: list)
        var names: [String: FieldPath] = [:]
        for (index, loadBalancer) in configuration.loadBalancers.enumerated() {
            let path = list.element(index)
            checkName(loadBalancer.name, of: path, in: &names)
            checkDescription(loadBalancer.description, at: path)
            checkVIP(loadBalancer.vip, at: path.field("vip"), index: index)
            checkName(loadBalancer.vpc, at: path.field("vpc"))
            checkName(loadBalancer.subnet, at: path.field("subnet"))
            let scope = Scope(
                loadBalancer: loadBalancer, index: index, path: path,
                services: positions(of: loadBalancer.services, at: path.field("services")) { $0.name },
                groups: positions(of: loadBalancer.groups, at: path.field("groups")) { $0.name })
            checkListeners(in: scope)
            checkServices(in: scope)
            checkGroups(in: scope)
        }
    }

    private mutating func checkVIP(_ vip: IPAddress, at path: FieldPath, index: Int) {
        if let use = vip.specialUse {
            report(path, .malformed(found: "\(vip)", expected: "usable as a VIP: it is \(use)"))
            return
        }
        if let first = vips[vip], first != index {
            report(path, .duplicate(what: "the VIP \(vip)", first: "loadBalancers[\(first)]"))
        }
        if surroundings.hostAddresses.contains(vip) {
            report(path, .conflict("\(vip) is an address of this host; a VIP needs an address of its own"))
        }
        checkAddress(vip, isInside: surroundings.vipPrefixes, for: "VIPs", at: path)
    }

    // MARK: Listeners

    private mutating func checkListeners(in scope: Scope) {
        let list = scope.path.field("listeners")
        let listeners = scope.loadBalancer.listeners
        checkCount(of: listeners, limit: Limits.listenersPerLoadBalancer, "listeners", at: list)
        var names: [String: FieldPath] = [:]
        var ports: [Listener.Frontend: FieldPath] = [:]
        for (index, listener) in listeners.enumerated() {
            let path = list.element(index)
            checkName(listener.name, of: path, in: &names)
            checkDescription(listener.description, at: path)
            check(listener.port, in: Limits.port, at: path.field("port"))
            let frontend = Listener.Frontend(transport: listener.transport, port: listener.port)
            let isFirst =
                !knows(path.field("protocol"))
                || claim(
                    frontend, "port \(listener.port)/\(listener.transport)", at: path.field("port"), owner: path,
                    in: &ports)
            guard let service = checkService(of: listener, at: path, in: scope) else { continue }
            checkPorts(of: index, to: service, at: path, in: scope)
            if isFirst { checkReturnPaths(of: index, to: service, at: path, in: scope) }
        }
    }

    /// - Returns: The index of the service that the listener leads to, if the two fit together.
    private mutating func checkService(of listener: Listener, at path: FieldPath, in scope: Scope) -> Int? {
        let services = scope.path.field("services")
        guard knows(path.field("service")) else { return nil }
        guard let index = scope.services[listener.service] else {
            reportNotFound("backend service", listener.service, in: services, at: path.field("service"))
            return nil
        }
        let transport = scope.loadBalancer.services[index].transport
        guard knows(path.field("protocol")), knows(services.element(index).field("protocol")) else { return nil }
        guard transport == listener.transport else {
            let sentence = "a listener for \(listener.transport) cannot lead to a service for \(transport)"
            report(path.field("service"), .conflict(sentence))
            return nil
        }
        return index
    }

    // MARK: Services

    private mutating func checkServices(in scope: Scope) {
        let list = scope.path.field("services")
        let services = scope.loadBalancer.services
        checkCount(of: services, limit: Limits.servicesPerLoadBalancer, "backend services", at: list)
        var names: [String: FieldPath] = [:]
        for (index, service) in services.enumerated() {
            let path = list.element(index)
            checkName(service.name, of: path, in: &names)
            checkDescription(service.description, at: path)
            check(service.port, in: Limits.port, at: path.field("port"))
            checkForwardingMode(service.forwardingMode, at: path.field("forwardingMode"))
            check(service.drainSeconds, in: Limits.drainSeconds, at: path.field("drainSeconds"))
            check(service.slowStartSeconds, in: Limits.slowStartSeconds, at: path.field("slowStartSeconds"))
            checkHealthCheck(of: service, at: path)
            checkServers(of: service, at: path, in: scope)
        }
    }

    private mutating func checkForwardingMode(
        _ mode: BackendService.ForwardingMode, at path: @autoclosure () -> FieldPath
    ) {
        guard !Limits.servedForwardingModes.contains(mode) else { return }
        report(path(), .unsupported("this version forwards in modes nat and dsr, not \(mode.rawValue)"))
    }

    private mutating func checkHealthCheck(of service: BackendService, at servicePath: FieldPath) {
        let path = servicePath.field("healthCheck")
        let healthCheck = service.healthCheck
        if healthCheck.method == .icmp, service.transport != .udp, knows(servicePath.field("protocol")) {
            report(path.field("protocol"), .conflict("Icmp is for UDP services only; use Tcp"))
        }
        check(healthCheck.port, in: Limits.portOrNone, at: path.field("port"))
        check(healthCheck.timeoutSeconds, in: Limits.timeoutSeconds, at: path.field("timeoutSeconds"))
        check(healthCheck.intervalSeconds, in: Limits.intervalSeconds, at: path.field("intervalSeconds"))
        check(healthCheck.unhealthyThreshold, in: Limits.threshold, at: path.field("unhealthyThreshold"))
        check(healthCheck.healthyThreshold, in: Limits.threshold, at: path.field("healthyThreshold"))
    }
}

extension Listener {
    /// What is unique in a load balancer.
    fileprivate struct Frontend: Hashable {
        let transport: TransportProtocol
        let port: Int
    }
}

// MARK: - What every rule is made of

extension Rules {
    /// Whether the field holds what somebody wrote or a default, not a stand-in.
    func knows(_ path: @autoclosure () -> FieldPath) -> Bool {
        guard !unread.isEmpty else { return true }
        var path = path()
        while let parent = path.parent {
            if unread.contains(path.description) { return false }
            path = parent
        }
        return true
    }

    mutating func report(_ path: FieldPath, _ reason: Problem.Reason) {
        guard knows(path), problems.count < Limits.problems else { return }
        problems.append(Problem(path: path.description, reason: reason))
    }

    mutating func reportNotFound(_ kind: String, _ name: String, in list: FieldPath, at path: FieldPath) {
        guard knows(list), !incompleteLists.contains(list.description) else { return }
        report(path, .notFound(kind: kind, name: name))
    }

    mutating func check(_ value: Int, in allowed: ClosedRange<Int>, at path: @autoclosure () -> FieldPath) {
        guard !allowed.contains(value) else { return }
        report(path(), .outOfRange(value: value, allowed: allowed))
    }

    mutating func checkCount(of list: some Collection, limit: Int, _ things: String, at path: FieldPath) {
        guard list.count > limit else { return }
        report(path, .tooMany(count: list.count, limit: limit, of: things))
    }

    mutating func checkName(_ name: String, at path: @autoclosure () -> FieldPath) {
        guard !ResourceName.isValid(name) else { return }
        report(path(), .malformed(found: quoted(name), expected: ResourceName.rule))
    }

    mutating func checkDescription(_ text: String, at owner: FieldPath) {
        let length = text.unicodeScalars.count
        guard length > Limits.descriptionLength else { return }
        let rule = "at most \(Limits.descriptionLength) characters"
        report(owner.field("description"), .malformed(found: "a text of \(length) characters", expected: rule))
    }

    /// Checks the name of a resource, which must also be the only one of its list.
    mutating func checkName(
        _ name: String, field: String = "name", of owner: FieldPath, in names: inout [String: FieldPath]
    ) {
        checkName(name, at: owner.field(field))
        guard !name.isEmpty else { return }
        claim(name, "the \(field) \(quoted(name))", at: owner.field(field), owner: owner, in: &names)
    }

    /// Reports a second owner of what only one may have.
    ///
    /// - Returns: Whether this is the first.
    @discardableResult
    mutating func claim<Key: Hashable>(
        _ key: Key, _ what: @autoclosure () -> String, at path: @autoclosure () -> FieldPath, owner: FieldPath,
        in owners: inout [Key: FieldPath]
    ) -> Bool {
        guard knows(path()) else { return true }
        guard let first = owners[key] else {
            owners[key] = owner
            return true
        }
        report(path(), .duplicate(what: what(), first: first.description))
        return false
    }

    /// The index of the first element with each key, leaving out those whose key could not be read.
    private func positions<Element, Key: Hashable>(
        of list: [Element], at path: FieldPath, key field: String = "name", by key: (Element) -> Key
    ) -> [Key: Int] {
        var positions: [Key: Int] = [:]
        for (index, element) in list.enumerated() where knows(path.element(index).field(field)) {
            if positions[key(element)] == nil { positions[key(element)] = index }
        }
        return positions
    }

    /// The list in which nothing can be looked up for sure when there is a stand-in at `path`.
    private static func listNamed(by path: FieldPath) -> FieldPath {
        switch path.steps.last {
        case .field("name"), .field("id"): path.parent?.parent ?? path
        case .element: path.parent ?? path
        default: path
        }
    }
}

/// Text of a user as it may stand in a message: on one line and of bounded length.
package func quoted(_ text: String) -> String {
    let start = text.unicodeScalars.prefix(64)
    let isWhole = start.endIndex == text.unicodeScalars.endIndex
    return String(reflecting: String(String.UnicodeScalarView(start))) + (isWhole ? "" : "…")
}
