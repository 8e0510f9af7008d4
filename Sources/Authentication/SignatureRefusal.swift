/// Why a signed request is not believed.
///
/// Messages say what to change and show nothing that the sender doesn't know: no key, no expected signature, no text
/// of the request.
public enum SignatureRefusal: Error, Sendable, Hashable {
    case missingHeader(String)
    case repeatedHeader(String)
    case malformed(Part)
    case unknownAlgorithm
    /// `host` is not among the signed headers, so the request could be meant for another server.
    case unsignedHost
    case unknownKey
    /// Negative when the request is from the future.
    case clockSkew(ageSeconds: Int64)
    case wrongScope(ScopePart, expected: String)
    /// The body is not the one whose hash `x-jdcloud-content-sha256` gives.
    case bodyChanged
    case signatureMismatch(canonicalRequestDigest: String)
    case replayed
    /// Signed before the moment from which on the replay cache remembers: the start of the daemon, or less when this
    /// key sent more requests than it holds.
    case beforeMemory(aheadSeconds: Int64)

    public enum Part: String, Sendable, Hashable, CaseIterable {
        case authorization, credential, signedHeaders, signature, date, path, query, headerValue, bodyDigest
    }

    public enum ScopePart: String, Sendable, Hashable, CaseIterable { case day, region, service, terminator }

    /// 401 while nothing proves who sent it; 403 when that is proved and the request is refused all the same.
    public var httpStatus: Int {
        switch self {
        case .missingHeader, .repeatedHeader, .malformed, .unknownAlgorithm, .unsignedHost, .unknownKey, .clockSkew,
            .wrongScope, .bodyChanged, .signatureMismatch:
            401
        case .replayed, .beforeMemory: 403
        }
    }
}

extension SignatureRefusal: CustomStringConvertible {
    public var description: String {
        switch self {
        case .missingHeader("authorization"):
            "the request is not signed and has no token: it needs the header authorization"
        case .missingHeader(let name): "the header \(name) is missing"
        case .repeatedHeader(let name): "the header \(name) is there more than once"
        case .malformed(let part): part.rule
        case .unknownAlgorithm:
            "the signature's algorithm is none of \(SigningScheme.allCases.map(\.rawValue).joined(separator: ", "))"
        case .unsignedHost: "SignedHeaders must contain host"
        case .unknownKey: "there is no such access key"
        case .clockSkew(let ageSeconds):
            """
            the request was signed \(ageSeconds.magnitude) s \(ageSeconds > 0 ? "ago" : "from now") by this daemon's clock, \
            more than \(SignedRequest.skewSecondsMax) s away: compare the clocks
            """
        case .wrongScope(let part, let expected): "the \(part) in the signature's scope must be \(expected)"
        case .bodyChanged: "the body is not the one that x-jdcloud-content-sha256 was computed from"
        case .signatureMismatch(let digest):
            """
            the signature does not fit the request and the key: check the secret key, and that nothing changed the \
            request on its way; here the canonical request has the SHA-256 \(digest)
            """
        case .replayed:
            "this signed request was accepted before: sign it again, at least a second later or with another signed nonce"
        case .beforeMemory(let aheadSeconds):
            """
            the request was signed \(aheadSeconds) s too early to know whether it was accepted before: the daemon \
            started since, or this key sends too many requests; sign it again
            """
        }
    }
}

extension SignatureRefusal.Part {
    fileprivate var rule: String {
        switch self {
        case .authorization:
            "the header authorization must read ALGORITHM Credential=…, SignedHeaders=…, Signature=…"
        case .credential: "Credential must read ACCESSKEY/DAY/REGION/SERVICE/TERMINATOR"
        case .signedHeaders: "SignedHeaders must be lower-case names in ascending order with semicolons between them"
        case .signature: "Signature must be 64 lower-case hexadecimal digits"
        case .date: "x-jdcloud-date must read YYYYMMDDThhmmssZ"
        case .path:
            "the path must start with / and be percent-encoded UTF-8 without //, %2F and +, which signatures don't tell apart"
        case .query:
            "the query must be name=value pairs of percent-encoded UTF-8, each name once: signatures don't cover others"
        case .headerValue: "a signed header has a control character in its value"
        case .bodyDigest: "x-jdcloud-content-sha256 must be 64 lower-case hexadecimal digits"
        }
    }
}
