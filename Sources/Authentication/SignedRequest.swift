// A request with the `Authorization` header of the JD Cloud SDKs: reading it, and finding out who made it.

public import Crypto

/// A request that says which access key signed it; whether that is true, `verify` tells.
public struct SignedRequest: Sendable {
    /// A signature is accepted this long before and after the moment it names.
    public static let skewSecondsMax: Int64 = 15 * 60
    /// What a 401 answer says in `WWW-Authenticate`.
    public static let challenge = "JDCLOUD3-HMAC-SHA256, JDCLOUD2-HMAC-SHA256, Bearer"

    public let method: String
    public let target: RequestTarget
    public let scheme: SigningScheme
    /// Whose secret is needed for `verify`.
    public let accessKey: AccessKeyID
    public let signedAt: UnixTime

    private let scope: Scope
    private let date: String
    private let nonce: String?
    private let signedHeaders: [(name: String, value: String)]
    private let bodyDigestClaimed: [UInt8]?
    private let signature: [UInt8]

    private struct Scope {
        let day, region, service, terminator: String
        var text: String { "\(day)/\(region)/\(service)/\(terminator)" }
    }

    /// Reads everything but the body, so that most of what is wrong can be told before the body is read.
    ///
    /// - Parameters:
    ///   - path: As in the request line, still encoded.
    ///   - query: The same, without the `?`.
    ///   - headers: All headers in the order in which they came, names in any case.
    public init(
        method: String, path: String, query: String, headers: some Sequence<(name: String, value: String)>
    ) throws(SignatureRefusal) {
        let headers = Headers(headers)
        let authorization = try Authorization(headers.one("authorization"))
        let dateText = try headers.one("x-jdcloud-date")
        guard let signedAt = UnixTime(basicFormat: dateText) else { throw .malformed(.date) }

        var signed: [(name: String, value: String)] = []
        for name in authorization.signedHeaders {
            let value = try name == "host" ? headers.one(name) : headers.joined(name)
            guard !value.utf8.contains(where: { $0 < 0x20 || $0 == 0x7f }) else { throw .malformed(.headerValue) }
            signed.append((name, value))
        }
        self.method = method
        target = try RequestTarget(path: path, query: query)
        scheme = authorization.scheme
        accessKey = authorization.accessKey
        self.signedAt = signedAt
        let parts = authorization.scope
        scope = Scope(day: parts[0], region: parts[1], service: parts[2], terminator: parts[3])
        date = dateText
        nonce = try? headers.one("x-jdcloud-nonce")
        signedHeaders = signed
        bodyDigestClaimed = try headers.oneIfPresent("x-jdcloud-content-sha256").map { text throws(SignatureRefusal) in
            guard let digest = hexadecimalBytes(text, count: 32) else { throw .malformed(.bodyDigest) }
            return digest
        }
        signature = authorization.signature
    }

    /// Who made the request, when all of this holds: the secret signed it, all of it, now and for this daemon.
    ///
    /// Acting on it takes one more step, ``ReplayCache/admit(_:now:)``.
    ///
    /// - Parameters:
    ///   - secret: That of `accessKey`; `nil` when there is no such key.
    ///   - bodyDigest: Of the body as it came; of no bytes when there was none.
    ///   - place: What this daemon calls itself in scopes.
    /// - Complexity: At most 8 hashes of the request line and the signed headers, besides those of the key.
    public func verify(
        secret: SecretKey?, bodyDigest: SHA256Digest, place: SigningPlace, now: UnixTime
    ) throws(SignatureRefusal) -> VerifiedSignature {
        try check(place: place, now: now)
        guard let secret else { throw .unknownKey }
        let body = Array(bodyDigest)
        guard isSameInConstantTime(bodyDigestClaimed ?? body, body) else { throw .bodyChanged }
        try checkSignature(secret: secret, bodyDigest: body)
        return VerifiedSignature(accessKey: accessKey, signedAt: signedAt, mark: mark)
    }

    /// What can be refused without the body; `verify` asks it too.
    ///
    /// - Parameter secret: That of `accessKey`; `nil` when there is no such key.
    /// - Returns: Whether the secret is known to have signed the request, its body aside. That takes the body's hash,
    ///   which most clients send along as `x-jdcloud-content-sha256`.
    public func check(secret: SecretKey?, place: SigningPlace, now: UnixTime) throws(SignatureRefusal) -> Bool {
        try check(place: place, now: now)
        guard let secret else { throw .unknownKey }
        guard let bodyDigestClaimed else { return false }
        try checkSignature(secret: secret, bodyDigest: bodyDigestClaimed)
        return true
    }

    /// What can be refused without the key and the body; the others ask it too.
    public func check(place: SigningPlace, now: UnixTime) throws(SignatureRefusal) {
        guard scope.terminator == scheme.terminator else { throw .wrongScope(.terminator, expected: scheme.terminator) }
        guard scope.day == date.prefix(8) else { throw .wrongScope(.day, expected: String(date.prefix(8))) }
        guard place.services.contains(scope.service) else {
            throw .wrongScope(.service, expected: place.services.sorted().joined(separator: " or "))
        }
        // Clients sign requests without a region for "jdcloud-api".
        guard scope.region == place.region || target.region == nil && scope.region == "jdcloud-api" else {
            throw .wrongScope(.region, expected: place.region)
        }
        let ageSeconds = now.seconds - signedAt.seconds
        guard ageSeconds.magnitude <= Self.skewSecondsMax else { throw .clockSkew(ageSeconds: ageSeconds) }
    }

    private func checkSignature(secret: SecretKey, bodyDigest: [UInt8]) throws(SignatureRefusal) {
        let key = scheme.key(secret: secret, day: scope.day, region: scope.region, service: scope.service)
        let candidates = canonicalRequests(bodyDigest: hexadecimal(bodyDigest))
        let matches = candidates.map { candidate in
            HMAC<SHA256>.isValidAuthenticationCode(signature, authenticating: stringToSign(candidate), using: key)
        }
        guard matches.contains(true) else {
            throw .signatureMismatch(canonicalRequestDigest: digestText(candidates[0]))
        }
    }

    /// The ways in which clients write down the same request, the most common first.
    ///
    /// The Python clients re-encode the path and sort the query; Go and Node sign them as they send them. Some leave the
    /// ports 80 and 443 out of the host that they sign but not out of the one they send.
    private func canonicalRequests(bodyDigest: String) -> [[UInt8]] {
        let targets = [(target.canonicalPath, target.canonicalQuery), (target.rawPath, target.rawQuery)]
        var candidates: [[UInt8]] = []
        for withoutPort in [false, true] {
            let headers = signedHeaders.map { name, value in
                "\(name):\(name == "host" && withoutPort ? host(withoutWellKnownPort: value) : value)\n"
            }.joined()
            let names = signedHeaders.map(\.name).joined(separator: ";")
            for (path, query) in targets {
                let lines = [method, path, query, headers, names, bodyDigest]
                let candidate = Array(lines.joined(separator: "\n").utf8)
                if !candidates.contains(candidate) { candidates.append(candidate) }
            }
        }
        return candidates
    }

    private func stringToSign(_ canonicalRequest: [UInt8]) -> [UInt8] {
        let lines = [scheme.rawValue, date, scope.text, digestText(canonicalRequest)]
        return Array(lines.joined(separator: "\n").utf8)
    }

    /// What must not come again.
    ///
    /// Two equal reads within a second have one signature when the nonce isn't signed, and clients that poll do that.
    /// So such a read is marked by its nonce too: whoever captured it could read again by changing the nonce, but that
    /// changes nothing.
    private var mark: UInt128 {
        let isRead = method == "GET" || method == "HEAD"
        let isNonceSigned = signedHeaders.contains { $0.name == "x-jdcloud-nonce" }
        guard isRead, !isNonceSigned, let nonce else { return number(signature) }
        return number(Array(SHA256.hash(data: signature + Array(nonce.utf8))))
    }
}

/// What a daemon calls itself in the scopes of signatures.
public struct SigningPlace: Sendable, Hashable {
    public let region: String
    /// Names of the JD Cloud services that it stands for.
    public let services: Set<String>

    public init(region: String, services: Set<String> = ["lb", "ag"]) {
        self.region = region
        self.services = services
    }
}

/// Proof that a request was signed with the secret of an access key; outside of tests only
/// `SignedRequest.verify` makes one.
public struct VerifiedSignature: Sendable, Hashable {
    public let accessKey: AccessKeyID
    public let signedAt: UnixTime
    /// 128 bits of the signature, which are as good as all of them against chance.
    package let mark: UInt128

    package init(accessKey: AccessKeyID, signedAt: UnixTime, mark: UInt128) {
        self.accessKey = accessKey
        self.signedAt = signedAt
        self.mark = mark
    }
}

private func digestText(_ bytes: [UInt8]) -> String { hexadecimal(SHA256.hash(data: bytes)) }

private func number(_ bytes: [UInt8]) -> UInt128 { bytes.prefix(16).reduce(0) { $0 << 8 | UInt128($1) } }

private func host(withoutWellKnownPort host: String) -> String {
    for suffix in [":80", ":443"] where host.hasSuffix(suffix) { return String(host.dropLast(suffix.count)) }
    return host
}
