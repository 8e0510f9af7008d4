internal import NetworkTypes
internal import ServiceModel

// What stands in flags and keys, read by rules that need more than one line.

extension DaemonOptions {
    /// Reads the addresses of `listen`.
    ///
    /// - Parameters:
    ///   - isEncrypted: Whether there is a certificate.
    ///   - allowsPlainHTTP: Whether the operator trusts the network.
    static func listen(
        _ texts: [String], isEncrypted: Bool, allowsPlainHTTP: Bool
    ) throws(OptionsError) -> [Endpoint] {
        var addresses: [Endpoint] = []
        for text in texts {
            guard let address = Endpoint(socketDescription: text, transport: .tcp) else {
                throw OptionsError(
                    "listen: \"\(text)\" is no address with a port, as in 127.0.0.1:9440 or \"[::1]:9440\"")
            }
            guard isEncrypted || allowsPlainHTTP || address.address.isLoopback else {
                throw OptionsError(
                    """
                    listen: at \(text) tokens and resources would cross the network in the clear: give tlsCertificate and \
                    tlsKey, or listen on 127.0.0.1 or [::1], or say allowPlainHttp: true where you trust the network
                    """)
            }
            addresses.append(address)
        }
        return addresses
    }

    /// Both files or none.
    static func tls(certificate: String?, key: String?) throws(OptionsError) -> (certificate: String, key: String)? {
        switch (certificate, key) {
        case (nil, nil): return nil
        case (let certificate?, let key?): return (certificate, key)
        case (_?, nil): throw OptionsError("tlsKey is missing: the file with the key of the certificate")
        case (nil, _?): throw OptionsError("tlsCertificate is missing: the file with the certificate of the key")
        }
    }

    /// A name that stands in paths of the API and in what clients sign.
    static func region(_ text: String) throws(OptionsError) -> String {
        guard ResourceName.isValid(text), text.utf8.count == text.unicodeScalars.count else {
            throw OptionsError(
                "region: \"\(text)\" is not a name of 1 to 32 letters a-z and A-Z, digits, _ or -")
        }
        return text
    }

    static func subnets(_ entries: [[String: String]]) throws(OptionsError) -> [Subnet] {
        var subnets: [Subnet] = []
        for (index, entry) in entries.enumerated() {
            let subnet = try subnet(entry, at: "subnets[\(index)]")
            guard !subnets.contains(where: { $0.name == subnet.name }) else {
                throw OptionsError("subnets[\(index)]: there are two of the name \(subnet.name)")
            }
            subnets.append(subnet)
        }
        return subnets
    }

    private static func subnet(_ entry: [String: String], at path: String) throws(OptionsError) -> Subnet {
        let fields = ["name", "vpc", "prefix"]
        if let unknown = entry.keys.sorted().first(where: { !fields.contains($0) }) {
            throw OptionsError("\(path): \(unknown) is no field here; allowed are \(fields.joined(separator: ", "))")
        }
        func name(_ field: String, _ standard: String?) throws(OptionsError) -> String {
            guard let text = entry[field] ?? standard else { throw OptionsError("\(path).\(field) is missing") }
            guard ResourceName.isValid(text) else {
                throw OptionsError("\(path).\(field): \"\(text)\" is not \(ResourceName.rule)")
            }
            return text
        }
        guard let text = entry["prefix"] else { throw OptionsError("\(path).prefix is missing") }
        guard let prefix = Prefix(text) else {
            throw OptionsError("\(path).prefix: \"\(text)\" is no block, as in 203.0.113.0/24")
        }
        return Subnet(name: try name("name", nil), vpc: try name("vpc", LoadBalancer.defaultVPC), prefix: prefix)
    }

    /// What a flag says in one word: `name=web,vpc=default,prefix=203.0.113.0/24`.
    static func subnetEntry(flag text: String) throws(OptionsError) -> [String: String] {
        var entry: [String: String] = [:]
        for field in text.split(separator: ",", omittingEmptySubsequences: false) {
            let parts = field.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2, entry.updateValue(parts[1], forKey: parts[0]) == nil else {
                throw OptionsError(
                    "--subnet \(text) is not understood; write name=web,vpc=default,prefix=203.0.113.0/24")
            }
        }
        return entry
    }
}
