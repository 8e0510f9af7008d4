public import ArgumentParser
public import Dataplane
internal import Foundation
internal import NetworkTypes
internal import ServiceModel
internal import Yams

/// What the daemon runs with: flags over the configuration file over defaults.
struct DaemonOptions: Sendable {
    var interfaces: [String]
    var xdpMode: XDPMode
    var stateDirectory: String
    var runtimeDirectory: String
    var bpffsDirectory: String
    var announce: AnnounceMode
    var manageSysctls: Bool
    /// Whether flows of moving slots are kept with their targets.
    var keepsFlows: Bool
    var healthCheckSourceAddresses: [IPAddress]
    var vipCidrs: [Prefix]
    var targetCidrs: [Prefix]
    var logLevel: String
    var region: String
    var subnets: [Subnet]
    /// Where the API is spoken over TCP.
    var listen: [Endpoint]
    /// Files of the certificate and its key; `nil` for plain HTTP.
    var tls: (certificate: String, key: String)?

    var socketPath: String { runtimeDirectory + "/api.sock" }
}

/// Who makes the network send a VIP's packets here.
enum AnnounceMode: String, Sendable, CaseIterable, ExpressibleByArgument, Codable {
    /// This host holds the VIPs and answers ARP and neighbour solicitations for them.
    case address
    /// Someone routes them here.
    case none
}

extension XDPMode: ExpressibleByArgument {}

enum Switch: String, Sendable, CaseIterable, ExpressibleByArgument {
    case on, off
}

/// The keys of shoald.yaml, all optional; each has a flag of the same name.
struct ConfigurationFile: Sendable, Decodable {
    enum CodingKeys: String, CodingKey, CaseIterable {
        case interfaces, xdpMode, stateDirectory, runtimeDirectory, bpffsDirectory, announce, manageSysctls
        case healthCheckSourceAddresses, vipCidrs, targetCidrs, logLevel
        case region, subnets, listen, tlsCertificate, tlsKey, allowPlainHttp
    }

    var interfaces: [String]?
    var xdpMode: String?
    var stateDirectory: String?
    var runtimeDirectory: String?
    var bpffsDirectory: String?
    var announce: String?
    var manageSysctls: Bool?
    var healthCheckSourceAddresses: [String]?
    var vipCidrs: [String]?
    var targetCidrs: [String]?
    var logLevel: String?
    var region: String?
    var subnets: [[String: String]]?
    var listen: OneOrMore?
    var tlsCertificate: String?
    var tlsKey: String?
    var allowPlainHttp: Bool?

    /// A list that may be written as its only element.
    struct OneOrMore: Sendable, Decodable {
        let list: [String]

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let one = try? container.decode(String.self) {
                list = [one]
            } else {
                list = try container.decode([String].self)
            }
        }
    }

    static let standardPath = "/etc/shoal/shoald.yaml"

    /// - Parameter path: `nil` for the standard one, which may be absent.
    static func read(_ path: String?) throws -> ConfigurationFile {
        let file = path ?? standardPath
        guard path != nil || FileManager.default.fileExists(atPath: file) else { return ConfigurationFile() }
        let text: String
        do { text = try String(contentsOfFile: file, encoding: .utf8) } catch {
            throw OptionsError("cannot read \(file): \(error.localizedDescription)")
        }
        return try parse(text, named: file)
    }

    static func parse(_ text: String, named file: String) throws -> ConfigurationFile {
        do {
            let keys = try Yams.compose(yaml: text)?.mapping?.keys.compactMap(\.string) ?? []
            let allowed = CodingKeys.allCases.map(\.rawValue)
            if let unknown = keys.first(where: { !allowed.contains($0) }) {
                throw OptionsError("\(file): \(unknown) is no key here; allowed are \(allowed.joined(separator: ", "))")
            }
            return keys.isEmpty ? ConfigurationFile() : try YAMLDecoder().decode(ConfigurationFile.self, from: text)
        } catch let error as DecodingError {
            throw OptionsError("\(file): \(describe(error))")
        } catch let error as YamlError {
            throw OptionsError("\(file): \(error)")
        }
    }

    private static func describe(_ error: DecodingError) -> String {
        switch error {
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            "\(context.codingPath.map(\.stringValue).joined(separator: ".")): \(context.debugDescription)"
        case .keyNotFound(let key, _): "\(key.stringValue) is missing"
        @unknown default: "\(error)"
        }
    }
}

/// A flag or key that the daemon cannot run with: what to change.
struct OptionsError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
