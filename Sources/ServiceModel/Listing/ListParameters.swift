// The parameters of a query as the public clients send them: `filters.1.name=backendNames&filters.1.values.1=web`.

extension ListQuery {
    /// Reads decoded parameters. What belongs to no list is left to others.
    ///
    /// - Parameter standardPageSize: What holds when none is asked for; `nil` is everything.
    /// - Throws: What cannot be read, all of it.
    public init(
        parameters: [(name: String, value: String)], standardPageSize: Int? = Self.standardPageSize
    ) throws(Problems) {
        self.init(pageSize: standardPageSize)
        var problems: [Problem] = []
        var filterParts: [Int: FilterParts] = [:]
        var sortParts: [Int: SortParts] = [:]
        var tags: [String] = []
        for (name, value) in parameters {
            let steps = name.split(separator: ".", omittingEmptySubsequences: false)
            let number = steps.count > 1 ? Int(steps[1]).flatMap { (1...9999).contains($0) ? $0 : nil } : nil
            switch (steps.first, number) {
            case ("pageNumber", _) where steps.count == 1: pageNumber = Self.number(value, name, &problems) ?? 1
            case ("pageSize", _) where steps.count == 1: pageSize = Self.number(value, name, &problems) ?? pageSize
            case ("filters", let number?):
                let isKnown = filterParts[number, default: FilterParts()].take(steps.dropFirst(2), value)
                if !isKnown { problems.append(Self.unknown(name, FilterParts.names)) }
            case ("sorts", let number?):
                let isKnown = sortParts[number, default: SortParts()].take(steps.dropFirst(2), value)
                if !isKnown { problems.append(Self.unknown(name, SortParts.names)) }
            case ("tags", _?): tags.append(value)
            case ("filters", nil): problems.append(Self.unknown(name, FilterParts.names))
            case ("sorts", nil): problems.append(Self.unknown(name, SortParts.names))
            default: break
            }
        }
        filters = filterParts.sorted { $0.key < $1.key }.compactMap { $1.filter(at: "filters.\($0)", &problems) }
        // A filter like any other, though clients send it beside them.
        if !tags.isEmpty { filters.append(Filter("tags", tags)) }
        sorts = sortParts.sorted { $0.key < $1.key }.compactMap { $1.sort(at: "sorts.\($0)", &problems) }
        guard problems.isEmpty else { throw Problems(problems) }
    }

    private static func number(_ text: String, _ name: String, _ problems: inout [Problem]) -> Int? {
        if let number = Int(text) { return number }
        let reason = Problem.Reason.malformed(found: quoted(text), expected: "a whole number of moderate size")
        problems.append(Problem(path: name, reason: reason))
        return nil
    }

    private static func unknown(_ name: String, _ allowed: [String]) -> Problem {
        Problem(path: String(name.prefix(64)), reason: .unknownField(allowed: allowed))
    }
}

/// What has been read of a filter.
private struct FilterParts {
    static let names = ["filters.N.name", "filters.N.operator", "filters.N.values.M"]

    var name: String?
    var operation: String?
    var values: [Int: String] = [:]

    mutating func take(_ steps: ArraySlice<Substring>, _ value: String) -> Bool {
        switch (steps.first, steps.count) {
        case ("name", 1): name = value
        case ("operator", 1): operation = value
        case ("values", 2):
            guard let number = Int(steps.last!), number >= 1 else { return false }
            values[number] = value
        default: return false
        }
        return true
    }

    func filter(at path: String, _ problems: inout [Problem]) -> ListQuery.Filter? {
        guard let name else {
            problems.append(Problem(path: path + ".name", reason: .missing))
            return nil
        }
        guard let operation = ListQuery.Operator(rawValue: operation ?? ListQuery.Operator.equal.rawValue) else {
            let rule = "one of " + ListQuery.Operator.allCases.map(\.rawValue).joined(separator: ", ")
            let reason = Problem.Reason.malformed(found: quoted(operation ?? ""), expected: rule)
            problems.append(Problem(path: path + ".operator", reason: reason))
            return nil
        }
        return ListQuery.Filter(name, operation, values.sorted { $0.key < $1.key }.map(\.value))
    }
}

/// What has been read of a sort.
private struct SortParts {
    static let names = ["sorts.N.name", "sorts.N.direction"]

    var name: String?
    var direction: String?

    mutating func take(_ steps: ArraySlice<Substring>, _ value: String) -> Bool {
        switch (steps.first, steps.count) {
        case ("name", 1): name = value
        case ("direction", 1): direction = value
        default: return false
        }
        return true
    }

    func sort(at path: String, _ problems: inout [Problem]) -> ListQuery.Sort? {
        guard let name else {
            problems.append(Problem(path: path + ".name", reason: .missing))
            return nil
        }
        switch direction {
        case nil, "asc": return ListQuery.Sort(name)
        case "desc": return ListQuery.Sort(name, isDescending: true)
        case let other?:
            let reason = Problem.Reason.malformed(found: quoted(other), expected: "asc or desc")
            problems.append(Problem(path: path + ".direction", reason: reason))
            return nil
        }
    }
}
