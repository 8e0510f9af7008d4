// Requests as tests make, change and check them.

import Authentication
import Crypto
import Foundation

/// A request as it travels, signed or not.
struct Message: Sendable, CustomStringConvertible {
    var method = "GET"
    var path = "/v1/regions/local/backends/"
    var query = ""
    var headers: [Header] = []
    var body: [UInt8] = []

    struct Header: Sendable {
        var name: String
        var value: String
    }

    var description: String { "\(method) \(path)?\(query)" }

    /// The first header of that name; setting `nil` removes all of them.
    subscript(name: String) -> String? {
        get { headers.first { $0.name.lowercased() == name }?.value }
        set {
            let index = headers.firstIndex { $0.name.lowercased() == name } ?? headers.endIndex
            headers.removeAll { $0.name.lowercased() == name }
            if let newValue { headers.insert(Header(name: name, value: newValue), at: min(index, headers.endIndex)) }
        }
    }

    func with(_ change: (inout Message) -> Void) -> Message {
        var message = self
        change(&message)
        return message
    }

    func read() throws(SignatureRefusal) -> SignedRequest {
        try SignedRequest(
            method: method, path: path, query: query, headers: headers.map { (name: $0.name, value: $0.value) })
    }

    /// Checks the signature as a daemon would that knows the key AKTEST, at the moment that the message names unless
    /// told otherwise.
    @discardableResult
    func verify(
        secret: SecretKey? = SecretKey("SKTEST"), place: SigningPlace = SigningPlace(region: "local"),
        agedSeconds: Int64 = 0
    ) throws(SignatureRefusal) -> VerifiedSignature {
        let request = try read()
        let now = UnixTime(seconds: request.signedAt.seconds + agedSeconds)
        let secret = request.accessKey == AccessKeyID("AKTEST") ? secret : nil
        return try request.verify(secret: secret, bodyDigest: SHA256.hash(data: body), place: place, now: now)
    }
}

/// Signs as the documentation of the scheme says, without any code of the module under test.
struct Signer {
    var version = "2"
    var date = "20261123T113849Z"
    var day = "20261123"
    var region = "local"
    var service = "lb"
    var secret = "SKTEST"
    /// Values that differ from those sent.
    var signedInstead: [String: String] = [:]
    var signedHeaders = ["content-type", "host", "x-jdcloud-date", "x-jdcloud-nonce"]

    /// - Parameters:
    ///   - path: As it stands in the canonical request.
    ///   - query: The same.
    func sign(_ message: Message, path: String, query: String = "") -> Message {
        var signed = message
        signed["host"] = message["host"] ?? "127.0.0.1:8443"
        signed["content-type"] = "application/json"
        signed["x-jdcloud-date"] = date
        signed["x-jdcloud-nonce"] = message["x-jdcloud-nonce"] ?? "1"
        let headers = signedHeaders.map { "\($0):\(signedInstead[$0] ?? signed[$0] ?? "")\n" }.joined()
        let request = [message.method, path, query, headers, signedHeaders.joined(separator: ";"), hash(message.body)]
        let algorithm = "JDCLOUD\(version)-HMAC-SHA256"
        let scope = [day, region, service, "jdcloud\(version)_request"]
        let text = [algorithm, date, scope.joined(separator: "/"), hash(Array(request.joined(separator: "\n").utf8))]
        let key = scope.reduce(Array("JDCLOUD\(version)\(secret)".utf8), code)
        signed["authorization"] =
            "\(algorithm) Credential=AKTEST/\(scope.joined(separator: "/")), "
            + "SignedHeaders=\(signedHeaders.joined(separator: ";")), Signature=\(hex(code(key, text.joined(separator: "\n"))))"
        return signed
    }

    private func code(_ key: [UInt8], _ text: String) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: Data(text.utf8), using: SymmetricKey(data: key)))
    }

    private func hash(_ bytes: [UInt8]) -> String { hex(Array(SHA256.hash(data: bytes))) }

    private func hex(_ bytes: [UInt8]) -> String { bytes.map { String(format: "%02x", $0) }.joined() }
}

/// What the public Python SDK sent to `Tests/Support/record_signed_requests.py`.
struct Recording: Decodable {
    let sdk: String
    let requests: [Request]

    struct Request: Decodable {
        let method, path, query, body: String
        let headers: [[String]]
    }

    static let all: [Message] = ["jdcloud2.json", "jdcloud3.json"].flatMap { name in
        do {
            let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")
            let data = try Data(contentsOf: folder.appending(path: name))
            return try JSONDecoder().decode(Recording.self, from: data).requests.map(\.message)
        } catch { preconditionFailure("the fixture \(name) can't be read: \(error)") }
    }
}

extension Recording.Request {
    var message: Message {
        Message(
            method: method, path: path, query: query, headers: headers.map { .init(name: $0[0], value: $0[1]) },
            body: Array(body.utf8))
    }
}
