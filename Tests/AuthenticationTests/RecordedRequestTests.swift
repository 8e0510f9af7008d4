import Authentication
import Crypto
import Foundation
import SeededGenerator
import Testing

@Suite("Requests that the public SDK signed")
struct RecordedRequestTests {
    @Test("each of them is believed", arguments: Recording.all)
    func verified(message: Message) throws {
        let proof = try message.verify()
        #expect(proof.accessKey == AccessKeyID("AKTEST"))
    }

    @Test("both schemes, all methods, both kinds of query and an unnamed region are among them")
    func variety() throws {
        let requests = try Recording.all.map { message throws(SignatureRefusal) in try message.read() }
        #expect(requests.count == 42)
        #expect(Set(requests.map(\.scheme)) == Set(SigningScheme.allCases))
        #expect(Set(requests.map(\.method)) == ["GET", "HEAD", "POST", "PATCH", "PUT", "DELETE"])
        #expect(requests.contains { $0.target.path == "/v1/regions/local/backends/后端 1" })
        #expect(requests.contains { $0.target.path == "/v1/regions/local/targetGroups/tg-1:registerTargets" })
        #expect(requests.contains { $0.target.path == "/v1/status" })
        let values = requests.flatMap { $0.target.parameters.map(\.value) }
        #expect(values.contains("后端") && values.contains("be 1"))
    }

    @Test("another secret does not do", arguments: Recording.all)
    func anotherSecret(message: Message) {
        #expect { try message.verify(secret: SecretKey("SKTESU")) } throws: { isMismatch($0) }
    }

    @Test("a byte of the path or query replaced, removed or added is noticed", arguments: Recording.all)
    func targetChanged(message: Message) {
        var generator = SeededGenerator(seed: 1)
        for path in changes(of: message.path, using: &generator) where decoded(path) != decoded(message.path) {
            #expect(throws: SignatureRefusal.self, "\(path)") { try message.with { $0.path = path }.verify() }
        }
        for query in changes(of: message.query, using: &generator) where pairs(query) != pairs(message.query) {
            #expect(throws: SignatureRefusal.self, "\(query)") { try message.with { $0.query = query }.verify() }
        }
    }

    @Test("another method is noticed", arguments: Recording.all)
    func methodChanged(message: Message) {
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "get", ""] where method != message.method {
            #expect { try message.with { $0.method = method }.verify() } throws: { isMismatch($0) }
        }
    }

    @Test("a byte of a signed header, the date or the signature changed is noticed", arguments: Recording.all)
    func headerChanged(message: Message) throws {
        var generator = SeededGenerator(seed: 2)
        for name in try signedHeaders(of: message) + ["x-jdcloud-date", "authorization", "x-jdcloud-content-sha256"] {
            let value = try #require(message[name])
            for changed in changes(of: value, using: &generator) where !isSame(changed, value, header: name) {
                #expect(throws: SignatureRefusal.self, "\(name): \(changed)") {
                    try message.with { $0[name] = changed }.verify()
                }
            }
        }
    }

    @Test("a signed header, the date or the signature removed is missed by name", arguments: Recording.all)
    func headerRemoved(message: Message) throws {
        for name in try signedHeaders(of: message) + ["x-jdcloud-date", "authorization"] {
            #expect(throws: SignatureRefusal.missingHeader(name)) { try message.with { $0[name] = nil }.verify() }
        }
    }

    private func signedHeaders(of message: Message) throws -> [String] {
        let authorization = try #require(message["authorization"])
        return try #require(authorization.firstMatch(of: /SignedHeaders=([^,]*)/)).1.split(separator: ";").map(
            String.init)
    }

    @Test("a byte of the body changed is noticed, with its hash in the header adjusted or removed too")
    func bodyChanged() throws {
        var generator = SeededGenerator(seed: 3)
        for message in Recording.all {
            for index in 0...message.body.count {
                let changed = message.with { message in
                    let byte = UInt8.random(in: .min ... .max, using: &generator)
                    if index == message.body.count {
                        message.body.append(byte)
                    } else {
                        message.body[index] ^= max(byte, 1)
                    }
                }
                #expect(throws: SignatureRefusal.bodyChanged) { try changed.verify() }
                let hash = SHA256.hash(data: changed.body).map { String(format: "%02x", $0) }.joined()
                for header in [hash, nil] {
                    let consistent = changed.with { $0["x-jdcloud-content-sha256"] = header }
                    #expect { try consistent.verify() } throws: { isMismatch($0) }
                }
            }
        }
    }

    /// Each byte replaced, removed, and one added before it; and one added at the end.
    private func changes(of text: String, using generator: inout SeededGenerator) -> [String] {
        let bytes = Array(text.utf8)
        var changes: [[UInt8]] = []
        func change(_ range: Range<Int>, to replacement: [UInt8]) {
            var changed = bytes
            changed.replaceSubrange(range, with: replacement)
            if changed != bytes { changes.append(changed) }
        }
        for index in 0...bytes.count {
            let byte = UInt8.random(in: 0x20...0x7e, using: &generator)
            change(index..<index, to: [byte])
            guard index < bytes.count else { break }
            change(index..<index + 1, to: [])
            change(index..<index + 1, to: [byte])
        }
        return changes.map { String(decoding: $0, as: UTF8.self) }
    }

    private func decoded(_ text: String) -> String { text.removingPercentEncoding ?? text }

    private func pairs(_ query: String) -> [String] {
        query.split(separator: "&").map { decoded($0.replacingOccurrences(of: "+", with: " ")) }.sorted()
    }

    /// Spaces around values and between the fields of `Authorization` mean nothing.
    private func isSame(_ left: String, _ right: String, header: String) -> Bool {
        guard header == "authorization" else { return left.trimmingCharacters(in: .whitespaces) == right }
        let fields = { (text: String) in
            let words = text.split(separator: " ", maxSplits: 1)
            return [words.first.map(String.init) ?? ""]
                + (words.last?.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) } ?? [])
        }
        return fields(left) == fields(right)
    }
}

func isMismatch(_ error: any Error) -> Bool {
    if case .signatureMismatch = error as? SignatureRefusal { true } else { false }
}
