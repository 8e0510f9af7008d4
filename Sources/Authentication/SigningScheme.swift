// The two schemes of the public SDKs. They differ in the names that go into the key and the scope.

internal import Crypto

/// How a request is signed: the algorithm that its `Authorization` header starts with.
public enum SigningScheme: String, Sendable, Hashable, CaseIterable {
    /// Go, Node, PHP and older Python clients; they sign a nonce.
    case jdcloud2 = "JDCLOUD2-HMAC-SHA256"
    /// Python clients and the `jdc` CLI; their nonce is not signed.
    case jdcloud3 = "JDCLOUD3-HMAC-SHA256"

    /// What the last part of a scope says.
    var terminator: String { self == .jdcloud2 ? "jdcloud2_request" : "jdcloud3_request" }

    private var seedPrefix: String { self == .jdcloud2 ? "JDCLOUD2" : "JDCLOUD3" }

    /// The key of one day, region and service.
    func key(secret: SecretKey, day: String, region: String, service: String) -> SymmetricKey {
        let seed = SymmetricKey(data: Array((seedPrefix + secret.revealed).utf8))
        return [day, region, service, terminator].reduce(seed) { key, part in
            SymmetricKey(data: HMAC<SHA256>.authenticationCode(for: Array(part.utf8), using: key))
        }
    }
}
