// What all operations share: a copy to change, and the way from paths in it to paths in the request.

/// One operation under way.
struct Edit {
    let old: Configuration
    var new: Configuration
    /// Found on the way, in the request's words.
    private(set) var problems: [Problem]
    /// Where stand-ins are.
    private let unread: Set<String>
    private var places: [Place] = []

    /// Where in the configuration stands what the request is about.
    private struct Place {
        let path: FieldPath
        let names: RequestNames
        /// Where in the body its fields are; empty for the body itself.
        let prefix: String
    }

    /// - Parameter findings: What is wrong with the request's form. Its fields hold stand-ins, of which nothing more
    ///   is told.
    init(_ configuration: Configuration, findings: [Problem]) {
        old = configuration
        new = configuration
        problems = findings
        unread = Set(findings.map(\.path))
    }

    mutating func isAbout(_ path: FieldPath, _ names: RequestNames, at prefix: String = "") {
        places.append(Place(path: path, names: names, prefix: prefix))
    }

    mutating func report(_ field: String, _ reason: Problem.Reason) {
        guard !isUnread(field), problems.count < Limits.problems else { return }
        problems.append(Problem(path: field, reason: reason))
    }

    /// Whether the field, or what holds it, could not be read.
    func isUnread(_ field: String) -> Bool {
        guard !unread.isEmpty else { return false }
        var path: FieldPath? = FieldPath(field)
        while let place = path, !place.steps.isEmpty {
            if unread.contains(place.description) { return true }
            path = place.parent
        }
        return false
    }

    /// The name that a resource with references to it gets: `wanted`, unless one of the others has it already.
    ///
    /// References follow a rename, and must not end up at somebody else.
    mutating func name<Element: Resource>(
        _ wanted: String?, of index: Int, in list: [Element], at field: String, listPath: FieldPath
    ) -> String {
        guard let wanted, let other = list.indices.first(where: { $0 != index && list[$0].name == wanted }) else {
            return wanted ?? list[index].name
        }
        let names = MergedPaths(of: Configuration(region: old.region), mergedInto: old)
        let owner = names.documentPath(of: listPath.element(other)).description
        report(field, .duplicate(what: "the name \(quoted(wanted))", first: owner))
        return list[index].name
    }

    /// The new configuration, if it and the request are all right.
    func checked(in surroundings: Surroundings) throws(OperationError) -> CheckedConfiguration {
        let checked: Result<CheckedConfiguration, Problems> = Result { () throws(Problems) in
            try CheckedConfiguration(new, replacing: old, in: surroundings)
        }
        switch checked {
        case .success(let configuration) where problems.isEmpty: return configuration
        case .success: throw .refused(Problems(problems))
        case .failure(let broken): throw .refused(Problems(problems + untold(broken.list)))
        }
    }

    private func untold(_ broken: [Problem]) -> [Problem] {
        let told = Set(problems.map(\.path))
        let names = MergedPaths(of: Configuration(region: new.region), mergedInto: new)
        return broken.map { inRequestWords(blamingRequest($0), names) }.filter {
            !told.contains($0.path) && !isUnread($0.path)
        }
    }

    /// Rules blame the second of two that are the same, which may be the one that was there before.
    private func blamingRequest(_ problem: Problem) -> Problem {
        guard case .duplicate(let what, let first) = problem.reason else { return problem }
        let path = FieldPath(problem.path)
        let owner = FieldPath(first)
        guard place(of: path) == nil, place(of: owner) != nil, let last = path.steps.last else { return problem }
        guard case .field(let field) = last, let parent = path.parent else {
            return Problem(path: first, reason: .duplicate(what: what, first: problem.path))
        }
        return Problem(
            path: owner.field(field).description, reason: .duplicate(what: what, first: parent.description))
    }

    private func inRequestWords(_ problem: Problem, _ names: MergedPaths) -> Problem {
        func text(_ path: String) -> String {
            let path = FieldPath(path)
            guard let place = place(of: path) else { return names.documentPath(of: path).description }
            let inside = place.names.requestPath(of: Array(path.steps.dropFirst(place.path.steps.count)))
            return [place.prefix, inside].filter { !$0.isEmpty }.joined(separator: ".")
        }
        guard case .duplicate(let what, let first) = problem.reason else {
            return Problem(path: text(problem.path), reason: problem.reason)
        }
        // The other one has a place in the request only when the request holds both.
        let isInRequest = !text(first).isEmpty && place(of: FieldPath(first)) != nil
        let owner = isInRequest ? text(first) : names.documentPath(of: FieldPath(first)).description
        return Problem(path: text(problem.path), reason: .duplicate(what: what, first: owner))
    }

    /// The innermost place that holds a path.
    private func place(of path: FieldPath) -> Place? {
        places.filter { path.steps.starts(with: $0.path.steps) }.max { $0.path.steps.count < $1.path.steps.count }
    }
}

/// How a kind of request calls the fields that documents call otherwise.
struct RequestNames {
    private let names: [String: String]

    private init(_ names: [String: String]) { self.names = names }

    func requestPath(of steps: [FieldPath.Step]) -> String {
        for length in stride(from: steps.count, to: 0, by: -1) {
            let start = steps.prefix(length).reduce(FieldPath.root) { $0.appending($1) }.description
            guard let name = names[start] else { continue }
            return steps.dropFirst(length).reduce(FieldPath(name)) { $0.appending($1) }.description
        }
        return steps.reduce(FieldPath.root) { $0.appending($1) }.description
    }

    static let loadBalancer = RequestNames([
        "name": "loadBalancerName", "vip": "privateIpAddress", "vpc": "subnetId", "subnet": "subnetId",
        "deletionProtection": "deleteProtection",
    ])
    static let listener = RequestNames(["name": "listenerName", "service": "backendId", "enabled": "status"])
    static let service = RequestNames([
        "name": "backendName", "group": "targetGroupIds[0]", "availabilityGroup": "agIds[0]",
        "healthCheck": "healthCheckSpec", "healthCheck.timeoutSeconds": "healthCheckSpec.checkTimeoutSeconds",
        "healthCheck.unhealthyThreshold": "healthCheckSpec.unhealthyThresholdCount",
        "healthCheck.healthyThreshold": "healthCheckSpec.healthyThresholdCount",
    ])
    static let group = RequestNames(["name": "targetGroupName"])
    static let target = RequestNames(["address": "ipAddress", "instance": "instanceId"])
    /// Of a target whose deadline is told in seconds.
    static let drainingTarget = RequestNames([
        "address": "ipAddress", "instance": "instanceId", "drainUntil": "drainSeconds",
    ])
    static let availabilityGroup = RequestNames(["vpc": "vpcId", "instances": "instanceIds"])
    static let instance = RequestNames([
        "id": "instanceId", "address": "privateIpAddress", "vpc": "vpcId", "state": "status",
    ])
}
