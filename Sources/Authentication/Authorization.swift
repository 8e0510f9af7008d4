// The parts of a request that a signature lives in: its headers, and `Authorization` among them.

/// Headers by lower-case name.
struct Headers {
    private var values: [String: [String]] = [:]

    init(_ headers: some Sequence<(name: String, value: String)>) {
        for (name, value) in headers { values[name.lowercased(), default: []].append(trimmed(value)) }
    }

    func one(_ name: String) throws(SignatureRefusal) -> String {
        guard let value = try oneIfPresent(name) else { throw .missingHeader(name) }
        return value
    }

    func oneIfPresent(_ name: String) throws(SignatureRefusal) -> String? {
        guard let all = values[name] else { return nil }
        guard all.count == 1 else { throw .repeatedHeader(name) }
        return all[0]
    }

    /// The value that stands in a signature: all of them in their order.
    func joined(_ name: String) throws(SignatureRefusal) -> String {
        guard let all = values[name] else { throw .missingHeader(name) }
        return all.joined(separator: ",")
    }
}

/// `ALGORITHM Credential=KEY/DAY/REGION/SERVICE/TERMINATOR, SignedHeaders=a;b, Signature=HEX`, read.
struct Authorization {
    let scheme: SigningScheme
    let accessKey: AccessKeyID
    /// Day, region, service, terminator.
    let scope: [String]
    /// Ascending, so each is there once; `host` is one of them.
    let signedHeaders: [String]
    let signature: [UInt8]

    init(_ header: String) throws(SignatureRefusal) {
        let words = header.split(separator: " ", maxSplits: 1)
        guard words.count == 2 else { throw .malformed(.authorization) }
        guard let scheme = SigningScheme(rawValue: String(words[0])) else { throw .unknownAlgorithm }
        let fields = parts(of: String(words[1]), separator: ",").map(trimmed)
        guard fields.count == 3 else { throw .malformed(.authorization) }
        func value(_ name: String) throws(SignatureRefusal) -> String {
            guard let field = fields.first(where: { $0.hasPrefix(name + "=") })
            else { throw .malformed(.authorization) }
            return String(field.dropFirst(name.count + 1))
        }

        let credential = parts(of: try value("Credential"), separator: "/")
        guard credential.count == 5, !credential.contains("") else { throw .malformed(.credential) }
        let names = parts(of: try value("SignedHeaders"), separator: ";")
        guard zip(names, names.dropFirst()).allSatisfy(<), names.allSatisfy(isHeaderName) else {
            throw .malformed(.signedHeaders)
        }
        guard names.contains("host") else { throw .unsignedHost }
        guard let signature = hexadecimalBytes(try value("Signature"), count: 32) else { throw .malformed(.signature) }

        self.scheme = scheme
        accessKey = AccessKeyID(credential[0])
        scope = Array(credential[1...])
        signedHeaders = names
        self.signature = signature
    }
}

/// A token of RFC 9110, section 5.6.2, in lower case.
private func isHeaderName(_ name: String) -> Bool {
    !name.isEmpty
        && name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
            default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
            }
        }
}

private func parts(of text: String, separator: Character) -> [String] {
    text.split(separator: separator, omittingEmptySubsequences: false).map(String.init)
}

/// Without the spaces and tabs at both ends.
private func trimmed(_ text: String) -> String {
    let isSpace = { (byte: UInt8) in byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
    let bytes = text.utf8.drop(while: isSpace)
    let spaces = bytes.reversed().prefix(while: isSpace).count
    return String(decoding: bytes.dropLast(spaces), as: UTF8.self)
}
