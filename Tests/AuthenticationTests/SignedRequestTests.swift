import Authentication
import Testing

@Suite("Signed requests")
struct SignedRequestTests {
    private let signed = Signer().sign(Message(), path: "/v1/regions/local/backends/")

    @Test("a request signed by the book is believed, in both schemes", arguments: ["2", "3"])
    func byTheBook(version: String) throws {
        let message = Signer(version: version).sign(Message(), path: "/v1/regions/local/backends/")
        #expect(try message.verify().accessKey == AccessKeyID("AKTEST"))
        #expect(try message.read().scheme.rawValue == "JDCLOUD\(version)-HMAC-SHA256")
    }

    @Test("the order, case and surrounding spaces of headers mean nothing")
    func headerSpelling() throws {
        let message = signed.with { message in
            message.headers = message.headers.reversed().map {
                .init(name: $0.name.uppercased(), value: " \t\($0.value) ")
            }
        }
        try message.verify()
    }

    @Test("before the body is there, the signature is checked as far as the request tells the body's hash")
    func beforeBody() throws {
        let place = SigningPlace(region: "local")
        func check(_ message: Message, _ secret: SecretKey? = SecretKey("SKTEST")) throws(SignatureRefusal) -> Bool {
            let request = try message.read()
            return try request.check(secret: secret, place: place, now: request.signedAt)
        }
        let hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        let telling = signed.with { $0["x-jdcloud-content-sha256"] = hash }
        #expect(try check(telling))
        #expect(try !check(signed) && !check(signed, SecretKey("another")), "nothing to check it with")
        #expect { try check(telling, SecretKey("another")) } throws: { isMismatch($0) }
        let other = telling.with { $0["x-jdcloud-content-sha256"] = hash.replacing("e3", with: "e4") }
        #expect { try check(other) } throws: { isMismatch($0) }
        #expect(throws: SignatureRefusal.unknownKey) { try check(telling, nil) }
        let request = try telling.read()
        #expect(throws: SignatureRefusal.clockSkew(ageSeconds: 901)) {
            try request.check(
                secret: SecretKey("SKTEST"), place: place, now: UnixTime(seconds: request.signedAt.seconds + 901))
        }
    }

    @Test("headers of no signature may be added")
    func otherHeaders() throws {
        try signed.with { $0["accept"] = "*/*" }.verify()
    }

    @Test("several values of a signed header count in their order")
    func severalValues() throws {
        var signer = Signer()
        signer.signedHeaders.append("x-jdcloud-pin")
        signer.signedInstead["x-jdcloud-pin"] = "a,b"
        var message = signer.sign(Message(), path: "/v1/regions/local/backends/")
        message.headers += ["a", "b"].map { .init(name: "X-Jdcloud-Pin", value: $0) }
        try message.verify()
        message.headers.swapAt(message.headers.count - 1, message.headers.count - 2)
        #expect { try message.verify() } throws: { isMismatch($0) }
    }

    @Test(
        "a missing header is named",
        arguments: ["authorization", "x-jdcloud-date", "host", "content-type", "x-jdcloud-nonce"])
    func missing(name: String) {
        #expect(throws: SignatureRefusal.missingHeader(name)) { try signed.with { $0[name] = nil }.verify() }
    }

    @Test(
        "a header that can't be there twice is refused when it is",
        arguments: ["authorization", "x-jdcloud-date", "host", "x-jdcloud-content-sha256"])
    func repeated(name: String) {
        let message = signed.with { message in
            message.headers.removeAll { $0.name == name }
            message.headers += Array(repeating: .init(name: name, value: signed[name] ?? ""), count: 2)
        }
        #expect(throws: SignatureRefusal.repeatedHeader(name)) { try message.verify() }
    }

    @Test("a malformed authorization is refused, and says which part of it")
    func malformedAuthorization() throws {
        let good = try #require(signed["authorization"])
        let signature = try #require(good.split(separator: "Signature=").last)
        let cases: [(String, SignatureRefusal)] = [
            ("", .malformed(.authorization)),
            ("JDCLOUD2-HMAC-SHA256", .malformed(.authorization)),
            (good.replacing("Signature=", with: "Sign="), .malformed(.authorization)),
            (good + ", More=1", .malformed(.authorization)),
            (good.replacing("SignedHeaders=", with: "Credential="), .malformed(.authorization)),
            (good.replacing("/local/", with: "/"), .malformed(.credential)),
            (good.replacing("AKTEST/", with: "/"), .malformed(.credential)),
            (good.replacing("/lb/", with: "/l/b/"), .malformed(.credential)),
            (good.replacing("content-type;", with: "Content-Type;"), .malformed(.signedHeaders)),
            (good.replacing("content-type;", with: "x;"), .malformed(.signedHeaders)),
            (good.replacing("content-type;", with: "host;"), .malformed(.signedHeaders)),
            (good.replacing("content-type;", with: ";"), .malformed(.signedHeaders)),
            (good.replacing("content-type;", with: "a b;"), .malformed(.signedHeaders)),
            (good.replacing("host;", with: ""), .unsignedHost),
            (String(good.dropLast()), .malformed(.signature)),
            (good + "0", .malformed(.signature)),
            (good.replacing(signature, with: signature.uppercased()), .malformed(.signature)),
            (good.replacing("JDCLOUD2-HMAC", with: "JDCLOUD4-HMAC"), .unknownAlgorithm),
            (good.replacing("JDCLOUD2-HMAC", with: "jdcloud2-HMAC"), .unknownAlgorithm),
            ("Bearer x", .unknownAlgorithm),
        ]
        for (authorization, refusal) in cases {
            #expect(throws: refusal, "\(authorization)") {
                try signed.with { $0["authorization"] = authorization }.verify()
            }
        }
    }

    @Test(
        "other malformed headers are refused",
        arguments: [
            ("x-jdcloud-date", "2026-11-23T11:38:49Z", SignatureRefusal.malformed(.date)),
            ("x-jdcloud-content-sha256", "e3b0", .malformed(.bodyDigest)),
            ("x-jdcloud-nonce", "1\nhost:elsewhere", .malformed(.headerValue)),
        ])
    func malformedHeader(name: String, value: String, refusal: SignatureRefusal) {
        #expect(throws: refusal) { try signed.with { $0[name] = value }.verify() }
    }

    @Test("a key that is not there is refused whatever the signature")
    func unknownKey() {
        #expect(throws: SignatureRefusal.unknownKey) { try signed.verify(secret: nil) }
    }

    @Test("the clock may be 15 minutes off either way, and not a second more")
    func skew() throws {
        for age in [-900, -899, 0, 899, 900] as [Int64] { try signed.verify(agedSeconds: age) }
        for age in [-901, 901, 86_400, -86_400] as [Int64] {
            #expect(throws: SignatureRefusal.clockSkew(ageSeconds: age)) { try signed.verify(agedSeconds: age) }
        }
    }

    @Test("a signature around midnight belongs to the day that its date names")
    func midnight() throws {
        var signer = Signer(date: "20261122T235959Z", day: "20261122")
        try signer.sign(Message(), path: "/v1/regions/local/backends/").verify(agedSeconds: 2)
        signer.day = "20261123"
        let wrong = signer.sign(Message(), path: "/v1/regions/local/backends/")
        #expect(throws: SignatureRefusal.wrongScope(.day, expected: "20261122")) { try wrong.verify() }
    }

    @Test("a signature for another region or service is refused")
    func scope() {
        let path = "/v1/regions/local/backends/"
        #expect(throws: SignatureRefusal.wrongScope(.region, expected: "local")) {
            try Signer(region: "cn-north-1").sign(Message(), path: path).verify()
        }
        #expect(throws: SignatureRefusal.wrongScope(.region, expected: "local")) {
            try Signer(region: "jdcloud-api").sign(Message(), path: path).verify()
        }
        #expect(throws: SignatureRefusal.wrongScope(.service, expected: "ag or lb")) {
            try Signer(service: "vm").sign(Message(), path: path).verify()
        }
    }

    @Test("a scope that ends with the name of the other scheme is refused")
    func terminator() {
        let message = signed.with {
            $0["authorization"] = $0["authorization"]?.replacing("jdcloud2_request", with: "jdcloud3_request")
        }
        #expect(throws: SignatureRefusal.wrongScope(.terminator, expected: "jdcloud2_request")) { try message.verify() }
    }

    @Test("a signature of one scheme is none of the other")
    func schemesApart() {
        let message = signed.with {
            $0["authorization"] = $0["authorization"]?.replacing("jdcloud2_request", with: "jdcloud3_request")
                .replacing("JDCLOUD2", with: "JDCLOUD3")
        }
        #expect { try message.verify() } throws: { isMismatch($0) }
    }

    @Test("a path without a region is signed for the daemon's or for none", arguments: ["local", "jdcloud-api"])
    func noRegion(region: String) throws {
        try Signer(region: region).sign(Message(path: "/v1/events"), path: "/v1/events").verify()
    }

    @Test("a host with a port is signed with it, 80 and 443 perhaps without", arguments: ["h:80", "h:443"])
    func wellKnownPorts(host: String) throws {
        let message = Message(headers: [.init(name: "Host", value: host)])
        let path = "/v1/regions/local/backends/"
        try Signer().sign(message, path: path).verify()
        try Signer(signedInstead: ["host": "h"]).sign(message, path: path).verify()
        let other = message.with { $0["host"] = "h:8080" }
        #expect {
            try Signer(signedInstead: ["host": "h"]).sign(other, path: path).verify()
        } throws: {
            isMismatch($0)
        }
    }

    @Test("clients may sign path and query as they send them, as those for Go and Node do")
    func asSent() throws {
        let colon = Message(method: "POST", path: "/v1/regions/local/targetGroups/tg-1:registerTargets")
        try Signer().sign(colon, path: colon.path).verify()
        try Signer().sign(colon, path: "/v1/regions/local/targetGroups/tg-1%3AregisterTargets").verify()

        let spaced = Message(query: "name=be+1&age=2")
        try Signer().sign(spaced, path: spaced.path, query: "name=be+1&age=2").verify()
        try Signer().sign(spaced, path: spaced.path, query: "age=2&name=be%201").verify()
        #expect { try Signer().sign(spaced, path: spaced.path, query: "name=be 1&age=2").verify() } throws: {
            isMismatch($0)
        }
    }

    @Test("a mismatch tells the hash of the canonical request, so that it can be compared with the client's log")
    func mismatchTells() {
        let message = signed.with { $0.path = "/v1/regions/local/listeners/" }
        #expect { try message.verify() } throws: { error in
            "\(error)".firstMatch(of: /[0-9a-f]{64}/) != nil && !"\(error)".contains("SKTEST")
        }
    }

    @Test("whoever is not known gets 401, whoever is known and refused gets 403, and every message is one line")
    func statusAndMessages() {
        let unknown: [SignatureRefusal] =
            [
                .missingHeader("authorization"), .missingHeader("host"), .repeatedHeader("host"), .unknownAlgorithm,
                .unsignedHost, .unknownKey, .clockSkew(ageSeconds: 1000), .clockSkew(ageSeconds: -1000), .bodyChanged,
                .signatureMismatch(canonicalRequestDigest: "00"),
            ]
            + SignatureRefusal.Part.allCases.map { .malformed($0) }
            + SignatureRefusal.ScopePart.allCases.map { .wrongScope($0, expected: "x") }
        let known: [SignatureRefusal] = [.replayed, .beforeMemory(aheadSeconds: 3)]
        #expect(unknown.allSatisfy { $0.httpStatus == 401 } && known.allSatisfy { $0.httpStatus == 403 })
        let messages = (unknown + known).map(\.description)
        #expect(Set(messages).count == messages.count)
        #expect(messages.allSatisfy { !$0.isEmpty && !$0.contains("\n") })
        #expect(
            SignatureRefusal.clockSkew(ageSeconds: -1000).description
                == "the request was signed 1000 s from now by this daemon's clock, more than 900 s away: compare the clocks"
        )
    }
}
