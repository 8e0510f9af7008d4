// The stored form of what has no obvious one: `{"group":"servers"}`, `{"address":"10.1.0.11"}`.

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
