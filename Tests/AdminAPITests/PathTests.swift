import AdminAPI
import AdminTypes
import Foundation
import Testing

@Suite("Paths, methods and versions")
struct PathTests {
    @Test(
        "a path takes its methods, and tells them for every other one",
        arguments: [
            ("QUERY", "/v1/status", "GET, HEAD"), ("PUT", "/v1/regions/local/backends/", "GET, HEAD, POST"),
            ("GET", "/v1/regions/local:apply", "POST"), ("OPTIONS", "/livez", "GET, HEAD"),
        ])
    func methods(method: String, path: String, allowed: String) async throws {
        let answer = try await Rig().root(method, path)
        #expect(answer.status == 405)
        #expect(answer["Allow"] == allowed)
        #expect(try await answer.error().message == "\(method) is not for this path, which takes \(allowed)")
    }

    @Test("HEAD is answered as GET is, without the body", arguments: ["/v1/status", "/v1/nothing", "/v1//"])
    func head(path: String) async throws {
        let rig = try await Rig()
        let get = try await rig.root("GET", path)
        let head = try await rig.root("HEAD", path)
        #expect(head.status == get.status)
        #expect(head["Content-Type"] == get["Content-Type"] && head["Content-Type"] != nil)
        #expect(try await head.text() == "")
    }

    /// %7F would vanish from the head of a request; U+0301 makes one character of itself and the slash before it.
    @Test(
        "there is nothing at any other path, and that is told in the envelope",
        arguments: [
            "/", "/v1", "/v1/regions", "/v1/regions/local/instances/%7F", "/v1/regions/local/instances/%00",
            "/v1/regions/local/instances/%C2%85", "/v1/regions/%CC%81local:export", "/v1/regions/local%CC%81:export",
            "/v1/regions/local:export/x", "/v1/regions/local/instances/a%20b", "/v1/regions/local:nothing",
        ])
    func nothing(path: String) async throws {
        let answer = try await Rig().root("GET", path)
        #expect(answer.status == 404)
        #expect(try await answer.error().status == "NOT_FOUND")
    }

    @Test(
        "If-Match is a list of versions",
        arguments: [
            ("\"1\"", 200), ("*", 200), ("\"7\", \"1\"", 200), (",\"1\" ,, ", 200), ("\"2\"", 412),
            ("\"7\",\"8\"", 412),
            ("", 400), (",", 400), ("1", 400), ("\"\"", 400), ("\"+1\"", 400), ("W/\"1\"", 400), ("\"1\" \"2\"", 400),
            ("\"1\", x", 400), ("\"99999999999999999999\"", 400),
        ])
    func versions(header: String, status: Int) async throws {
        let rig = try await Rig()
        #expect(try await rig.send(.change, from: Rig.here).status == 200)
        let update = Message("PATCH", "/v1/regions/local/instances/i-1", body: #"{"status": "stopped"}"#)
        #expect(try await rig.send(update.with { $0["If-Match"] = header }, from: Rig.here).status == status)
    }

    @Test("what would be refused anyway is refused for that, and not for its version")
    func preconditionComesLast() async throws {
        let rig = try await Rig()
        #expect(try await rig.send(.change, from: Rig.here).status == 200)
        let update = Message("PATCH", "/v1/regions/local/instances/i-1", body: #"{"status": "asleep"}"#)
        #expect(try await rig.send(update.with { $0["If-Match"] = "\"9\"" }, from: Rig.here).status == 400)
        let nobody = Message("DELETE", "/v1/regions/local/instances/i-2")
        #expect(try await rig.send(nobody.with { $0["If-Match"] = "\"9\"" }, from: Rig.here).status == 404)
    }

    @Test("a document that is no UTF-8 is refused")
    func brokenText() async throws {
        let rig = try await Rig()
        let bytes = Array("apiVersion: shoal/v1\ninstances: [{id: a, address: 10.1.0.1, description: ".utf8)
        let message = Message("POST", "/v1/regions/local:apply").with { $0.body = bytes + [0xff] + Array("}]".utf8) }
        let answer = try await rig.send(message, from: Rig.here)
        #expect(answer.status == 400)
        #expect(try await answer.error().message.contains("UTF-8"))
    }
}
