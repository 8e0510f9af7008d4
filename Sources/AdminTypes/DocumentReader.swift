// From nodes to a configuration. Everything that is wrong with a field's form is found here and nowhere else.

import NetworkTypes
import ServiceModel
import Yams

/// Reads the nodes of a document, going on after whatever is wrong.
struct DocumentReader {
    private(set) var findings: [Finding] = []
    private(set) var unread: Set<String> = []
    private(set) var statesRegion = false
    private let repeatedKeys: [String: DocumentText.RepeatedKey]

    init(repeatedKeys: [String: DocumentText.RepeatedKey]) { self.repeatedKeys = repeatedKeys }

    mutating func configuration(from root: Node) -> Configuration {
        guard let fields = fields(of: root, at: .root, DocumentFields.document) else {
            for name in DocumentFields.document { unread.insert(name) }
            return Configuration()
        }
        checkVersion(in: fields)
        statesRegion = fields["region"] != nil
        return Configuration(
            region: text("region", in: fields, default: Configuration.defaultRegion),
            loadBalancers: list("loadBalancers", in: fields) { $0.loadBalancer($1, at: $2) },
            availabilityGroups: list("availabilityGroups", in: fields) { $0.availabilityGroup($1, at: $2) },
            instances: list("instances", in: fields) { $0.instance($1, at: $2) })
    }

    private mutating func checkVersion(in fields: Fields) {
        let version = ConfigurationDocument.apiVersion
        _ = choice("apiVersion", in: fields, of: [(version, version)], default: nil, standIn: version)
    }
}

// MARK: - Resources

extension DocumentReader {
    private mutating func loadBalancer(_ node: Node, at path: FieldPath) -> LoadBalancer {
        guard let fields = fields(of: node, at: path, DocumentFields.loadBalancer) else {
            return LoadBalancer(name: "", vip: .standIn)
        }
        return LoadBalancer(
            name: text("name", in: fields), description: text("description", in: fields, default: ""),
            vip: address("vip", in: fields), vpc: text("vpc", in: fields, default: LoadBalancer.defaultVPC),
            subnet: text("subnet", in: fields, default: LoadBalancer.defaultSubnet),
            isDeletionProtected: boolean("deletionProtection", in: fields, default: false),
            listeners: list("listeners", in: fields) { $0.listener($1, at: $2) },
            services: list("services", in: fields) { $0.service($1, at: $2) },
            groups: list("groups", in: fields) { $0.group($1, at: $2) })
    }

    private mutating func listener(_ node: Node, at path: FieldPath) -> Listener {
        guard let fields = fields(of: node, at: path, DocumentFields.listener) else {
            return Listener(name: "", port: 1, service: "")
        }
        return Listener(
            name: text("name", in: fields), description: text("description", in: fields, default: ""),
            isEnabled: boolean("enabled", in: fields, default: true), transport: transport("protocol", in: fields),
            port: integer("port", in: fields, Limits.port), service: text("service", in: fields))
    }

    private mutating func service(_ node: Node, at path: FieldPath) -> BackendService {
        let standard = BackendService(name: "", port: 1)
        guard let fields = fields(of: node, at: path, DocumentFields.service) else { return standard }
        return BackendService(
            name: text("name", in: fields), description: text("description", in: fields, default: ""),
            transport: transport("protocol", in: fields), port: integer("port", in: fields, Limits.port),
            algorithm: choice("algorithm", in: fields, default: standard.algorithm),
            forwardingMode: choice("forwardingMode", in: fields, default: standard.forwardingMode),
            drainSeconds: integer("drainSeconds", in: fields, Limits.drainSeconds, default: standard.drainSeconds),
            slowStartSeconds: integer(
                "slowStartSeconds", in: fields, Limits.slowStartSeconds, default: standard.slowStartSeconds),
            allUnhealthyPolicy: choice("allUnhealthyPolicy", in: fields, default: standard.allUnhealthyPolicy),
            healthCheck: healthCheck(in: fields), servers: servers(in: fields))
    }

    private mutating func healthCheck(in service: Fields) -> HealthCheck {
        let standard = HealthCheck()
        guard let node = service["healthCheck"],
            let fields = fields(of: node, at: service.path.field("healthCheck"), DocumentFields.healthCheck)
        else { return standard }
        return HealthCheck(
            isEnabled: boolean("enabled", in: fields, default: standard.isEnabled),
            method: choice("protocol", in: fields, default: standard.method),
            port: integer("port", in: fields, Limits.portOrNone, default: standard.port),
            timeoutSeconds: integer(
                "timeoutSeconds", in: fields, Limits.timeoutSeconds, default: standard.timeoutSeconds),
            intervalSeconds: integer(
                "intervalSeconds", in: fields, Limits.intervalSeconds, default: standard.intervalSeconds),
            unhealthyThreshold: integer(
                "unhealthyThreshold", in: fields, Limits.threshold, default: standard.unhealthyThreshold),
            healthyThreshold: integer(
                "healthyThreshold", in: fields, Limits.threshold, default: standard.healthyThreshold))
    }

    private mutating func servers(in service: Fields) -> BackendService.Servers? {
        if let node = service["availabilityGroup"], service["group"] != nil {
            let sentence = "the service has a group already; it can have a group or an availability group, not both"
            report(.conflict(sentence), at: service.path.field("availabilityGroup"), node)
        } else if service["availabilityGroup"] != nil {
            return .availabilityGroup(text("availabilityGroup", in: service))
        }
        return service["group"] == nil ? nil : .group(text("group", in: service))
    }

    private mutating func group(_ node: Node, at path: FieldPath) -> ServerGroup {
        guard let fields = fields(of: node, at: path, DocumentFields.group) else { return ServerGroup(name: "") }
        return ServerGroup(
            name: text("name", in: fields), description: text("description", in: fields, default: ""),
            kind: choice("type", in: fields, default: .instance),
            targets: list("targets", in: fields) { $0.target($1, at: $2) })
    }

    private mutating func target(_ node: Node, at path: FieldPath) -> Target {
        guard let fields = fields(of: node, at: path, DocumentFields.target) else {
            return Target(server: .address(.standIn))
        }
        let server = server(in: fields)
        return Target(
            server: server, isContainer: isContainer(server, in: fields),
            port: integer("port", in: fields, Limits.portOrNone, default: 0),
            weight: integer("weight", in: fields, Limits.weight, default: Target.defaultWeight),
            adminState: choice("adminState", in: fields, default: .enabled), drainUntil: time("drainUntil", in: fields))
    }

    private mutating func isContainer(_ server: Target.Server, in target: Fields) -> Bool {
        let implied = Target(server: server).kind
        let kind: Target.Kind = choice("type", in: target, default: implied)
        if (kind == .ip) != (implied == .ip), let node = target["type"] {
            let sentence = "type ip goes with an address, types vm and container go with an instance"
            report(.conflict(sentence), at: target.path.field("type"), node)
        }
        return kind == .container
    }

    private mutating func server(in target: Fields) -> Target.Server {
        switch (target["address"], target["instance"]) {
        case (nil, nil):
            report(.conflict("a target needs an address or an instance"), at: target.path, target.node)
            if !isFull { unread.insert(target.path.field("address").description) }
            return .address(.standIn)
        case (nil, _?):
            return .instance(text("instance", in: target))
        case (_?, let instance):
            if let instance {
                let sentence = "the target has an address already; it can have an address or an instance, not both"
                report(.conflict(sentence), at: target.path.field("instance"), instance)
            }
            return .address(address("address", in: target))
        }
    }

    private mutating func availabilityGroup(_ node: Node, at path: FieldPath) -> AvailabilityGroup {
        guard let fields = fields(of: node, at: path, DocumentFields.availabilityGroup) else {
            return AvailabilityGroup(name: "")
        }
        return AvailabilityGroup(
            name: text("name", in: fields), description: text("description", in: fields, default: ""),
            vpc: text("vpc", in: fields, default: LoadBalancer.defaultVPC),
            instances: list("instances", in: fields) { $0.text(of: $1, at: $2) })
    }

    private mutating func instance(_ node: Node, at path: FieldPath) -> Instance {
        guard let fields = fields(of: node, at: path, DocumentFields.instance) else {
            return Instance(id: "", address: .standIn)
        }
        return Instance(
            id: text("id", in: fields), description: text("description", in: fields, default: ""),
            address: address("address", in: fields),
            vpc: text("vpc", in: fields, default: LoadBalancer.defaultVPC),
            state: choice("state", in: fields, default: .running))
    }
}

extension IPAddress {
    /// No rule ever sees it.
    fileprivate static let standIn = IPAddress(high: 0, low: 0)
}

// MARK: - Fields

/// A mapping whose keys were looked at.
private struct Fields {
    let path: FieldPath
    let node: Node
    /// Whether there are keys that are no fields. One of them may be meant for a field that is left out.
    let hasUnknown: Bool
    private let values: [String: Node]

    init(path: FieldPath, node: Node, values: [String: Node], hasUnknown: Bool) {
        self.path = path
        self.node = node
        self.values = values
        self.hasUnknown = hasUnknown
    }

    /// The node of a field; `nil` when it is left out or null.
    subscript(name: String) -> Node? { values[name].flatMap { $0.isNull ? nil : $0 } }
}

extension DocumentReader {
    private mutating func fields(of node: Node, at path: FieldPath, _ allowed: [String]) -> Fields? {
        guard let mapping = node.mapping else {
            let rule = "a mapping with \(allowed.joined(separator: ", "))"
            reportUnread(.malformed(found: node.found, expected: rule), at: path, node)
            return nil
        }
        var values: [String: Node] = [:]
        var hasUnknown = false
        for (key, value) in mapping {
            guard let name = key.scalar?.string else {
                hasUnknown = true
                let rule = "one of \(allowed.joined(separator: ", "))"
                report(.malformed(found: key.found, expected: rule), at: path, key)
                continue
            }
            if let repeated = repeatedKeys[name] {
                let place = path.key(repeated.name)
                let sentence = "allowed twice in one mapping; there is one more in line \(repeated.position.line)"
                report(.malformed(found: repeated.name, expected: sentence), at: place, value)
            } else if allowed.contains(name) {
                values[name] = value
            } else {
                hasUnknown = true
                report(.unknownField(allowed: allowed), at: path.key(name), key)
            }
        }
        return Fields(path: path, node: node, values: values, hasUnknown: hasUnknown)
    }

    /// - Parameter read: The value of a node, or `nil` when it is not as `expected`.
    private mutating func value<Value>(
        _ name: String, in fields: Fields, default standard: Value?, standIn: Value,
        expected: @autoclosure () -> String,
        read: (Node) -> Value?
    ) -> Value {
        let path = fields.path.field(name)
        guard let node = fields[name] else {
            if standard == nil { reportUnread(.missing, at: path, fields.node) }
            return standard ?? standIn
        }
        if let value = read(node) { return value }
        reportUnread(.malformed(found: node.found, expected: expected()), at: path, node)
        return standard ?? standIn
    }

    private mutating func text(_ name: String, in fields: Fields, default standard: String? = nil) -> String {
        value(name, in: fields, default: standard, standIn: "", expected: Self.textRule) { $0.text }
    }

    /// The text of an element of a list.
    private mutating func text(of node: Node, at path: FieldPath) -> String {
        if let text = node.text { return text }
        reportUnread(.malformed(found: node.found, expected: Self.textRule), at: path, node)
        return ""
    }

    private static let textRule = "text; a number or a word like true needs quotes"

    private mutating func address(_ name: String, in fields: Fields) -> IPAddress {
        value(name, in: fields, default: nil, standIn: .standIn, expected: "an IPv4 or IPv6 address") {
            $0.text.flatMap { IPAddress($0) }
        }
    }

    private mutating func integer(
        _ name: String, in fields: Fields, _ allowed: ClosedRange<Int>, default standard: Int? = nil
    ) -> Int {
        let rule = "a whole number in \(allowed.lowerBound)...\(allowed.upperBound)"
        return value(name, in: fields, default: standard, standIn: allowed.lowerBound, expected: rule) { $0.integer }
    }

    /// Unix seconds; `nil` when it is left out.
    private mutating func time(_ name: String, in fields: Fields) -> Int64? {
        guard fields[name] != nil else { return nil }
        return value(name, in: fields, default: nil, standIn: 0, expected: UTCTime.rule) {
            $0.text.flatMap { UTCTime.unixSeconds($0) }
        }
    }

    private mutating func boolean(_ name: String, in fields: Fields, default standard: Bool) -> Bool {
        value(name, in: fields, default: standard, standIn: standard, expected: "true or false") { $0.boolean }
    }

    private mutating func transport(_ name: String, in fields: Fields) -> TransportProtocol {
        choice(name, in: fields, of: TransportProtocol.allCases.map { ($0.apiName, $0) }, default: .tcp, standIn: .tcp)
    }

    private mutating func choice<Value: CaseIterable & RawRepresentable<String>>(
        _ name: String, in fields: Fields, default standard: Value
    ) -> Value {
        choice(name, in: fields, of: Value.allCases.map { ($0.rawValue, $0) }, default: standard, standIn: standard)
    }

    private mutating func choice<Value>(
        _ name: String, in fields: Fields, of choices: [(name: String, value: Value)], default standard: Value?,
        standIn: Value
    ) -> Value {
        let names = choices.map { $0.name }
        let rule = names.count == 1 ? names[0] : "one of \(names.joined(separator: ", "))"
        return value(name, in: fields, default: standard, standIn: standIn, expected: rule) { node in
            choices.first { $0.name == node.text }?.value
        }
    }

    private mutating func list<Element>(
        _ name: String, in fields: Fields, _ element: (inout Self, Node, FieldPath) -> Element
    ) -> [Element] {
        let path = fields.path.field(name)
        guard let node = fields[name] else {
            if fields.hasUnknown { unread.insert(path.description) }
            return []
        }
        guard let sequence = node.sequence else {
            reportUnread(.malformed(found: node.found, expected: "a list"), at: path, node)
            return []
        }
        return sequence.enumerated().map { element(&self, $1, path.element($0)) }
    }

    private mutating func report(_ reason: Problem.Reason, at path: FieldPath, _ node: Node) {
        guard !isFull else { return }
        findings.append(Finding(problem: Problem(path: path.description, reason: reason), position: Position(of: node)))
    }

    /// Reports something for which the configuration gets a stand-in.
    private mutating func reportUnread(_ reason: Problem.Reason, at path: FieldPath, _ node: Node) {
        report(reason, at: path, node)
        if !isFull { unread.insert(path.description) }
    }

    /// Whether there is so much wrong that it makes no sense to look for broken rules.
    private var isFull: Bool { findings.count >= Limits.problems }
}

extension FieldPath {
    /// A key as it was written, which may be anything.
    fileprivate func key(_ name: String) -> FieldPath {
        let isPlain =
            name.utf8.count <= 64 && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "_-".contains($0)) }
        return field(isPlain && !name.isEmpty ? name : quoted(name))
    }
}

// MARK: - Values of nodes

extension Node {
    /// Whether this is a scalar that its author did not put into quotes.
    private var plain: PlainScalar? {
        guard let scalar, scalar.style == .plain || scalar.style == .any,
            scalar.tag.description != Tag.Name.str.rawValue
        else { return nil }
        return PlainScalar(scalar.string)
    }

    fileprivate var isNull: Bool { if case .null = plain { true } else { false } }

    fileprivate var boolean: Bool? { if case .boolean(let value) = plain { value } else { nil } }

    /// Decimal and without leading zeros, which some readers take for octal.
    fileprivate var integer: Int? {
        guard case .number = plain, let string = scalar?.string, let value = Int(string), string == "\(value)" else {
            return nil
        }
        return value
    }

    fileprivate var text: String? {
        switch plain {
        case .text, nil: scalar?.string
        default: nil
        }
    }

    /// What stands there, for a message.
    fileprivate var found: String {
        switch self {
        case .mapping: return "a mapping"
        case .sequence: return "a list"
        case .alias: return "an alias"
        case .scalar(let scalar):
            guard plain != nil else { return quoted(scalar.string) }
            return scalar.string.isEmpty ? "nothing" : String(quoted(scalar.string).filter { $0 != "\"" })
        }
    }
}
