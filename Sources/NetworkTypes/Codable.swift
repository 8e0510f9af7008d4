// Addresses, blocks and protocols as the text that people read, in whatever holds them.

extension IPAddress: Codable {
    public init(from decoder: any Decoder) throws {
        self = try decoder.parsed(as: "an IPv4 or IPv6 address") { IPAddress($0) }
    }

    public func encode(to encoder: any Encoder) throws { try encoder.write("\(self)") }
}

extension Prefix: Codable {
    public init(from decoder: any Decoder) throws {
        self = try decoder.parsed(as: "an address block in CIDR form") { Prefix($0) }
    }

    public func encode(to encoder: any Encoder) throws { try encoder.write("\(self)") }
}

extension TransportProtocol: Codable {
    public init(from decoder: any Decoder) throws {
        self = try decoder.parsed(as: "Tcp or Udp") { TransportProtocol(apiName: $0) }
    }

    public func encode(to encoder: any Encoder) throws { try encoder.write(apiName) }
}

extension Decoder {
    fileprivate func parsed<Value>(as rule: String, _ parse: (String) -> Value?) throws -> Value {
        let container = try singleValueContainer()
        guard let value = parse(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "this is not \(rule)")
        }
        return value
    }
}

extension Encoder {
    fileprivate func write(_ text: String) throws {
        var container = singleValueContainer()
        try container.encode(text)
    }
}
