import NetworkTypes
import ServiceModel
import Testing

@Suite("Lists")
struct ListTests {
    let stored = Configuration.stored

    /// 95 load balancers named `lb0` to `lb94`.
    private let many = Configuration(
        loadBalancers: (0..<95).map { LoadBalancer(name: "lb\($0)", vip: IPAddress(ipv4: 0xcb00_7100 + UInt32($0))) })

    private func problems(_ query: ListQuery) -> [String] {
        do throws(Problems) {
            _ = try stored.services(query)
            return []
        } catch {
            #expect(error.status == 400)
            return error.list.map { $0.description }
        }
    }

    @Test(
        "a page is part of the list; beyond the last stands the last",
        arguments: [
            (1, 20, 0..<20), (2, 20, 20..<40), (5, 20, 80..<95), (6, 20, 80..<95),
            (ListQuery.pageNumbers.upperBound, 100, 0..<95),
            (10, 10, 90..<95),
        ])
    func pages(number: Int, size: Int, expected: Range<Int>) throws {
        let page = try many.loadBalancers(ListQuery(pageNumber: number, pageSize: size))
        #expect(page.elements.map(\.name) == expected.map { "lb\($0)" })
        #expect(page.totalCount == 95)
    }

    @Test("an empty list has a page, and without a size there is one page with everything")
    func edges() throws {
        #expect(try Configuration().loadBalancers(ListQuery(pageNumber: 3)) == Page(elements: [], totalCount: 0))
        #expect(try many.loadBalancers(ListQuery(pageSize: nil)).elements.count == 95)
    }

    @Test(
        "filters of services",
        arguments: [
            (ListQuery.Filter("backendNames", ["web-http", "smtp"]), ["web-http", "smtp"]),
            (.init("backendNames", .anyOf, ["web-http"]), ["web-http"]),
            (.init("backendNames", .notEqual, ["web-http"]), ["web-https", "smtp"]),
            (.init("backendNames", .like, ["http"]), ["web-http", "web-https"]),
            (.init("backendIds", ["backend-smtp"]), ["smtp"]),
            (.init("loadBalancerId", ["lb-web"]), ["web-http", "web-https"]),
            (.init("loadBalancerType", ["dnlb"]), ["web-http", "web-https", "smtp"]),
            (.init("loadBalancerType", ["alb"]), []),
            (.init("agId", ["ag-pool-a"]), ["web-https"]),
            (.init("agId", .notEqual, ["ag-pool-a"]), ["web-http", "smtp"]),
            (.init("protocol", ["Tcp"]), ["web-http", "web-https", "smtp"]),
            (.init("port", .less, ["8080"]), ["smtp"]),
            (.init("port", .lessOrEqual, ["8080"]), ["web-http", "smtp"]),
            (.init("port", .greater, ["8080"]), ["web-https"]),
            (.init("port", .greaterOrEqual, ["8080"]), ["web-http", "web-https"]),
            (.init("port", ["25", "8443"]), ["web-https", "smtp"]),
        ])
    func filters(filter: ListQuery.Filter, expected: [String]) throws {
        let page = try stored.services(ListQuery(filters: [filter]))
        #expect(page.elements.map(\.service.name) == expected)
        #expect(page.totalCount == expected.count)
    }

    @Test("all filters must hold, and the last sort counts least")
    func several() throws {
        let both = ListQuery(filters: [.init("loadBalancerId", ["lb-web"]), .init("port", .greater, ["8080"])])
        #expect(try stored.services(both).elements.map(\.service.name) == ["web-https"])
        let sorted = ListQuery(sorts: [.init("loadBalancerName"), .init("port", isDescending: true)])
        #expect(try stored.services(sorted).elements.map(\.service.name) == ["smtp", "web-https", "web-http"])
        let same = ListQuery(sorts: [.init("protocol", isDescending: true)])
        #expect(try stored.services(same).elements.map(\.service.name) == ["web-http", "web-https", "smtp"])
    }

    @Test("what a list does not know is refused, all at once")
    func refused() {
        let query = ListQuery(
            filters: [
                .init("nonsense", ["1"]), .init("port", ["x"]), .init("backendNames", .less, ["a"]),
                .init("backendNames", []), .init("port", .less, ["1", "2"]),
            ], sorts: [.init("color")], pageNumber: 0, pageSize: 101)
        let found = problems(query)
        #expect(found.count == 8)
        #expect(
            found.filter { !$0.contains("no field here") } == [
                "pageNumber: 0 is outside 1...2147483647", "pageSize: 101 is outside 10...100",
                "filters.2.values.1: \"x\" is not a whole number",
                "filters.3.operator: lt is not for this field; eq, ne, in and like are",
                "filters.4.values: is missing", "filters.5.operator: lt is not for one value only",
            ])
        #expect(found[2].hasPrefix("filters.1.name: is no field here; allowed are agId, algorithm, backendId,"))
        #expect(found[7].hasPrefix("sorts.1.name: is no field here"))
    }

    @Test("every other list is filtered by its own fields")
    func others() throws {
        func query(_ name: String, _ values: String...) -> ListQuery { ListQuery(filters: [.init(name, values)]) }
        #expect(try stored.loadBalancers(query("privateIpAddresses", "203.0.113.20")).elements.map(\.name) == ["mail"])
        #expect(
            try stored.loadBalancers(query("targetPrivateIpAddress", "10.1.0.22")).elements.map(\.name) == ["web"])
        #expect(try stored.listeners(query("listenerIds", "listener-smtp")).elements.map(\.listener.name) == ["smtp"])
        #expect(try stored.listeners(query("status", "Off")).elements.isEmpty)
        #expect(
            try stored.listeners(query("backendId", "backend-smtp")).elements.map(\.serviceID?.rawValue)
                == ["backend-smtp"])
        #expect(try stored.groups(query("targetGroupNames", "servers")).totalCount == 2)
        #expect(try stored.groups(query("loadBalancerId", "lb-web")).elements.map(\.group.id?.rawValue) == ["tg-web"])
        let group = stored.loadBalancers[0].groups[0]
        #expect(try stored.targets(of: group, query("type", "ip")).totalCount == 2)
        #expect(
            try stored.targets(of: group, query("instanceId", "i-2")).elements.map(\.address) == ["10.1.0.22"])
        #expect(try stored.targets(of: group, query("port", "8081")).elements.map(\.target.weight) == [20])
        let pool = stored.availabilityGroups[0]
        #expect(try stored.members(of: pool, query("ipAddress", "10.1.0.21")).elements.map(\.instance.id) == ["i-1"])
        var aged = stored
        for index in aged.instances.indices { aged.instances[index].createdAt = Int64(index) }
        #expect(try aged.members(of: pool, ListQuery()).elements.map(\.instance.id) == ["i-2", "i-1"])
        #expect(
            try aged.members(of: pool, ListQuery(sorts: [.init("createdTime")])).elements.map(\.instance.id)
                == ["i-1", "i-2"])
        #expect(try stored.availabilityGroups(query("instanceId", "i-2")).totalCount == 1)
        #expect(try stored.instances(query("status", "stopped")).elements.map(\.id) == ["i-2"])
    }

    @Test("parameters are read as the public clients send them")
    func parameters() throws {
        let query = try ListQuery(parameters: [
            ("pageNumber", "2"), ("pageSize", "50"), ("filters.2.values.2", "b"), ("filters.2.values.1", "a"),
            ("filters.2.name", "backendNames"), ("filters.2.operator", "like"), ("filters.1.name", "loadBalancerType"),
            ("filters.1.values.1", "dnlb"), ("sorts.1.name", "port"), ("sorts.1.direction", "desc"), ("else", "x"),
        ])
        #expect(
            query
                == ListQuery(
                    filters: [.init("loadBalancerType", ["dnlb"]), .init("backendNames", .like, ["a", "b"])],
                    sorts: [.init("port", isDescending: true)], pageNumber: 2, pageSize: 50))
        #expect(try ListQuery(parameters: []) == ListQuery())
        #expect(try ListQuery(parameters: [], standardPageSize: nil).pageSize == nil)
    }

    @Test("tags, which clients send beside the filters, leave nothing of a list without any")
    func tags() throws {
        let query = try ListQuery(parameters: [("tags.1.key", "team"), ("tags.1.values.1", "web")])
        #expect(try stored.loadBalancers(query).totalCount == 0)
    }

    @Test(
        "parameters that say nothing are refused",
        arguments: [
            ("pageNumber", "x"), ("pageSize", "99999999999999999999"), ("filters", "x"), ("filters.0.name", "x"),
            ("filters.x.name", "x"), ("filters.1.color", "x"), ("filters.1.values.0", "x"), ("filters.1.values", "x"),
            ("filters.1.operator", "eq"), ("sorts.1.direction", "desc"), ("sorts.1", "x"), ("sorts.1.name.x", "x"),
        ])
    func badParameters(name: String, value: String) {
        #expect(throws: Problems.self) { try ListQuery(parameters: [(name, value)]) }
    }

    @Test("an unknown operator or direction is refused")
    func badWords() {
        #expect(throws: Problems.self) {
            try ListQuery(parameters: [("filters.1.name", "a"), ("filters.1.operator", "=")])
        }
        #expect(throws: Problems.self) {
            try ListQuery(parameters: [("sorts.1.name", "a"), ("sorts.1.direction", "up")])
        }
    }
}
