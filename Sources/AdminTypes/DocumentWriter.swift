// From a configuration to text. Both forms are written from one tree, in the order of `DocumentFields`.

import NetworkTypes
import ServiceModel
import Yams

extension ConfigurationDocument {
    /// The document with the defaults of its contract written out; descriptions, protection, types and the like
    /// only where they differ from theirs. Reading it gives the same configuration without ids, times and versions.
    public var yaml: String {
        // The emitter fails on memory alone and on nodes that are none.
        let text = try! Yams.serialize(
            node: DocumentValue(configuration).node, indent: 2, width: -1, allowUnicode: true)
        // Beside an `&` the reader would take it for an alias. It stands between double quotes only.
        return text.contains("&") ? text.replacing("*", with: #"\x2A"#) : text
    }

    /// The same as JSON, on one line.
    public var json: String { DocumentValue(configuration).json + "\n" }
}

/// What both forms can hold.
indirect enum DocumentValue {
    case text(String)
    case number(Int)
    case boolean(Bool)
    /// `isShort` ones stand on one line of YAML.
    case list([DocumentValue], isShort: Bool = false)
    case mapping([(key: String, value: DocumentValue)], isShort: Bool = false)
}

// MARK: - Resources

extension DocumentValue {
    init(_ configuration: Configuration) {
        self = .mapping([
            ("apiVersion", .text(ConfigurationDocument.apiVersion)),
            ("region", .text(configuration.region)),
            ("loadBalancers", .list(configuration.loadBalancers.map { DocumentValue($0) })),
            ("availabilityGroups", .list(configuration.availabilityGroups.map { DocumentValue($0) })),
            ("instances", .list(configuration.instances.map { DocumentValue($0) })),
        ])
    }

    init(_ loadBalancer: LoadBalancer) {
        self = .fields([
            ("name", .text(loadBalancer.name)),
            Self.description(loadBalancer),
            ("vip", .text("\(loadBalancer.vip)")),
            ("vpc", .text(loadBalancer.vpc)),
            loadBalancer.subnet == LoadBalancer.defaultSubnet ? nil : ("subnet", .text(loadBalancer.subnet)),
            loadBalancer.isDeletionProtected ? ("deletionProtection", .boolean(true)) : nil,
            ("listeners", .list(loadBalancer.listeners.map { DocumentValue($0) })),
            ("services", .list(loadBalancer.services.map { DocumentValue($0) })),
            ("groups", .list(loadBalancer.groups.map { DocumentValue($0) })),
        ])
    }

    init(_ listener: Listener) {
        self = .fields(
            [
                ("name", .text(listener.name)),
                Self.description(listener),
                listener.isEnabled ? nil : ("enabled", .boolean(false)),
                ("protocol", .text(listener.transport.apiName)),
                ("port", .number(listener.port)),
                ("service", .text(listener.service)),
            ], isShort: true)
    }

    init(_ service: BackendService) {
        let servers: Field? =
            switch service.servers {
            case nil: nil
            case .group(let name): ("group", .text(name))
            case .availabilityGroup(let name): ("availabilityGroup", .text(name))
            }
        self = .fields([
            ("name", .text(service.name)),
            Self.description(service),
            ("protocol", .text(service.transport.apiName)),
            ("port", .number(service.port)),
            ("algorithm", .text(service.algorithm.rawValue)),
            ("forwardingMode", .text(service.forwardingMode.rawValue)),
            ("drainSeconds", .number(service.drainSeconds)),
            service.slowStartSeconds == 0 ? nil : ("slowStartSeconds", .number(service.slowStartSeconds)),
            ("allUnhealthyPolicy", .text(service.allUnhealthyPolicy.rawValue)),
            ("healthCheck", DocumentValue(service.healthCheck)),
            servers,
        ])
    }

    init(_ healthCheck: HealthCheck) {
        self = .mapping(
            [
                ("enabled", .boolean(healthCheck.isEnabled)),
                ("protocol", .text(healthCheck.method.rawValue)),
                ("port", .number(healthCheck.port)),
                ("timeoutSeconds", .number(healthCheck.timeoutSeconds)),
                ("intervalSeconds", .number(healthCheck.intervalSeconds)),
                ("unhealthyThreshold", .number(healthCheck.unhealthyThreshold)),
                ("healthyThreshold", .number(healthCheck.healthyThreshold)),
            ], isShort: true)
    }

    init(_ group: ServerGroup) {
        self = .fields([
            ("name", .text(group.name)),
            Self.description(group),
            group.kind == .instance ? nil : ("type", .text(group.kind.rawValue)),
            ("targets", .list(group.targets.map { DocumentValue($0) })),
        ])
    }

    init(_ target: Target) {
        let server: Field =
            switch target.server {
            case .address(let address): ("address", .text("\(address)"))
            case .instance(let id): ("instance", .text(id))
            }
        self = .fields(
            [
                server,
                target.kind == .container ? ("type", .text(target.kind.rawValue)) : nil,
                ("port", .number(target.port)),
                ("weight", .number(target.weight)),
                target.adminState == .enabled ? nil : ("adminState", .text(target.adminState.rawValue)),
                target.drainUntil.map { ("drainUntil", .text(UTCTime.text($0))) },
            ], isShort: true)
    }

    init(_ group: AvailabilityGroup) {
        self = .fields(
            [
                ("name", .text(group.name)),
                Self.description(group),
                ("vpc", .text(group.vpc)),
                ("instances", .list(group.instances.map { .text($0) }, isShort: true)),
            ], isShort: true)
    }

    init(_ instance: Instance) {
        self = .fields(
            [
                ("id", .text(instance.id)),
                Self.description(instance),
                ("address", .text("\(instance.address)")),
                ("vpc", .text(instance.vpc)),
                ("state", .text(instance.state.rawValue)),
            ], isShort: true)
    }

    private typealias Field = (key: String, value: DocumentValue)

    /// A mapping of the fields that are worth writing.
    private static func fields(_ fields: [Field?], isShort: Bool = false) -> DocumentValue {
        .mapping(fields.compactMap(\.self), isShort: isShort)
    }

    private static func description(_ resource: some Stored) -> Field? {
        resource.description.isEmpty ? nil : ("description", .text(resource.description))
    }
}

// MARK: - YAML

extension DocumentValue {
    var node: Node {
        switch self {
        case .text(let text):
            Node(
                text, Tag(.str),
                text.contains("*") ? .doubleQuoted : PlainScalar.isAmbiguous(text) ? .singleQuoted : .any)
        case .number(let number): Node("\(number)", Tag(.int))
        case .boolean(let value): Node("\(value)", Tag(.bool))
        case .list(let list, let isShort):
            Node(list.map { $0.node }, Tag(.seq), isShort || list.isEmpty ? .flow : .block)
        case .mapping(let mapping, let isShort):
            Node(mapping.map { (Node($0.key, Tag(.str)), $0.value.node) }, Tag(.map), isShort ? .flow : .block)
        }
    }
}

// MARK: - JSON

extension DocumentValue {
    var json: String {
        switch self {
        case .text(let text): Self.quoted(text)
        case .number(let number): "\(number)"
        case .boolean(let value): "\(value)"
        case .list(let list, _): "[" + list.map { $0.json }.joined(separator: ",") + "]"
        case .mapping(let mapping, _):
            "{" + mapping.map { Self.quoted($0.key) + ":" + $0.value.json }.joined(separator: ",") + "}"
        }
    }

    /// RFC 8259, section 7; what YAML does not take as it is must be escaped too, since large JSON is read as YAML.
    private static func quoted(_ text: String) -> String {
        text.unicodeScalars.reduce(into: "\"") { result, scalar in
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\0"..<" ", "\u{7f}"..."\u{9f}", "\u{2028}", "\u{2029}", "\u{feff}", "\u{fffe}"..."\u{ffff}":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        } + "\""
    }
}
