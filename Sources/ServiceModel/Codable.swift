// The stored form of what has no obvious one: `{"group":"servers"}`, `{"address":"10.1.0.11"}`. Fields that came later
// have their default where they are absent, and are absent where they have it.

import NetworkTypes

extension BackendService.Servers: Codable {
    private enum CodingKeys: String, CodingKey { case group, availabilityGroup }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        if let name = try container.decodeIfPresent(String.self, forKey: .group) {
            self = .group(name)
        } else {
            self = .availabilityGroup(try container.decode(String.self, forKey: .availabilityGroup))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .group(let name): try container.encode(name, forKey: .group)
        case .availabilityGroup(let name): try container.encode(name, forKey: .availabilityGroup)
        }
    }
}

extension Target.Server: Codable {
    private enum CodingKeys: String, CodingKey { case address, instance }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        if let id = try container.decodeIfPresent(String.self, forKey: .instance) {
            self = .instance(id)
        } else {
            self = .address(try container.decode(IPAddress.self, forKey: .address))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .address(let address): try container.encode(address, forKey: .address)
        case .instance(let id): try container.encode(id, forKey: .instance)
        }
    }
}

extension BackendService {
    private enum CodingKeys: String, CodingKey {
        case id, name, description, transport, port, algorithm, forwardingMode, drainSeconds, slowStartSeconds
        case allUnhealthyPolicy, healthCheck, servers, createdAt, version
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            id: try container.decodeIfPresent(ResourceID.self, forKey: .id),
            name: try container.decode(String.self, forKey: .name),
            description: try container.decode(String.self, forKey: .description),
            transport: try container.decode(TransportProtocol.self, forKey: .transport),
            port: try container.decode(Int.self, forKey: .port),
            algorithm: try container.decode(Algorithm.self, forKey: .algorithm),
            forwardingMode: try container.decode(ForwardingMode.self, forKey: .forwardingMode),
            drainSeconds: try container.decode(Int.self, forKey: .drainSeconds),
            slowStartSeconds: try container.decodeIfPresent(Int.self, forKey: .slowStartSeconds) ?? 0,
            allUnhealthyPolicy: try container.decode(AllUnhealthyPolicy.self, forKey: .allUnhealthyPolicy),
            healthCheck: try container.decode(HealthCheck.self, forKey: .healthCheck),
            servers: try container.decodeIfPresent(Servers.self, forKey: .servers),
            createdAt: try container.decodeIfPresent(Int64.self, forKey: .createdAt),
            version: try container.decode(UInt64.self, forKey: .version))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(id, forKey: .id)
        try container.encode(name, forKey: .name)
        try container.encode(description, forKey: .description)
        try container.encode(transport, forKey: .transport)
        try container.encode(port, forKey: .port)
        try container.encode(algorithm, forKey: .algorithm)
        try container.encode(forwardingMode, forKey: .forwardingMode)
        try container.encode(drainSeconds, forKey: .drainSeconds)
        if slowStartSeconds != 0 { try container.encode(slowStartSeconds, forKey: .slowStartSeconds) }
        try container.encode(allUnhealthyPolicy, forKey: .allUnhealthyPolicy)
        try container.encode(healthCheck, forKey: .healthCheck)
        try container.encodeIfPresent(servers, forKey: .servers)
        try container.encodeIfPresent(createdAt, forKey: .createdAt)
        try container.encode(version, forKey: .version)
    }
}

extension Target: Codable {
    private enum CodingKeys: String, CodingKey { case id, server, isContainer, port, weight, adminState, drainUntil }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            id: try container.decodeIfPresent(ResourceID.self, forKey: .id),
            server: try container.decode(Server.self, forKey: .server),
            isContainer: try container.decode(Bool.self, forKey: .isContainer),
            port: try container.decode(Int.self, forKey: .port),
            weight: try container.decode(Int.self, forKey: .weight),
            adminState: try container.decodeIfPresent(AdminState.self, forKey: .adminState) ?? .enabled,
            drainUntil: try container.decodeIfPresent(Int64.self, forKey: .drainUntil))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(id, forKey: .id)
        try container.encode(server, forKey: .server)
        try container.encode(isContainer, forKey: .isContainer)
        try container.encode(port, forKey: .port)
        try container.encode(weight, forKey: .weight)
        if adminState != .enabled { try container.encode(adminState, forKey: .adminState) }
        try container.encodeIfPresent(drainUntil, forKey: .drainUntil)
    }
}
