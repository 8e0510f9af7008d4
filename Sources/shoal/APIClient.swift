internal import AdminTypes
internal import AsyncHTTPClient
internal import Foundation
internal import NIOCore
internal import NIOHTTP1

/// Speaks to the daemon over its unix socket.
struct APIClient {
    let socket: String

    /// As much as a document of many thousand targets needs.
    private static let answerMax = 64 << 20

    /// - Throws: `Failure` with the exit code that belongs to the answer.
    func get<Answer: Decodable>(_ uri: String, as type: Answer.Type) async throws -> Answer {
        try decode(try await send("GET", uri), as: type)
    }

    func getText(_ uri: String, accept: String) async throws -> String {
        String(buffer: try await send("GET", uri, headers: ["accept": accept]))
    }

    func post<Answer: Decodable>(_ uri: String, body: String = "", as type: Answer.Type) async throws -> Answer {
        try decode(try await send("POST", uri, body: body), as: type)
    }

    private func decode<Answer: Decodable>(_ buffer: ByteBuffer, as type: Answer.Type) throws -> Answer {
        do {
            return try JSONDecoder().decode(Envelope<Answer>.self, from: Data(buffer.readableBytesView)).result
        } catch {
            throw Failure(.failed, "the daemon's answer is not understood; is it of another version? (\(error))")
        }
    }

    private func send(
        _ method: String, _ uri: String, headers: [String: String] = [:], body: String = ""
    ) async throws -> ByteBuffer {
        guard let url = URL(httpURLWithSocketPath: socket, uri: uri) else {
            throw Failure(.usage, "\(socket) is no path of a socket")
        }
        var request = HTTPClientRequest(url: url.absoluteString)
        request.method = .init(rawValue: method)
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if !body.isEmpty { request.body = .bytes(ByteBuffer(string: body)) }
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
        return answer
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
        let code: Code =
            switch status {
            case 400: .invalid
            case 401, 403: .notPermitted
            case 404: .notFound
            case 409, 412: .conflict
            default: .failed
            }
        return Failure(code, ([answer.error.message] + lines).joined(separator: "\n"))
    }
}

/// What every answer in JSON has around it.
private struct Envelope<Result: Decodable>: Decodable {
    let result: Result
}
