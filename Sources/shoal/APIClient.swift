internal import AdminTypes
internal import AsyncHTTPClient
internal import Foundation
internal import NIOCore
internal import NIOHTTP1

/// Speaks to the daemon over its unix socket. What it throws is a `Failure` with the exit code that belongs to the
/// daemon's answer.
struct APIClient {
    let socket: String

    /// What the daemon answered.
    struct Reply<Result> {
        let result: Result
        /// Of the one resource that was read.
        let version: UInt64?
    }

    /// Where there is nothing to tell.
    struct Done: Decodable {}

    /// As much as a document of many thousand targets needs.
    private static let answerMax = 64 << 20

    func get<Result: Decodable>(_ uri: String, as type: Result.Type) async throws -> Result {
        try await read(uri, as: type).result
    }

    /// Reads one resource with its version.
    func read<Result: Decodable>(_ uri: String, as type: Result.Type) async throws -> Reply<Result> {
        let (head, body) = try await send(Request(method: .GET, uri: uri))
        // An entity tag is the version in quotes.
        let tag = head.first(name: "etag")?.drop { !$0.isNumber }.prefix { $0.isNumber }
        return Reply(result: try decode(body, as: type), version: tag.flatMap { UInt64($0) })
    }

    func getText(_ uri: String, accept: String) async throws -> String {
        String(buffer: try await send(Request(method: .GET, uri: uri, headers: ["accept": accept])).body)
    }

    /// - Parameter document: The body as it is, YAML or JSON.
    func post<Result: Decodable>(
        _ uri: String, document: String = "", as type: Result.Type
    ) async throws -> Result {
        try decode(try await send(Request(method: .POST, uri: uri, body: Data(document.utf8))).body, as: type)
    }

    /// - Parameter version: The change is refused when the resource has another one.
    func post<Result: Decodable>(
        _ uri: String, _ body: some Encodable, ifVersion version: UInt64? = nil, as type: Result.Type
    ) async throws -> Result {
        try decode(try await send(Request(.POST, uri, body, ifVersion: version)).body, as: type)
    }

    func patch(_ uri: String, _ body: some Encodable, ifVersion version: UInt64?) async throws {
        _ = try decode(try await send(Request(.PATCH, uri, body, ifVersion: version)).body, as: Done.self)
    }

    func delete(_ uri: String, ifVersion version: UInt64? = nil) async throws {
        let request = Request(method: .DELETE, uri: uri, headers: Request.condition(version))
        _ = try decode(try await send(request).body, as: Done.self)
    }
}

extension APIClient {
    private struct Request {
        var method: HTTPMethod
        var uri: String
        var headers: [String: String] = [:]
        var body = Data()

        init(method: HTTPMethod, uri: String, headers: [String: String] = [:], body: Data = Data()) {
            self.method = method
            self.uri = uri
            self.headers = headers
            self.body = body
        }

        init(_ method: HTTPMethod, _ uri: String, _ body: some Encodable, ifVersion version: UInt64?) throws {
            let headers = Self.condition(version).merging(["content-type": "application/json"]) { $1 }
            self.init(method: method, uri: uri, headers: headers, body: try JSONEncoder().encode(body))
        }

        static func condition(_ version: UInt64?) -> [String: String] {
            version.map { ["if-match": "\"\($0)\""] } ?? [:]
        }
    }

    private struct Envelope<Result: Decodable>: Decodable {
        let result: Result
    }

    private func decode<Result: Decodable>(_ buffer: ByteBuffer, as type: Result.Type) throws -> Result {
        do {
            return try JSONDecoder().decode(Envelope<Result>.self, from: Data(buffer.readableBytesView)).result
        } catch {
            throw Failure(.failed, "the daemon's answer is not understood; is it of another version? (\(error))")
        }
    }

    private func send(_ wanted: Request) async throws -> (headers: HTTPHeaders, body: ByteBuffer) {
        guard let url = URL(httpURLWithSocketPath: socket, uri: wanted.uri) else {
            throw Failure(.usage, "\(socket) is no path of a socket")
        }
        var request = HTTPClientRequest(url: url.absoluteString)
        request.method = wanted.method
        for (name, value) in wanted.headers { request.headers.add(name: name, value: value) }
        if !wanted.body.isEmpty { request.body = .bytes(ByteBuffer(bytes: wanted.body)) }
        let response: HTTPClientResponse
        let answer: ByteBuffer
        do {
            (response, answer) = try await execute(request)
        } catch let error as HTTPClientError where error == .readTimeout || error == .deadlineExceeded {
            throw Failure(.timedOut, "the daemon at \(socket) did not answer within a minute")
        } catch {
            throw unreachable(error)
        }
        guard response.status == .ok else { throw refusal(response.status.code, answer) }
        return (response.headers, answer)
    }

    private func execute(_ request: HTTPClientRequest) async throws -> (HTTPClientResponse, ByteBuffer) {
        var configuration = HTTPClient.Configuration()
        // A daemon that is not there now is what the user must hear of, now.
        configuration.connectionPool.retryConnectionEstablishment = false
        let client = HTTPClient(configuration: configuration)
        let result: Result<(HTTPClientResponse, ByteBuffer), any Error>
        do {
            let response = try await client.execute(request, timeout: .seconds(60))
            result = .success((response, try await response.body.collect(upTo: Self.answerMax)))
        } catch {
            result = .failure(error)
        }
        try await client.shutdown()
        return try result.get()
    }

    private func unreachable(_ error: any Error) -> Failure {
        let cause = (error as? IOError).map { String(cString: strerror($0.errnoCode)) } ?? "\(error)"
        if let error = error as? IOError, error.errnoCode == EACCES {
            return Failure(.notPermitted, "may not speak to the daemon at \(socket): \(cause)")
        }
        return Failure(
            .daemonUnreachable,
            """
            cannot reach the daemon at \(socket): \(cause)
              what is installed goes on forwarding: shoal map list
              to start it: systemctl start shoald, or shoald --interface NAME
            """)
    }

    private func refusal(_ status: UInt, _ body: ByteBuffer) -> Failure {
        guard let answer = try? JSONDecoder().decode(ErrorAnswer.self, from: Data(body.readableBytesView)) else {
            return Failure(.failed, "the daemon answered \(status): \(String(buffer: body))")
        }
        let details = answer.error.details ?? []
        let lines = details.map { $0.path.isEmpty ? "  " + $0.message : "  \($0.path): \($0.message)" }
        return Failure(Code(httpStatus: status), ([answer.error.message] + lines).joined(separator: "\n"))
    }
}

extension Code {
    /// What a refusal of the daemon means.
    fileprivate init(httpStatus status: UInt) {
        switch status {
        case 400, 413, 415, 422, 429: self = .invalid
        case 401, 403: self = .notPermitted
        case 404: self = .notFound
        case 409, 412, 428: self = .conflict
        case 408, 504: self = .timedOut
        default: self = .failed
        }
    }
}
