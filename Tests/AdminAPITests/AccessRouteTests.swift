import AdminAPI
import AdminTypes
import Authentication
import Store
import Testing

@Suite("keys, tokens and audit at the API")
struct AccessRouteTests {
    @Test("a key is made with its secret shown once, listed without it, used, and revoked for good")
    func keys() async throws {
        let rig = try await Rig()
        let answer = try await rig.root("POST", "/v1/keys", #"{"role": "admin", "description": "ci of web"}"#)
        #expect(answer.status == 200 && answer["Cache-Control"] == "no-store")
        let new = try await answer.result(NewKeyAnswer.self)
        #expect(new.accessKey.hasPrefix("AK") && new.secretKey.hasPrefix("shoalsk_") && new.role == "admin")
        var expected = KeyAnswer(
            accessKey: new.accessKey, role: "admin", description: "ci of web", createdAt: Rig.startedAt,
            createdBy: "root", lastUsed: nil, isRevoked: false)
        #expect(try await rig.root("GET", "/v1/keys").result(KeyList.self).keys == [expected])
        #expect(try await rig.send(Signer(key: new).sign(Message("GET", "/v1/audit"))).status == 200)

        expected.isRevoked = true
        for _ in 0..<2 {
            #expect(try await rig.root("DELETE", "/v1/keys/\(new.accessKey)").result(KeyAnswer.self) == expected)
        }
        #expect(try await rig.root("GET", "/v1/keys").result(KeyList.self).keys.map(\.isRevoked) == [true])
        #expect(try await rig.root("DELETE", "/v1/keys/AK0").status == 404)
        #expect(try await rig.root("DELETE", "/v1/tokens/tok-0").status == 404)
    }

    @Test("a token is made and shown once, listed without it, used, and revoked for good")
    func tokens() async throws {
        let rig = try await Rig()
        let answer = try await rig.root("POST", "/v1/tokens", #"{"role": "viewer", "description": "graphs"}"#)
        #expect(answer.status == 200 && answer["Cache-Control"] == "no-store")
        let new = try await answer.result(NewTokenAnswer.self)
        #expect(new.tokenId.wholeMatch(of: /tok-[0-9a-f]{16}/) != nil && BearerToken(new.token) != nil)
        let expected = TokenAnswer(
            tokenId: new.tokenId, role: "viewer", description: "graphs", createdAt: Rig.startedAt, createdBy: "root",
            lastUsed: nil, isRevoked: false)
        #expect(try await rig.root("GET", "/v1/tokens").result(TokenList.self).tokens == [expected])
        let reading = Message("GET", "/v1/status").bearing(new.token)
        #expect(try await rig.send(reading).status == 200)
        let revoked = try await rig.root("DELETE", "/v1/tokens/\(new.tokenId)").result(TokenAnswer.self)
        #expect(revoked.isRevoked && revoked.tokenId == new.tokenId)
        #expect(try await rig.send(reading).status == 401)
    }

    @Test("everything that is wrong with a new key or token is told at once, by field", arguments: ["keys", "tokens"])
    func badSpec(list: String) async throws {
        let rig = try await Rig()
        let long = String(repeating: "é", count: 257)
        let cases = [
            ("{}", ["role"]), (#"{"role": "root", "description": 5}"#, ["description", "role"]),
            (#"{"role": null, "description": "\#(long)"}"#, ["description", "role"]), ("[]", [""]), ("{", [""]),
        ]
        for (body, paths) in cases {
            let answer = try await rig.root("POST", "/v1/\(list)", body)
            #expect(answer.status == 400)
            #expect(try await answer.error().details?.map(\.path).sorted() == paths, "\(body)")
        }
        #expect(try await rig.store.accessKeys().isEmpty)
        #expect(try await rig.store.accessTokens().isEmpty)
        let full = #"{"role": "viewer", "description": "\#(long.dropLast())"}"#
        #expect(try await rig.root("POST", "/v1/\(list)", full).status == 200)
    }

    @Test("long lists come in pages, oldest first")
    func pages() async throws {
        let rig = try await Rig()
        var made: [String] = []
        for _ in 0..<25 {
            made.append(try await rig.newKey("viewer").accessKey)
            rig.clock.advance(by: 1)
        }
        let first = try await rig.root("GET", "/v1/keys").result(KeyList.self)
        #expect(first.keys.map(\.accessKey) == Array(made[..<20]) && first.totalCount == 25)
        let third = try await rig.root("GET", "/v1/keys", query: "pageNumber=3&pageSize=10").result(KeyList.self)
        #expect(third.keys.map(\.accessKey) == Array(made[20...]))
        #expect(try await rig.root("GET", "/v1/keys", query: "pageSize=1000").status == 400)
        #expect(try await rig.root("GET", "/v1/tokens", query: "pageNumber=0").status == 400)
    }

    // MARK: Audit

    private func audit(_ rig: Rig, _ query: String = "") async throws -> AuditAnswer {
        try await rig.root("GET", "/v1/audit", query: query).result()
    }

    @Test("the audit log tells changes of access and of resources in one order, and who asked for them")
    func audit() async throws {
        let rig = try await Rig()
        let signer = Signer(key: try await rig.newKey("operator"))
        rig.clock.advance(by: 1)
        #expect(try await rig.send(signer.sign(.change)).status == 200)
        _ = try await rig.root("DELETE", "/v1/keys/\(signer.key.accessKey)")
        let answer = try await audit(rig)
        #expect(answer.lastRevision == 3 && answer.entries.map(\.revision) == [1, 2, 3])
        #expect(answer.entries.map(\.kind) == ["access key", "instance", "access key"])
        #expect(answer.entries.map(\.action) == ["created", "created", "deleted"])
        let root = AuditEntryAnswer.Author(kind: "socket", name: "root", uid: 0, remote: nil)
        let key = AuditEntryAnswer.Author(kind: "key", name: signer.key.accessKey, uid: nil, remote: "192.0.2.7")
        #expect(answer.entries.map(\.author) == [root, key, root])
        #expect(answer.entries[0].time == "2026-11-23T11:38:49Z" && answer.entries[0].id == signer.key.accessKey)
        #expect(answer.entries[0].before == nil && answer.entries[0].after == #"{"description":"","role":"operator"}"#)
        #expect(answer.entries[1].after?.contains("10.1.0.1") == true)
        #expect(answer.entries[2].after == nil && answer.entries[2].before == answer.entries[0].after)
    }

    @Test("whoever goes on after the last revision misses nothing and gets nothing twice")
    func following() async throws {
        let rig = try await Rig()
        var seen: [UInt64] = []
        var last: UInt64 = 0
        func follow() async throws {
            while true {
                let answer = try await audit(rig, "after=\(last)&limit=2")
                guard !answer.entries.isEmpty else { return #expect(answer.lastRevision == last) }
                seen += answer.entries.map(\.revision)
                last = answer.lastRevision
            }
        }
        for number in 0..<7 {
            _ = try await rig.newKey("viewer")
            let instance = #"{"instanceId": "i-\#(number)", "privateIpAddress": "10.1.0.\#(number)"}"#
            #expect(try await rig.root("POST", "/v1/regions/local/instances/", instance).status == 200)
            if number % 2 == 0 { try await follow() }
        }
        #expect(seen == Array(1...14))
    }

    @Test("the newest entries are told oldest first, and numbers out of range are refused by name")
    func newest() async throws {
        let rig = try await Rig()
        for _ in 0..<5 { _ = try await rig.newToken("viewer") }
        #expect(try await audit(rig, "newest=true&limit=2").entries.map(\.revision) == [4, 5])
        #expect(try await audit(rig, "newest=true&after=4").entries.map(\.revision) == [5])
        #expect(try await audit(rig, "newest=false&limit=2").entries.map(\.revision) == [1, 2])
        let cases = [("limit=0", "limit"), ("limit=1001", "limit"), ("after=-1", "after"), ("newest=1", "newest")]
        for (query, field) in cases {
            let answer = try await rig.root("GET", "/v1/audit", query: query)
            #expect(answer.status == 400)
            #expect(try await answer.error().details?.map(\.path) == [field])
        }
    }

    @Test("no secret is in a list, the audit log, the document, an error or the log")
    func noSecrets() async throws {
        let rig = try await Rig()
        let key = try await rig.newKey("admin")
        let token = try await rig.newToken("admin")
        var told: [String] = []
        func note(_ message: Message, from peer: Peer = Rig.elsewhere) async throws {
            told.append(try await rig.send(message, from: peer).text())
        }
        for path in ["/v1/keys", "/v1/tokens", "/v1/audit", "/v1/status", "/v1/regions/local:export"] {
            try await note(Message("GET", path), from: Rig.here)
            try await note(Message("GET", path).bearing(token.token))
            try await note(Signer(key: key).sign(Message("GET", path)))
        }
        try await note(Signer(key: key).sign(.change))
        try await note(Signer(key: key).sign(.change).with { $0.body = [] })
        try await note(Message.change.bearing(token.token + "0"))
        try await note(Message("DELETE", "/v1/tokens/\(token.token)"), from: Rig.here)
        try await note(Message("DELETE", "/v1/keys/\(key.accessKey)"), from: Rig.here)
        try await note(Message("DELETE", "/v1/tokens/\(token.tokenId)"), from: Rig.here)
        try await note(Message("GET", "/v1/audit"), from: Rig.here)
        told.append(rig.log.text)
        #expect(told.count == 23 && told.allSatisfy { !$0.isEmpty })
        let digest = try #require(BearerToken(token.token)).digest.description
        for secret in [key.secretKey, token.token, digest] {
            #expect(!told.contains { $0.contains(secret) || $0.contains(secret.suffix(64)) })
        }
    }
}
