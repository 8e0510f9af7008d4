internal import AdminTypes
internal import CommandText
internal import Foundation
internal import ServiceModel

/// A resource that was found by what a person calls it.
struct Found<Answer: ResourceAnswer> {
    let answer: Answer
    /// Of its load balancer, if it belongs to one.
    let ownerName: String?

    /// Its name, behind that of its load balancer if it has one.
    var label: String { (ownerName.map { $0 + "/" } ?? "") + answer.name }
    var uri: String { APIClient.uri(of: Answer.self, answer.id) }
    var description: String { "\(Answer.kind.noun) \(label)" }
}

extension APIClient {
    /// Where resources live: the region that SHOAL_REGION names, else the one that daemons serve by default.
    static let region =
        "/v1/regions/\(escaped(ProcessInfo.processInfo.environment["SHOAL_REGION"] ?? Configuration.defaultRegion))"

    static func uri<Answer: ResourceAnswer>(of: Answer.Type, _ id: String) -> String {
        "\(region)/\(Answer.kind.collection)/\(escaped(id))"
    }

    /// As it may stand in a path or a query (RFC 3986, section 2.3).
    static func escaped(_ text: String) -> String {
        var unreserved = CharacterSet.alphanumerics
        unreserved.insert(charactersIn: "-._~")
        return text.addingPercentEncoding(withAllowedCharacters: unreserved) ?? ""
    }
}

// MARK: - Reading

extension APIClient {
    /// All resources of a kind.
    ///
    /// - Parameter filters: Values that fields must have.
    func list<Answer: ResourceAnswer>(
        _: Answer.Type = Answer.self, where filters: [String: String] = [:]
    ) async throws -> [Answer] {
        try await list("\(Self.region)/\(Answer.kind.collection)/", key: Answer.kind.collection, where: filters)
    }

    /// All of a list, page by page.
    func list<Element: Decodable>(
        _ uri: String, key: String, where filters: [String: String] = [:]
    ) async throws -> [Element] {
        let pageSize = ListQuery.pageSizes.upperBound
        let conditions = filters.enumerated().map { index, filter in
            "&filters.\(index + 1).name=\(filter.key)&filters.\(index + 1).values.1=\(Self.escaped(filter.value))"
        }.joined()
        var elements: [Element] = []
        var pageNumber = 1
        while true {
            let page = try await get(
                "\(uri)?pageNumber=\(pageNumber)&pageSize=\(pageSize)\(conditions)", as: Members.self)
            elements += try page.member(key, as: [Element].self)
            guard pageNumber * pageSize < (try page.member("totalCount", as: Int.self)) else { return elements }
            pageNumber += 1
        }
    }

    /// The resource that is meant by its id, its name, or `LOAD-BALANCER/NAME`.
    ///
    /// - Parameter standardOwner: Id of the load balancer to look below when none is said; `nil` is all of them.
    func find<Answer: ResourceAnswer>(
        _ text: String, as _: Answer.Type = Answer.self, below standardOwner: String? = nil
    ) async throws -> Found<Answer> {
        do {
            let reference = try ResourceReference(text)
            guard !Answer.kind.isBelowLoadBalancer else { return try await find(reference, below: standardOwner) }
            guard reference.owner == nil else { throw ReferenceError.notFound(noun: Answer.kind.noun, text: text) }
            let candidates: [Answer] = try await candidates(reference.name)
            let answer = try reference.choose(from: candidates, Names())
            return Found(answer: answer, ownerName: nil)
        } catch let error as ReferenceError {
            throw Failure(error)
        }
    }

    private func find<Answer: ResourceAnswer>(
        _ reference: ResourceReference, below standardOwner: String?
    ) async throws -> Found<Answer> {
        let loadBalancers = try await list(LoadBalancerAnswer.self)
        var names = Names()
        names.add(loadBalancers)
        let reference = reference.below(standardOwner.map { names[$0] })
        let owner = try reference.owner(among: loadBalancers)
        let candidates: [Answer] = try await candidates(reference.name)
        let answer = try reference.choose(from: candidates.filter { owner == nil || $0.ownerID == owner?.id }, names)
        return Found(answer: answer, ownerName: answer.ownerID.map { names[$0] })
    }

    /// What bears a name or an id.
    private func candidates<Answer: ResourceAnswer>(_ name: String) async throws -> [Answer] {
        let byName: [Answer] = try await list(where: [Answer.kind.nameFilter: name])
        guard Answer.kind.idFilter != Answer.kind.nameFilter else { return byName }
        return try await byName + list(where: [Answer.kind.idFilter: name])
    }

    /// Load balancer and name of what is to be made, from `LOAD-BALANCER/NAME`.
    func place(_ text: String) async throws -> (owner: Found<LoadBalancerAnswer>, name: String) {
        let reference: ResourceReference
        do { reference = try ResourceReference(text) } catch { throw Failure(error) }
        guard let owner = reference.owner else {
            throw Failure(.usage, "say where \(text) belongs: LOAD-BALANCER/\(text)")
        }
        return (try await find(owner), reference.name)
    }

    /// The names that a table of these resources shows.
    func names<Answer: ResourceAnswer>(for answers: [Answer]) async throws -> Names {
        var names = Names()
        guard !answers.isEmpty else { return names }
        let owners = Set(answers.compactMap(\.ownerID))
        for relative in Answer.relatives { try await add(relative, of: owners, to: &names) }
        return names
    }

    private func add<Relative: ResourceAnswer>(
        _: Relative.Type, of owners: Set<String>, to names: inout Names
    ) async throws {
        let isOfOne = Relative.kind.isBelowLoadBalancer && owners.count == 1
        names.add(try await list(Relative.self, where: isOfOne ? ["loadBalancerId": owners.first!] : [:]))
    }

    /// Reads a resource anew, with its version.
    func read<Answer: ResourceAnswer>(_ found: Found<Answer>) async throws -> Reply<Answer> {
        let reply = try await read(found.uri, as: Members.self)
        return Reply(result: try reply.result.member(Answer.kind.singular, as: Answer.self), version: reply.version)
    }
}

// MARK: - Changing

extension APIClient {
    /// - Returns: The id of the new one.
    func create<Answer: ResourceAnswer>(_: Answer.Type, _ body: some Encodable) async throws -> String {
        let uri = "\(Self.region)/\(Answer.kind.collection)/"
        return try await post(uri, body, as: Members.self).member(Answer.kind.idKey, as: String.self)
    }

    /// - Parameter body: What is to change. Nothing at all is a mistake of usage.
    func update<Answer: ResourceAnswer>(
        _ found: Found<Answer>, _ body: some Encodable, ifVersion version: UInt64?
    ) async throws {
        guard try JSONEncoder().encode(body) != Data("{}".utf8) else {
            throw Failure(.usage, "nothing to change; say at least one option, --help lists them")
        }
        try await patch(found.uri, body, ifVersion: version)
    }
}

/// An object of which it is known only now which members it has.
private struct Members: Decodable {
    private let container: KeyedDecodingContainer<Key>

    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws { container = try decoder.container(keyedBy: Key.self) }

    func member<Value: Decodable>(_ name: String, as type: Value.Type) throws -> Value {
        do {
            return try container.decode(type, forKey: Key(stringValue: name))
        } catch {
            throw Failure(.failed, "the daemon's answer is not understood; is it of another version? (\(error))")
        }
    }
}

extension Failure {
    init(_ error: ReferenceError) {
        let code: Code =
            switch error {
            case .notFound: .notFound
            case .malformed, .ambiguous: .usage
            }
        self.init(code, "\(error)")
    }
}
