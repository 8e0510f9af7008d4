internal import AdminTypes
internal import Authentication
internal import ControlPlane
internal import HTTPTypes
internal import Hummingbird
internal import ServiceModel

/// A request that reached its endpoint: who asks for what.
struct Call: Sendable {
    let caller: Caller
    let headers: HTTPFields
    /// Decoded, in no order; names are unique.
    let parameters: [(name: String, value: String)]
    let body: [UInt8]

    private let path: Parameters
    private let region: String

    init(
        caller: Caller, headers: HTTPFields, target: RequestTarget?, path: Parameters, body: [UInt8], region: String
    ) {
        self.caller = caller
        self.headers = headers
        parameters = target?.parameters.map { ($0.name, $0.value) } ?? []
        self.path = path
        self.body = body
        self.region = region
    }

    /// A parameter in the path.
    func id(_ name: String) throws -> String { try path.require(name) }

    /// Refuses paths below another region than that of the daemon.
    func requireRegion() throws(ErrorAnswer) {
        guard let asked = path.get("regionId"), asked != region else { return }
        throw .notFound("there is no region \"\(asked)\"; this daemon serves \(region)")
    }

    /// A parameter in the query.
    subscript(name: String) -> String? { parameters.first { $0.name == name }?.value }

    func flag(_ name: String) throws(ErrorAnswer) -> Bool {
        guard let text = self[name] else { return false }
        guard let value = Bool(text) else { throw .invalid(name, "\(quoted(text)) is not true or false") }
        return value
    }

    func number(_ name: String, in allowed: ClosedRange<Int>, standard: Int) throws(ErrorAnswer) -> Int {
        guard let text = self[name] else { return standard }
        guard let value = Int(text), allowed.contains(value) else {
            throw .invalid(name, "must be a whole number from \(allowed.lowerBound) to \(allowed.upperBound)")
        }
        return value
    }

    /// Filters, order and page.
    func listQuery(standardPageSize: Int? = ListQuery.standardPageSize) throws(Problems) -> ListQuery {
        try ListQuery(parameters: parameters, standardPageSize: standardPageSize)
    }

    func json() throws(Problems) -> AdminTypes.RequestBody { try AdminTypes.RequestBody(parsing: body) }

    /// The versions that a change is for; `nil` is any.
    func versions() throws(ErrorAnswer) -> Set<UInt64>? {
        guard let header = headers[.ifMatch] else { return nil }
        return try EntityTag.versions(ifMatch: header)
    }
}

private func quoted(_ text: String) -> String { "\"\(text.prefix(64))\"" }
