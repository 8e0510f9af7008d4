// Path and query of a request: what they say, and how a signature writes them.

/// What a request line asks for, decoded, with one meaning only.
///
/// The signing rule decodes and re-encodes, so several spellings have the same signature. A spelling that a router
/// could read otherwise than the signature does is refused, so whatever was signed is what gets done.
public struct RequestTarget: Sendable, Hashable {
    /// A name and its value in the query, decoded.
    public struct Parameter: Sendable, Hashable {
        public let name: String
        public let value: String
    }

    /// Decoded; starts with `/`.
    public let path: String
    /// Sorted by name as it stands in the signature; names are unique.
    public let parameters: [Parameter]

    let canonicalPath: String
    let canonicalQuery: String
    package let rawPath: String
    package let rawQuery: String

    /// - Parameters:
    ///   - path: As it stood in the request line.
    ///   - query: The same, behind the `?`; empty when there was none.
    public init(path: String, query: String) throws(SignatureRefusal) {
        (self.path, canonicalPath) = try canonical(path: path)
        (parameters, canonicalQuery) = try canonical(query: query)
        rawPath = path
        rawQuery = query
    }

    /// The region in `/v1/regions/{region}/…`, or `nil` when the path names none.
    var region: Substring? {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count > 3, parts[2] == "regions" else { return nil }
        return parts[3].prefix { $0 != ":" }
    }
}

private func canonical(path: String) throws(SignatureRefusal) -> (decoded: String, canonical: String) {
    // Slashes are where routers and the signing rule part: the rule takes `//` and `%2F` for `/`, and `+` for a space.
    guard path.utf8.first == UInt8(ascii: "/"), !path.utf8.contains(UInt8(ascii: "+")),
        !zip(path.utf8, path.utf8.dropFirst()).contains(where: { $0 == UInt8(ascii: "/") && $0 == $1 }),
        let decoded = percentDecoded(path.utf8),
        decoded.count(where: { $0 == UInt8(ascii: "/") }) == path.utf8.count(where: { $0 == UInt8(ascii: "/") }),
        let text = String(validating: decoded, as: UTF8.self)
    else { throw .malformed(.path) }
    return (text, percentEncoded(decoded, keeping: UInt8(ascii: "/")))
}

private func canonical(query: String) throws(SignatureRefusal) -> ([RequestTarget.Parameter], String) {
    var pairs: [(parameter: RequestTarget.Parameter, name: String, value: String)] = []
    for pair in query.utf8.split(separator: UInt8(ascii: "&")) {
        // The rule leaves parameters without a name or without `=` out of the signature: anybody could add them.
        guard let equals = pair.firstIndex(of: UInt8(ascii: "=")), equals > pair.startIndex,
            let name = percentDecoded(pair[..<equals], plusIsSpace: true),
            let value = percentDecoded(pair[pair.index(after: equals)...], plusIsSpace: true),
            let nameText = String(validating: name, as: UTF8.self),
            let valueText = String(validating: value, as: UTF8.self)
        else { throw .malformed(.query) }
        pairs.append(
            (.init(name: nameText, value: valueText), name: percentEncoded(name), value: percentEncoded(value)))
    }
    pairs.sort { ($0.name, $0.value) < ($1.name, $1.value) }
    // The signature doesn't cover the order of two values of one name.
    guard !zip(pairs, pairs.dropFirst()).contains(where: { $0.name == $1.name }) else { throw .malformed(.query) }
    return (pairs.map(\.parameter), pairs.map { "\($0.name)=\($0.value)" }.joined(separator: "&"))
}

/// `nil` when a `%` is not followed by two hexadecimal digits.
private func percentDecoded(_ text: some Collection<UInt8>, plusIsSpace: Bool = false) -> [UInt8]? {
    var decoded: [UInt8] = []
    var rest = text.makeIterator()
    while let byte = rest.next() {
        switch byte {
        case UInt8(ascii: "%"):
            guard let high = rest.next().flatMap(hexadecimalValue), let low = rest.next().flatMap(hexadecimalValue)
            else { return nil }
            decoded.append(high << 4 | low)
        case UInt8(ascii: "+") where plusIsSpace: decoded.append(UInt8(ascii: " "))
        default: decoded.append(byte)
        }
    }
    return decoded
}

/// Everything but the unreserved characters of RFC 3986 as `%` and upper-case digits.
private func percentEncoded(_ bytes: [UInt8], keeping kept: UInt8? = nil) -> String {
    var encoded: [UInt8] = []
    encoded.reserveCapacity(bytes.count)
    for byte in bytes {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"), kept:
            encoded.append(byte)
        default: encoded += "%\(hexadecimal([byte]).uppercased())".utf8
        }
    }
    return String(decoding: encoded, as: UTF8.self)
}
