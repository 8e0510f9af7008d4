// Which part of a list somebody asks for, in the words of the public API.

/// Filters, order and page of a list.
public struct ListQuery: Sendable, Hashable {
    public enum Operator: String, Sendable, Hashable, CaseIterable {
        /// The same as one of the values, as `anyOf`.
        case equal = "eq"
        /// None of the values.
        case notEqual = "ne"
        case anyOf = "in"
        /// Contains one of the values.
        case like
        case less = "lt"
        case lessOrEqual = "le"
        case greater = "gt"
        case greaterOrEqual = "ge"
    }

    public struct Filter: Sendable, Hashable {
        public var name: String
        public var operation: Operator
        public var values: [String]

        public init(_ name: String, _ operation: Operator, _ values: [String]) {
            self.name = name
            self.operation = operation
            self.values = values
        }

        public init(_ name: String, _ values: [String]) { self.init(name, .equal, values) }
    }

    public struct Sort: Sendable, Hashable {
        public var name: String
        public var isDescending: Bool

        public init(_ name: String, isDescending: Bool = false) {
            self.name = name
            self.isDescending = isDescending
        }
    }

    public static let pageNumbers = 1...Int(Int32.max)
    public static let pageSizes = 10...100
    public static let standardPageSize = 20

    /// All of them must hold.
    public var filters: [Filter]
    /// The first counts most; what is equal stays in the order of the resources.
    public var sorts: [Sort]
    /// From 1; a number beyond the last page stands for that.
    public var pageNumber: Int
    /// `nil` is one page with everything.
    public var pageSize: Int?

    public init(
        filters: [Filter] = [], sorts: [Sort] = [], pageNumber: Int = 1, pageSize: Int? = standardPageSize
    ) {
        self.filters = filters
        self.sorts = sorts
        self.pageNumber = pageNumber
        self.pageSize = pageSize
    }
}

/// One page of a list.
public struct Page<Element> {
    public let elements: [Element]
    /// On all pages.
    public let totalCount: Int

    public init(elements: [Element], totalCount: Int) {
        self.elements = elements
        self.totalCount = totalCount
    }
}

extension Page: Sendable where Element: Sendable {}
extension Page: Equatable where Element: Equatable {}

/// What a list can be filtered and sorted by.
struct ListField<Element> {
    enum Value {
        case text(String)
        case number(Int)
    }

    /// Several for a field that is a list; none matches no filter but `ne`.
    let values: (Element) -> [Value]
    let isNumber: Bool

    static func text(_ value: @escaping (Element) -> String?) -> ListField {
        ListField(values: { value($0).map { [.text($0)] } ?? [] }, isNumber: false)
    }

    static func texts(_ values: @escaping (Element) -> [String]) -> ListField {
        ListField(values: { values($0).map { .text($0) } }, isNumber: false)
    }

    static func number(_ value: @escaping (Element) -> Int) -> ListField {
        ListField(values: { [.number(value($0))] }, isNumber: true)
    }
}

extension ListQuery {
    /// The part that this asks for of a list without filters and order.
    ///
    /// - Throws: Everything that is wrong with the query.
    public func page<Element>(of list: [Element]) throws(Problems) -> Page<Element> { try page(of: list, by: [:]) }

    /// The part of a list that this asks for.
    ///
    /// - Throws: Everything that is wrong with the query, with the parameters' names, as in `filters.1.name`.
    func page<Element>(of list: [Element], by fields: [String: ListField<Element>]) throws(Problems) -> Page<Element> {
        let problems = problems(fields.mapValues(\.isNumber))
        guard problems.isEmpty else { throw Problems(problems) }
        let tests = filters.map { filter in (fields[filter.name]!.values, filter) }
        let found = list.filter { element in tests.allSatisfy { values, filter in filter.matches(values(element)) } }
        let sorted = sorts.reversed().reduce(found) { list, sort in list.sorted(by: sort, fields[sort.name]!.values) }
        return Page(elements: part(of: sorted), totalCount: found.count)
    }

    private func part<Element>(of list: [Element]) -> [Element] {
        guard let pageSize, !list.isEmpty else { return list }
        let last = (list.count - 1) / pageSize
        let start = min(pageNumber - 1, last) * pageSize
        return Array(list[start..<min(start + pageSize, list.count)])
    }

    private func problems(_ areNumbers: [String: Bool]) -> [Problem] {
        let allowed = areNumbers.keys.sorted()
        let ofFilters = filters.enumerated().flatMap { index, filter -> [Problem] in
            guard let isNumber = areNumbers[filter.name] else {
                return [Problem(path: "filters.\(index + 1).name", reason: .unknownField(allowed: allowed))]
            }
            return filter.problems(isNumber: isNumber, at: "filters.\(index + 1)")
        }
        let ofSorts = sorts.enumerated().compactMap { index, sort in
            areNumbers[sort.name] == nil
                ? Problem(path: "sorts.\(index + 1).name", reason: .unknownField(allowed: allowed)) : nil
        }
        var ofPage: [Problem] = []
        if !Self.pageNumbers.contains(pageNumber) {
            let reason = Problem.Reason.outOfRange(value: pageNumber, allowed: Self.pageNumbers)
            ofPage.append(Problem(path: "pageNumber", reason: reason))
        }
        if let pageSize, !Self.pageSizes.contains(pageSize) {
            ofPage.append(Problem(path: "pageSize", reason: .outOfRange(value: pageSize, allowed: Self.pageSizes)))
        }
        return ofPage + ofFilters + ofSorts
    }
}

extension ListQuery.Filter {
    fileprivate func problems(isNumber: Bool, at path: String) -> [Problem] {
        guard !values.isEmpty else { return [Problem(path: "\(path).values", reason: .missing)] }
        if operation.isOrder, !isNumber || values.count > 1 {
            let rule = isNumber ? "for one value only" : "for this field; eq, ne, in and like are"
            return [Problem(path: "\(path).operator", reason: .malformed(found: operation.rawValue, expected: rule))]
        }
        guard isNumber, operation != .like else { return [] }
        return values.enumerated().compactMap { index, value in
            Int(value) == nil
                ? Problem(
                    path: "\(path).values.\(index + 1)",
                    reason: .malformed(found: quoted(value), expected: "a whole number")) : nil
        }
    }

    fileprivate func matches<Element>(_ own: [ListField<Element>.Value]) -> Bool {
        switch operation {
        case .equal, .anyOf: own.contains { value in values.contains { value.isEqual(to: $0) } }
        case .notEqual: !own.contains { value in values.contains { value.isEqual(to: $0) } }
        case .like: own.contains { value in values.contains { value.text.contains($0) } }
        case .less: own.contains { $0.number < Int(values[0])! }
        case .lessOrEqual: own.contains { $0.number <= Int(values[0])! }
        case .greater: own.contains { $0.number > Int(values[0])! }
        case .greaterOrEqual: own.contains { $0.number >= Int(values[0])! }
        }
    }
}

extension ListQuery.Operator {
    fileprivate var isOrder: Bool {
        switch self {
        case .less, .lessOrEqual, .greater, .greaterOrEqual: true
        case .equal, .notEqual, .anyOf, .like: false
        }
    }
}

extension ListField.Value {
    fileprivate func isEqual(to text: String) -> Bool {
        switch self {
        case .text(let own): own == text
        case .number(let own): own == Int(text)
        }
    }

    fileprivate var text: String {
        switch self {
        case .text(let text): text
        case .number(let number): "\(number)"
        }
    }

    fileprivate var number: Int {
        switch self {
        case .text: preconditionFailure("operators of order are for numbers only")
        case .number(let number): number
        }
    }

    fileprivate static func isOrdered(_ left: Self, _ right: Self) -> Bool {
        switch (left, right) {
        case (.number(let left), .number(let right)): left < right
        default: left.text < right.text
        }
    }
}

extension Array {
    /// Stable; by the first value of the field, those without one first.
    fileprivate func sorted(
        by sort: ListQuery.Sort, _ values: (Element) -> [ListField<Element>.Value]
    ) -> [Element] {
        func isLess(_ left: ListField<Element>.Value?, _ right: ListField<Element>.Value?) -> Bool {
            switch (left, right) {
            case (_, nil): false
            case (nil, _?): true
            case (let left?, let right?): ListField<Element>.Value.isOrdered(left, right)
            }
        }
        let keyed = map { (element: $0, key: values($0).first) }
        return keyed.enumerated().sorted { left, right in
            let (first, second) = sort.isDescending ? (right.element, left.element) : (left.element, right.element)
            if isLess(first.key, second.key) { return true }
            if isLess(second.key, first.key) { return false }
            return left.offset < right.offset
        }.map(\.element.element)
    }
}
