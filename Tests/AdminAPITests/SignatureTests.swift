import AdminAPI
import AdminTypes
import Authentication
import Hummingbird
import NIOCore
import Store
import Synchronization
import Testing

@Suite("signed requests at the API")
struct SignatureTests {
    /// What an attacker or a mistaken client sends in the place of a request that is right.
    struct Attempt: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let status: Int
        let make: @Sendable (Rig, Signer) async throws -> Message

        init(_ what: String, _ status: Int, _ make: @escaping @Sendable (Rig, Signer) async throws -> Message) {
            testDescription = what
            self.status = status
            self.make = make
        }

        /// Signed by another signer than the right one.
        init(_ what: String, signer change: @escaping @Sendable (inout Signer) -> Void) {
            self.init(what, 401) { _, signer in
                var other = signer
                change(&other)
                return other.sign(.change)
            }
        }

        /// Changed after it was signed.
        init(_ what: String, of message: Message = .change, after change: @escaping @Sendable (inout Message) -> Void) {
            self.init(what, 401) { _, signer in signer.sign(message).with(change) }
        }

        static let all = [
            Attempt("another secret", signer: { $0.key.secretKey += "0" }),
            Attempt("an unknown key", signer: { $0.key.accessKey = "AK00000000000000000000000000000000" }),
            Attempt("signed 15 minutes and a second ago", signer: { $0.time -= 901 }),
            Attempt("signed 15 minutes and a second from now", signer: { $0.time += 901 }),
            Attempt("signed for another region", signer: { $0.region = "cn-north-1" }),
            Attempt("signed for another service", signer: { $0.service = "vm" }),
            Attempt("another body", after: { $0.body = Array(#"{"instanceId": "i-2"}"#.utf8) }),
            Attempt(
                "another body with its hash",
                after: { message in
                    message.body = Array(#"{"instanceId": "i-2", "privateIpAddress": "10.1.0.2"}"#.utf8)
                    message["x-jdcloud-content-sha256"] = hash(message.body)
                }),
            Attempt(
                "another body without a hash",
                after: { message in
                    message.body = Array(#"{"instanceId": "i-2", "privateIpAddress": "10.1.0.2"}"#.utf8)
                    message["x-jdcloud-content-sha256"] = nil
                }),
            Attempt("another path", after: { $0.path = "/v1/regions/local/availabilityGroups/" }),
            Attempt(
                "a dry run in earnest",
                of: Message("POST", "/v1/regions/local:apply", query: "dryRun=true", body: "apiVersion: shoal/v1"),
                after: { $0.query = "" }),
            Attempt(
                "a reading made a deletion", of: Message("GET", "/v1/regions/local/instances/i-0"),
                after: { $0.method = "DELETE" }),
            Attempt("another host", after: { $0.host = "192.0.2.9:9440" }),
            Attempt("two hosts", after: { $0.headers.append(("host", "192.0.2.9:9440")) }),
            Attempt("no signature", after: { $0["authorization"] = "JDCLOUD3-HMAC-SHA256" }),
            Attempt("two signatures", after: { $0.headers.append(("authorization", $0["authorization"] ?? "")) }),
            Attempt("a key that was revoked", 401) { rig, signer in
                let message = signer.sign(.change)
                _ = try await rig.root("DELETE", "/v1/keys/\(signer.key.accessKey)")
                return message
            },
            Attempt("a viewer's key", 403) { rig, signer in
                var viewer = signer
                viewer.key = try await rig.newKey("viewer")
                return viewer.sign(.change)
            },
            Attempt("the same again", 403) { rig, signer in
                let message = signer.sign(.change)
                #expect(try await rig.send(message).status == 200)
                _ = try await rig.root("DELETE", "/v1/regions/local/instances/i-1")
                return message
            },
        ]
    }

    private static func rig() async throws -> (Rig, Signer) {
        let rig = try await Rig()
        let instance = #"{"instanceId": "i-0", "privateIpAddress": "10.1.0.9"}"#
        #expect(try await rig.root("POST", "/v1/regions/local/instances/", instance).status == 200)
        return (rig, Signer(key: try await rig.newKey("operator")))
    }

    @Test(
        "what was signed is done, in both schemes, and the audit log names the key", arguments: SigningScheme.allCases)
    func good(scheme: SigningScheme) async throws {
        var (rig, signer) = try await Self.rig()
        signer.scheme = scheme
        #expect(try await rig.send(signer.sign(.change)).status == 200)
        let entry = try #require(try await rig.store.newestHistory(after: 0, limit: 1).first)
        #expect(entry.author == Author(kind: .key, name: signer.key.accessKey, remote: "192.0.2.7"))
        #expect(entry.id == "i-1")
    }

    @Test(
        "anything else is refused and changes nothing, in both schemes", arguments: Attempt.all, SigningScheme.allCases)
    func refused(attempt: Attempt, scheme: SigningScheme) async throws {
        var (rig, signer) = try await Self.rig()
        signer.scheme = scheme
        let message = try await attempt.make(rig, signer)
        let before = try await rig.state()
        let answer = try await rig.send(message)
        #expect(answer.status == attempt.status)
        let error = try await answer.error()
        #expect(error.status == (attempt.status == 401 ? "UNAUTHENTICATED" : "PERMISSION_DENIED"))
        #expect((answer["WWW-Authenticate"] != nil) == (attempt.status == 401))
        #expect(!error.message.contains(signer.key.secretKey))
        #expect(try await rig.state() == before)
    }

    @Test("paths are signed as they were sent, whichever way a client spells them")
    func spelling() async throws {
        let (rig, signer) = try await Self.rig()
        for path in ["/v1/regions/local:export", "/v1/regions/local%3Aexport"] {
            #expect(try await rig.send(signer.sign(Message("GET", path))).status == 200, "\(path)")
        }
    }

    @Test("over the unix socket a signature decides, not the process that sent it")
    func local() async throws {
        var (rig, signer) = try await Self.rig()
        signer.key = try await rig.newKey("viewer")
        #expect(try await rig.send(signer.sign(.change), from: Rig.here).status == 403)
        signer.key.secretKey += "0"
        let reading = Message("GET", "/v1/regions/local/instances/")
        #expect(try await rig.send(signer.sign(reading), from: Rig.here).status == 401)
        signer.key = try await rig.newKey("operator")
        #expect(try await rig.send(signer.sign(.change), from: Rig.here).status == 200)
        let entry = try #require(try await rig.store.newestHistory(after: 0, limit: 1).first)
        #expect(entry.author == Author(kind: .key, name: signer.key.accessKey, uid: 0))
    }

    // MARK: The body

    /// A body that tells whether anybody wanted it, and does something when somebody does.
    private struct TrackedBody: AsyncSequence, Sendable {
        final class Track: Sendable {
            private let flag = Mutex(false)
            var wasRead: Bool { flag.withLock { $0 } }
            func note() { flag.withLock { $0 = true } }
        }

        let bytes: [UInt8]
        let track = Track()
        var whenRead: @Sendable () async throws -> Void = {}

        struct AsyncIterator: AsyncIteratorProtocol {
            let body: TrackedBody
            var isAtEnd = false

            mutating func next() async throws -> ByteBuffer? {
                guard !isAtEnd else { return nil }
                isAtEnd = true
                body.track.note()
                try await body.whenRead()
                return ByteBuffer(bytes: body.bytes)
            }
        }

        func makeAsyncIterator() -> AsyncIterator { AsyncIterator(body: self) }
    }

    @Test("what can be refused without the body is refused before it is read")
    func beforeBody() async throws {
        let (rig, signer) = try await Self.rig()
        let viewer = Signer(key: try await rig.newKey("viewer"))
        let viewerToken = try await rig.newToken("viewer").token
        var stranger = signer
        stranger.key.accessKey = "AK0"
        var forger = signer
        forger.key.secretKey += "0"
        var late = signer
        late.time -= 901
        let cases: [(Message, Int)] = [
            (.change, 401), (Message.change.bearing("shoal_x"), 401),
            (Message.change.bearing(BearerToken().revealed), 401), (Message.change.bearing(viewerToken), 403),
            (stranger.sign(.change), 401), (forger.sign(.change), 401), (late.sign(.change), 401),
            (viewer.sign(.change), 403),
        ]
        for (message, status) in cases {
            let body = TrackedBody(bytes: message.body)
            let answer = try await rig.send(message, body: Hummingbird.RequestBody(asyncSequence: body))
            #expect(answer.status == status && !body.track.wasRead, "\(message["authorization"] ?? "nothing")")
        }
        let body = TrackedBody(bytes: Message.change.body)
        let answer = try await rig.send(signer.sign(.change), body: Hummingbird.RequestBody(asyncSequence: body))
        #expect(answer.status == 200 && body.track.wasRead)
    }

    @Test("a key or token that is revoked while the body still comes does not count")
    func revokedMeanwhile() async throws {
        let (rig, signer) = try await Self.rig()
        let token = try await rig.newToken("operator")
        for (message, path) in [
            (signer.sign(.change), "/v1/keys/\(signer.key.accessKey)"),
            (Message.change.bearing(token.token), "/v1/tokens/\(token.tokenId)"),
        ] {
            let body = TrackedBody(bytes: message.body) { _ = try await rig.root("DELETE", path) }
            let answer = try await rig.send(message, body: Hummingbird.RequestBody(asyncSequence: body))
            #expect(answer.status == 401)
        }
        #expect(try await rig.store.read().configuration.instances.map(\.id) == ["i-0"])
    }
}
