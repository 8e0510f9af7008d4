import Authentication
import SeededGenerator
import Testing

@Suite("Replays")
struct ReplayCacheTests {
    private let start = UnixTime(seconds: 1_000_000)

    private func at(_ seconds: Int64) -> UnixTime { UnixTime(seconds: start.seconds + seconds) }

    private func signature(_ mark: Int, key: String = "AK", signedAt seconds: Int64) -> VerifiedSignature {
        VerifiedSignature(accessKey: AccessKeyID(key), signedAt: at(seconds), mark: UInt128(mark))
    }

    @Test("a signature is accepted once, whenever it comes again")
    func once() throws {
        var cache = ReplayCache(startedAt: start)
        let first = signature(1, signedAt: 1000)
        try cache.admit(first, now: at(1000))
        for seconds in [1000, 1001, 1899, 1900] as [Int64] {
            #expect(throws: SignatureRefusal.replayed) { try cache.admit(first, now: at(seconds)) }
        }
        #expect(throws: SignatureRefusal.clockSkew(ageSeconds: 901)) { try cache.admit(first, now: at(1901)) }
        try cache.admit(signature(2, signedAt: 1000), now: at(1000))
        try cache.admit(signature(1, key: "other", signedAt: 1000), now: at(1000))
    }

    @Test("a signature from a fast clock is remembered until it can't be used any more")
    func fromTheFuture() throws {
        var cache = ReplayCache(startedAt: start)
        let fast = signature(1, signedAt: 1900)
        try cache.admit(fast, now: at(1000))
        #expect(throws: SignatureRefusal.replayed) { try cache.admit(fast, now: at(2800)) }
        #expect(cache.count == 1)
        #expect(throws: SignatureRefusal.clockSkew(ageSeconds: 901)) { try cache.admit(fast, now: at(2801)) }
        try cache.admit(signature(2, signedAt: 2801), now: at(2801))
        #expect(cache.count == 1)
    }

    @Test("what was signed before the daemon started is refused, since an earlier process may have accepted it")
    func beforeStart() throws {
        var cache = ReplayCache(startedAt: start)
        try cache.admit(signature(1, signedAt: 0), now: at(2))
        #expect(throws: SignatureRefusal.beforeMemory(aheadSeconds: 1)) {
            try cache.admit(signature(2, signedAt: -1), now: at(2))
        }
    }

    @Test("a clock that is set back brings no replay back")
    func clockSetBack() throws {
        var cache = ReplayCache(startedAt: start)
        let early = signature(1, signedAt: 1000)
        try cache.admit(early, now: at(1000))
        try cache.admit(signature(2, signedAt: 2000), now: at(2000))
        #expect(cache.count == 1)
        #expect(throws: SignatureRefusal.beforeMemory(aheadSeconds: 100)) { try cache.admit(early, now: at(1000)) }
    }

    @Test("a flood is bounded, and costs only the key that makes it")
    func flood() throws {
        var cache = ReplayCache(startedAt: start, signaturesMax: 100)
        let victim = signature(0, key: "quiet", signedAt: 1000)
        try cache.admit(victim, now: at(1000))
        for mark in 0..<10_000 {
            let seconds = Int64(1000 + mark / 20)
            try cache.admit(signature(mark, key: "loud", signedAt: seconds), now: at(seconds))
            #expect(cache.count <= 100)
        }
        #expect(throws: SignatureRefusal.replayed) { try cache.admit(victim, now: at(1499)) }
        try cache.admit(signature(1, key: "quiet", signedAt: 1000), now: at(1499))
        #expect(throws: SignatureRefusal.beforeMemory(aheadSeconds: 498)) {
            try cache.admit(signature(0, key: "loud", signedAt: 998), now: at(1499))
        }
    }

    @Test("a flood within one second locks its key out for that second")
    func floodInOneSecond() throws {
        var cache = ReplayCache(startedAt: start, signaturesMax: 100)
        for mark in 0..<100 { try cache.admit(signature(mark, signedAt: 1000), now: at(1000)) }
        for mark in [100, 0] {
            #expect(throws: SignatureRefusal.beforeMemory(aheadSeconds: 1)) {
                try cache.admit(signature(mark, signedAt: 1000), now: at(1000))
            }
        }
        try cache.admit(signature(101, signedAt: 1001), now: at(1001))
        #expect(cache.count == 1)
    }

    @Test("whatever keys, clocks and floods do, no signature gets through twice", arguments: 0..<20)
    func neverTwice(seed: Int) {
        var generator = SeededGenerator(seed: seed)
        var cache = ReplayCache(startedAt: start, signaturesMax: 50)
        var seen: [VerifiedSignature] = []
        var accepted: Set<VerifiedSignature> = []
        var now: Int64 = 0
        for mark in 0..<3000 {
            now += Int64.random(in: -50...60, using: &generator)
            let fresh = signature(
                mark, key: "AK\(Int.random(in: 0..<4, using: &generator))",
                signedAt: now + Int64.random(in: -1000...1000, using: &generator))
            seen.append(fresh)
            for candidate in [fresh, seen.randomElement(using: &generator), seen.randomElement(using: &generator)] {
                guard let candidate, (try? cache.admit(candidate, now: at(now))) != nil else { continue }
                #expect(accepted.insert(candidate).inserted)
            }
            #expect(cache.count <= 50)
        }
        #expect(accepted.count > 100)
    }

    @Test("equal reads within a second are told apart by their nonce, equal changes are not", arguments: ["2", "3"])
    func equalRequests(version: String) throws {
        var signer = Signer(version: version)
        signer.signedHeaders = version == "2" ? signer.signedHeaders : ["content-type", "host"]
        let path = "/v1/regions/local/backends/"
        func proof(_ method: String, nonce: String) throws -> VerifiedSignature {
            let message = Message(method: method, headers: [.init(name: "x-jdcloud-nonce", value: nonce)])
            return try signer.sign(message, path: path).verify()
        }
        #expect(try proof("GET", nonce: "1") == proof("GET", nonce: "1"))
        #expect(try proof("GET", nonce: "1") != proof("GET", nonce: "2"))
        #expect(try proof("HEAD", nonce: "1") != proof("HEAD", nonce: "2"))
        #expect(try (proof("POST", nonce: "1") == proof("POST", nonce: "2")) == (version == "3"))
    }

    @Test("each recorded request is accepted once")
    func recorded() throws {
        let proofs = try Recording.all.map { message throws(SignatureRefusal) in try message.verify() }
        let first = try #require(proofs.map(\.signedAt).min())
        let last = try #require(proofs.map(\.signedAt).max())
        var cache = ReplayCache(startedAt: first)
        for proof in proofs { try cache.admit(proof, now: last) }
        for proof in proofs { #expect(throws: SignatureRefusal.replayed) { try cache.admit(proof, now: last) } }
    }
}
