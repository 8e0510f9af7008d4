import AdminAPI
import AdminTypes
import Authentication
import NetworkTypes
import ServiceLifecycle
import Store
import TableCompiler
import Testing

@Suite("who may")
struct AccessTests {
    // MARK: Without a signature

    @Test("over TCP nobody is anybody, and only life and readiness are told")
    func nobody() async throws {
        let rig = try await Rig()
        for path in ["/livez", "/readyz"] { #expect(try await rig.send(Message("GET", path)).status == 200) }
        let answer = try await rig.send(Message("GET", "/v1/status"))
        #expect(answer.status == 401)
        #expect(answer["WWW-Authenticate"] == "JDCLOUD3-HMAC-SHA256, JDCLOUD2-HMAC-SHA256, Bearer")
    }

    @Test("an unknown scheme is told which ones there are, and is not taken for nobody", arguments: ["Basic eDp5", ""])
    func unknownScheme(header: String) async throws {
        let rig = try await Rig()
        let message = Message("GET", "/v1/status").with { $0["authorization"] = header }
        for peer in [Rig.elsewhere, Rig.here] {
            let answer = try await rig.send(message, from: peer)
            #expect(answer.status == 401)
            let text = try await answer.error().message
            #expect(["JDCLOUD2-HMAC-SHA256", "JDCLOUD3-HMAC-SHA256", "Bearer"].allSatisfy(text.contains))
            #expect(!text.contains("eDp5"))
        }
        #expect(try await rig.send(message.with { $0.path = "/livez" }).status == 200)
    }

    @Test("a path or query without a clear meaning is a bad request, whoever sends it")
    func unclear() async throws {
        let rig = try await Rig()
        for (path, query) in [("/v1//status", ""), ("/v1/status", "a"), ("/v1/status", "a=1&a=2")] {
            for peer in [Rig.elsewhere, Rig.here] {
                #expect(try await rig.send(Message("GET", path, query: query), from: peer).status == 400)
            }
        }
    }

    @Test("the audit log names the user of a process, and its number where that has no name")
    func localAuthors() async throws {
        let rig = try await Rig()
        let process = PeerCredentials(processID: 7, uid: 4_000_000_000, gids: [990])
        #expect(try await rig.send(.change, from: .local(process)).status == 200)
        _ = try await rig.root("DELETE", "/v1/regions/local/instances/i-1")
        let authors = try await rig.store.history(after: 0, limit: 9).map(\.author)
        let expected = [
            Author(kind: .socket, name: "4000000000", uid: 4_000_000_000), Author(kind: .socket, name: "root", uid: 0),
        ]
        #expect(authors == expected)
    }

    @Test("why the daemon is not ready is told to those who may read its status only")
    func readiness() async throws {
        let vip = NetworkTypes.Endpoint(address: try #require(IPAddress("203.0.113.9")), port: 80, transport: .tcp)
        let entry = ListenerEntry(id: ListenerID(rawValue: 0), service: ServiceID(rawValue: 0))
        // An empty store is no reason to stop serving.
        let rig = try await Rig(installed: Tables(listeners: [vip: entry]))
        let probe = try await rig.send(Message("GET", "/readyz"))
        #expect(probe.status == 503)
        #expect(try await probe.text() == "not ready; see shoal status\n")
        #expect(try await rig.root("GET", "/readyz").text().contains("the store is empty, but 1 listeners"))
    }

    // MARK: Tokens

    @Test("a token's bearer has its role, and the audit log names the token")
    func token() async throws {
        let rig = try await Rig()
        let viewer = try await rig.newToken("viewer")
        let writer = try await rig.newToken("operator")
        #expect(try await rig.send(Message.change.bearing(viewer.token)).status == 403)
        #expect(try await rig.send(Message.change.bearing(writer.token)).status == 200)
        let entry = try #require(try await rig.store.newestHistory(after: 0, limit: 1).first)
        #expect(entry.author == Author(kind: .token, name: writer.tokenId, remote: "192.0.2.7"))
    }

    @Test("a token that is none, unknown or revoked is refused, over the unix socket too")
    func badTokens() async throws {
        let rig = try await Rig()
        let revoked = try await rig.newToken("admin")
        #expect(try await rig.root("DELETE", "/v1/tokens/\(revoked.tokenId)").status == 200)
        for token in ["", "x", "shoal_", BearerToken().revealed, revoked.token, revoked.token + "0"] {
            for peer in [Rig.elsewhere, Rig.here] {
                let answer = try await rig.send(Message("GET", "/v1/status").bearing(token), from: peer)
                #expect(answer.status == 401)
            }
        }
        let (first, second) = (try await rig.newToken("admin"), try await rig.newToken("viewer"))
        let both = Message("GET", "/v1/status").bearing(first.token).with {
            $0.headers.append(("authorization", "Bearer \(second.token)"))
        }
        #expect(try await rig.send(both).status == 401, "one of them is not enough")
    }

    // MARK: The store

    private static let broken = StoreError.damaged(path: "shoal.db", cause: "it is torn")

    @Test("while keys could never be read, those who show one are told so and why, until they can")
    func unreadable() async throws {
        let rig = try await Rig()
        let signer = Signer(key: try await rig.newKey("viewer"))
        let token = try await rig.newToken("viewer").token
        let reading = Message("GET", "/v1/regions/local/instances/")
        rig.accessStore.fail(with: Self.broken)
        for message in [signer.sign(reading), reading.bearing(token)] {
            let answer = try await rig.send(message)
            #expect(answer.status == 503)
            #expect(try await answer.error().message.contains("it is torn"))
        }
        #expect(try await rig.send(Message("GET", "/livez").bearing(token)).status == 200)
        #expect(try await rig.send(reading, from: Rig.here).status == 200)
        rig.accessStore.fail(with: nil)
        for message in [signer.sign(reading), reading.bearing(token)] {
            #expect(try await rig.send(message).status == 200)
        }
    }

    @Test("keys are read once for many requests, and again when the store says so")
    func readOnce() async throws {
        let rig = try await Rig()
        let token = try await rig.newToken("viewer").token
        let reading = Message("GET", "/v1/status").bearing(token)
        let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<50 { group.addTask { try await rig.send(reading).status } }
            return try await group.reduce(into: Set<Int>()) { $0.insert($1) }
        }
        #expect(statuses == [200] && rig.accessStore.readCount == 1)

        // As another node would, past this process's own doing.
        let new = NewBearerToken(role: .viewer)
        let stored = AccessToken(
            id: new.id, digest: "\(new.token.digest)", role: "viewer", createdAt: 0, createdBy: "elsewhere")
        try await rig.store.create(stored, by: Author(kind: .system, name: "elsewhere"))
        #expect(try await rig.send(reading.bearing(new.token.revealed)).status == 200)
        #expect(rig.accessStore.readCount == 2)
    }

    @Test("what was known counts on while the store cannot be read again, and what was revoked does not")
    func brokenLater() async throws {
        let rig = try await Rig()
        let (good, bad) = (try await rig.newToken("viewer"), try await rig.newToken("viewer"))
        let signer = Signer(key: try await rig.newKey("viewer"))
        let reading = Message("GET", "/v1/status")
        #expect(try await rig.send(reading.bearing(bad.token)).status == 200)
        #expect(try await rig.root("DELETE", "/v1/tokens/\(bad.tokenId)").status == 200)
        #expect(try await rig.root("DELETE", "/v1/keys/\(signer.key.accessKey)").status == 200)
        rig.accessStore.fail(with: Self.broken)
        #expect(try await rig.send(reading.bearing(good.token)).status == 200)
        #expect(try await rig.send(reading.bearing(bad.token)).status == 401)
        #expect(try await rig.send(signer.sign(reading)).status == 401)
        #expect(try await rig.root("GET", "/v1/tokens").status == 503)
        #expect(try await rig.root("POST", "/v1/keys", #"{"role": "viewer"}"#).status == 503)
    }

    @Test("what was read before a revocation does not count after it")
    func staleReading() async throws {
        let rig = try await Rig()
        let token = try await rig.newToken("viewer")
        rig.accessStore.afterReading { _ = try? await rig.root("DELETE", "/v1/tokens/\(token.tokenId)") }
        #expect(try await rig.send(Message("GET", "/v1/status").bearing(token.token)).status == 401)
        #expect(rig.accessStore.readCount == 2)
    }

    @Test("a role that this version does not know may nothing")
    func unknownRole() async throws {
        let rig = try await Rig()
        let new = NewBearerToken(role: .admin)
        let stored = AccessToken(
            id: new.id, digest: "\(new.token.digest)", role: "auditor", createdAt: 0, createdBy: "newer")
        try await rig.store.create(stored, by: Author(kind: .system, name: "newer"))
        let answer = try await rig.send(Message("GET", "/v1/status").bearing(new.token.revealed))
        #expect(answer.status == 403)
    }

    @Test("when keys and tokens were used is listed at once, and stored in one go at the end")
    func uses() async throws {
        let rig = try await Rig()
        let signer = Signer(key: try await rig.newKey("viewer"))
        let token = try await rig.newToken("viewer")
        let reading = Message("GET", "/v1/status")
        for nonce in 0..<5 { #expect(try await rig.send(signer.sign(reading, nonce: "\(nonce)")).status == 200) }
        rig.clock.advance(by: 60)
        #expect(try await rig.send(reading.bearing(token.token)).status == 200)
        #expect(rig.accessStore.notes.isEmpty, "not with each request")
        let keys = try await rig.root("GET", "/v1/keys").result(KeyList.self).keys
        #expect(keys.map(\.lastUsedTime) == ["2026-11-23T11:38:49Z"])
        let tokens = try await rig.root("GET", "/v1/tokens").result(TokenList.self).tokens
        #expect(tokens.map(\.lastUsedTime) == ["2026-11-23T11:39:49Z"])

        try await rig.stop()
        let noted = [signer.key.accessKey: Rig.startedAt, token.tokenId: Rig.startedAt + 60]
        #expect(rig.accessStore.notes == [noted])
    }

    @Test("uses that the store does not take are told again")
    func usesNotTaken() async throws {
        let rig = try await Rig()
        let token = try await rig.newToken("viewer")
        #expect(try await rig.send(Message("GET", "/v1/status").bearing(token.token)).status == 200)
        rig.accessStore.fail(with: .diskFull(path: "shoal.db"))
        try await rig.stop()
        rig.accessStore.fail(with: nil)
        try await rig.stop()
        try await rig.stop()
        #expect(rig.accessStore.notes == [[token.tokenId: Rig.startedAt]], "and once only")
    }
}

struct KeyList: Decodable {
    let keys: [KeyAnswer]
    let totalCount: Int
}

struct TokenList: Decodable {
    let tokens: [TokenAnswer]
    let totalCount: Int
}

extension Rig {
    /// Starts the service of the authenticator and stops it as the daemon does.
    func stop() async throws {
        let (started, isUp) = AsyncStream.makeStream(of: Void.self)
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: authenticator), .init(service: Beacon(isUp: isUp))],
                logger: .init(label: "test") { _ in self.log }))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            for await _ in started { break }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    /// Says that the services run.
    private struct Beacon: Service {
        let isUp: AsyncStream<Void>.Continuation

        func run() async throws {
            isUp.yield()
            try await gracefulShutdown()
        }
    }
}
