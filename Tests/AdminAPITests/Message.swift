import AdminTypes
import Authentication
import Crypto
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// A request as it travels.
struct Message: Sendable {
    var method: String
    /// As in the request line.
    var path: String
    /// The same, behind the `?`.
    var query: String
    var host = "127.0.0.1:9440"
    var headers: [(name: String, value: String)] = []
    var body: [UInt8]

    init(_ method: String, _ path: String, query: String = "", body: String = "") {
        self.method = method
        self.path = path
        self.query = query
        self.body = Array(body.utf8)
    }

    /// A change that works wherever it may.
    static let change = Message(
        "POST", "/v1/regions/local/instances/", body: #"{"instanceId": "i-1", "privateIpAddress": "10.1.0.1"}"#)

    /// The first header of that name.
    subscript(name: String) -> String? {
        get { headers.first { $0.name == name }?.value }
        set {
            headers.removeAll { $0.name == name }
            if let newValue { headers.append((name, newValue)) }
        }
    }

    func with(_ change: (inout Message) -> Void) -> Message {
        var message = self
        change(&message)
        return message
    }

    func bearing(_ token: String) -> Message { with { $0["authorization"] = "Bearer \(token)" } }
}

/// Signs as the public clients do, without any code of ours.
struct Signer {
    var key: NewKeyAnswer
    var scheme = SigningScheme.jdcloud3
    /// Seconds since 1970.
    var time = Rig.startedAt
    var region = "local"
    var service = "lb"

    func sign(_ message: Message, nonce: String = "1") -> Message {
        let version = scheme == .jdcloud2 ? "2" : "3"
        let date = Date(timeIntervalSince1970: TimeInterval(time)).formatted(
            .iso8601.year().month().day().dateSeparator(.omitted).dateTimeSeparator(.standard)
                .time(includingFractionalSeconds: false).timeSeparator(.omitted).timeZone(separator: .omitted))
        let scope = [String(date.prefix(8)), region, service, "jdcloud\(version)_request"]
        var signed = message
        signed["content-type"] = "application/json"
        signed["x-jdcloud-date"] = date
        signed["x-jdcloud-nonce"] = nonce
        signed["x-jdcloud-content-sha256"] = hash(message.body)
        let names =
            ["content-type", "host"] + (scheme == .jdcloud2 ? ["x-jdcloud-date", "x-jdcloud-nonce"] : [])
        let headers = names.map { "\($0):\($0 == "host" ? message.host : signed[$0] ?? "")\n" }.joined()
        let request = [message.method, message.path, message.query, headers, names.joined(separator: ";")]
        let canonical = (request + [hash(message.body)]).joined(separator: "\n")
        let text = [scheme.rawValue, date, scope.joined(separator: "/"), hash(Array(canonical.utf8))]
        let secret = scope.reduce(Array("JDCLOUD\(version)\(key.secretKey)".utf8), code)
        signed["authorization"] =
            "\(scheme.rawValue) Credential=\(key.accessKey)/\(scope.joined(separator: "/")), "
            + "SignedHeaders=\(names.joined(separator: ";")), "
            + "Signature=\(hex(code(secret, text.joined(separator: "\n"))))"
        return signed
    }

    private func code(_ key: [UInt8], _ text: String) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: Data(text.utf8), using: SymmetricKey(data: key)))
    }
}

func hash(_ bytes: [UInt8]) -> String { hex(Array(SHA256.hash(data: bytes))) }

private func hex(_ bytes: [UInt8]) -> String { bytes.map { String(format: "%02x", $0) }.joined() }

/// What was answered.
struct Answer: Sendable {
    let response: Response

    var status: Int { response.status.code }

    subscript(name: String) -> String? { HTTPField.Name(name).flatMap { response.headers[$0] } }

    /// Of an answer that ends.
    func text() async throws -> String {
        let collector = Collector()
        try await response.body.write(collector)
        return String(buffer: collector.buffer)
    }

    func result<Result: Decodable>(_ type: Result.Type = Result.self) async throws -> Result {
        try JSONDecoder().decode(Envelope<Result>.self, from: Data(try await text().utf8)).result
    }

    func error() async throws -> ErrorAnswer.Body {
        try JSONDecoder().decode(ErrorAnswer.self, from: Data(try await text().utf8)).error
    }

    private struct Envelope<Result: Decodable>: Decodable { let result: Result }

    private final class Collector: ResponseBodyWriter {
        var buffer = ByteBuffer()

        func write(_ more: ByteBuffer) { buffer.writeImmutableBuffer(more) }
        func finish(_: HTTPFields?) {}
    }
}
