import Authentication
import SeededGenerator
import Testing

@Suite("Keys and tokens")
struct SecretTests {
    @Test("an access key has 128 random bits in its name and 256 in its secret, in forms that scanners know")
    func accessKey() {
        let keys = (0..<100).map { _ in NewAccessKey(role: .viewer) }
        #expect(keys.allSatisfy { $0.id.text.wholeMatch(of: /AK[0-9A-F]{32}/) != nil })
        #expect(keys.allSatisfy { $0.secret.revealed.wholeMatch(of: /shoalsk_[0-9a-f]{64}/) != nil })
        #expect(Set(keys.map(\.id)).count == 100 && Set(keys.map(\.secret.revealed)).count == 100)
    }

    @Test("a token has 256 random bits and reads back, alone and from its header")
    func token() throws {
        var generator = SeededGenerator(seed: 1)
        let token = BearerToken(using: &generator)
        #expect(token.revealed.wholeMatch(of: /shoal_[0-9a-f]{64}/) != nil)
        #expect(try #require(BearerToken(token.revealed)).digest == token.digest)
        for header in ["Bearer \(token.revealed)", "bearer  \(token.revealed)"] {
            #expect(try #require(BearerToken(authorization: header)).digest == token.digest)
        }
        #expect(BearerToken().digest != BearerToken().digest)
    }

    @Test("a new token is known by an id that tells nothing about it")
    func newToken() {
        let tokens = (0..<100).map { _ in NewBearerToken(role: .viewer) }
        #expect(tokens.allSatisfy { $0.id.wholeMatch(of: /tok-[0-9a-f]{16}/) != nil })
        #expect(Set(tokens.map(\.id)).count == 100 && Set(tokens.map(\.token.revealed)).count == 100)
        #expect(tokens.allSatisfy { !$0.token.revealed.contains($0.id.dropFirst(4)) })
    }

    @Test("what isn't a token is not read as one")
    func notAToken() {
        let good = BearerToken().revealed
        for text in ["", "shoal_", String(good.dropLast()), good + "0", good.uppercased(), "x" + good, " " + good] {
            #expect(BearerToken(text) == nil)
        }
        for header in [good, "Basic \(good)", "Bearer", "Bearer \(good) x", "JDCLOUD3-HMAC-SHA256 \(good)"] {
            #expect(BearerToken(authorization: header) == nil)
        }
    }

    @Test("the store keeps the SHA-256 of the token's text")
    func digest() throws {
        let token = try #require(BearerToken("shoal_" + String(repeating: "0", count: 64)))
        let text = "\(token.digest)"
        // printf 'shoal_%064d' 0 | sha256sum
        #expect(text == "383c63a2b689bbe477063f393302f9108ac5a5abfa71bf0f8410d58164e12df3")
        #expect(TokenDigest(text) == token.digest)
        #expect(TokenDigest(String(text.dropLast())) == nil && TokenDigest(text.uppercased()) == nil)
        for index in text.indices {
            let other = text[index] == "0" ? "1" : "0"
            #expect(TokenDigest(text.replacingCharacters(in: index...index, with: other)) != token.digest)
        }
    }

    @Test("printing a secret shows nothing of it")
    func redacted() {
        let key = NewAccessKey(role: .admin)
        let token = BearerToken()
        var dumped = ""
        dump((key, token), to: &dumped)
        let printed = "\(key) \(String(reflecting: key)) \(token) \(String(reflecting: token)) \(dumped)"
        #expect(printed.contains(key.id.text))
        #expect(!printed.contains(key.secret.revealed.suffix(64)) && !printed.contains(token.revealed.suffix(64)))
    }
}
