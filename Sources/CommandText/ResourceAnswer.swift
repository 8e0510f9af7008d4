/// How the API finds one kind of resource.
package struct ResourceKind: Sendable, Hashable {
    /// What people call it, as in `Change.Kind`.
    package let noun: String
    /// Last step of its list's path, and the list's key in an answer.
    package let collection: String
    /// Key of a single one in an answer.
    package let singular: String
    /// Key of the id of a new one in an answer.
    package let idKey: String
    package let idFilter: String
    package let nameFilter: String
    /// Whether it belongs to a load balancer, and so may be named behind it.
    package let isBelowLoadBalancer: Bool

    init(
        _ noun: String, collection: String, singular: String, idKey: String, idFilter: String, nameFilter: String,
        isBelowLoadBalancer: Bool
    ) {
        self.noun = noun
        self.collection = collection
        self.singular = singular
        self.idKey = idKey
        self.idFilter = idFilter
        self.nameFilter = nameFilter
        self.isBelowLoadBalancer = isBelowLoadBalancer
    }
}

/// A resource as the API answers it, and as people name and see it.
package protocol ResourceAnswer: Tabulated, Codable {
    static var kind: ResourceKind { get }
    /// The other kinds that its table names.
    static var relatives: [any ResourceAnswer.Type] { get }
    var id: String { get }
    var name: String { get }
    /// Id of its load balancer, if it belongs to one.
    var ownerID: String? { get }
}

extension ResourceAnswer {
    package var ownerID: String? { nil }
    package static var relatives: [any ResourceAnswer.Type] { [] }
}

/// The names of resources by their ids, for what refers to them.
package struct Names: Sendable {
    private var byID: [String: String] = [:]

    package init() {}

    package mutating func add(_ answers: [some ResourceAnswer]) {
        for answer in answers { byID[answer.id] = answer.name }
    }

    /// The id itself where no name is known.
    package subscript(id: String) -> String { byID[id] ?? id }

    /// What a resource is called on the command line: its name, behind that of its load balancer if it has one.
    package func label(of answer: some ResourceAnswer) -> String {
        (answer.ownerID.map { self[$0] + "/" } ?? "") + answer.name
    }
}
