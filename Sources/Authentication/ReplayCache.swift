/// Lets each signature through once.
///
/// Every key has a horizon: whatever was signed before it is refused, and whatever was accepted since is remembered.
/// So no replay gets through, whatever was forgotten, and memory stays bounded:
///
/// ```
///   start of the daemon     horizon           now          now + 15 min
///   ────────┼──────────────────┼───────────────┼────────────────┼──────▶ moment signed
///    refused: forgotten        │ accepted once, then remembered │ refused: clock skew
/// ```
///
/// The horizon follows the clock at a distance of ``SignedRequest/skewSecondsMax``, never back. It starts at the start
/// of the daemon, because nobody knows what an earlier process accepted. When the cache is full, the key that fills
/// most of it forgets its oldest second and its horizon moves past that: a flood, which takes a valid key, shortens the
/// time in which that key's own requests may arrive, and no other key's.
public struct ReplayCache: Sendable {
    /// 10 to 30 MB when full; at 1,000 requests a second of one key it remembers two minutes.
    public static let signaturesMaxDefault = 131_072

    private let signaturesMax: Int
    /// Of keys that have none of their own.
    private var horizon: UnixTime
    private var memories: [AccessKeyID: Memory] = [:]
    package private(set) var count = 0

    public init(startedAt: UnixTime, signaturesMax: Int = signaturesMaxDefault) {
        precondition(signaturesMax > 0, "a cache that remembers nothing lets every replay through")
        horizon = startedAt
        self.signaturesMax = signaturesMax
    }

    /// Returns when the signature is new, and remembers it; after that the request may be acted on, once.
    ///
    /// - Throws: `SignatureRefusal.replayed`, `.beforeMemory` or `.clockSkew`.
    /// - Complexity: O(1) on average, besides one walk through all seconds remembered whenever the clock moves on. When
    ///   full, linear in the number of keys and of the seconds that the largest remembers.
    public mutating func admit(_ signature: VerifiedSignature, now: UnixTime) throws(SignatureRefusal) {
        // Asked again, since a body may have taken its time after `verify`, and it bounds the seconds remembered.
        let ageSeconds = now.seconds - signature.signedAt.seconds
        guard ageSeconds.magnitude <= SignedRequest.skewSecondsMax else { throw .clockSkew(ageSeconds: ageSeconds) }
        forget(before: now - SignedRequest.skewSecondsMax)
        try check(signature)
        if count == signaturesMax {
            forgetOldestOfLargest()
            try check(signature)
        }
        memories[signature.accessKey, default: Memory(horizon: horizon)].remember(signature)
        count += 1
    }

    private func check(_ signature: VerifiedSignature) throws(SignatureRefusal) {
        try (memories[signature.accessKey] ?? Memory(horizon: horizon)).check(signature)
    }

    private mutating func forget(before newHorizon: UnixTime) {
        guard newHorizon > horizon else { return }
        horizon = newHorizon
        for key in Array(memories.keys) {
            count -= memories[key]?.forget(before: newHorizon) ?? 0
            if let memory = memories[key], memory.count == 0, memory.horizon == newHorizon { memories[key] = nil }
        }
    }

    private mutating func forgetOldestOfLargest() {
        guard let (key, memory) = memories.max(by: { $0.value.count < $1.value.count }), let oldest = memory.oldest
        else { preconditionFailure("a full replay cache has a key, and the key a second") }
        count -= memories[key]?.forget(before: oldest + 1) ?? 0
    }
}

/// What one key had accepted.
private struct Memory: Sendable {
    private(set) var horizon: UnixTime
    private(set) var count = 0
    private var marks: [UnixTime: Set<UInt128>] = [:]

    init(horizon: UnixTime) { self.horizon = horizon }

    var oldest: UnixTime? { marks.keys.min() }

    func check(_ signature: VerifiedSignature) throws(SignatureRefusal) {
        guard signature.signedAt >= horizon else {
            throw .beforeMemory(aheadSeconds: horizon.seconds - signature.signedAt.seconds)
        }
        guard marks[signature.signedAt]?.contains(signature.mark) != true else { throw .replayed }
    }

    mutating func remember(_ signature: VerifiedSignature) {
        marks[signature.signedAt, default: []].insert(signature.mark)
        count += 1
    }

    /// Returns how many signatures that were.
    mutating func forget(before newHorizon: UnixTime) -> Int {
        guard newHorizon > horizon else { return 0 }
        horizon = newHorizon
        let forgotten = marks.keys.filter { $0 < newHorizon }.compactMap { marks.removeValue(forKey: $0)?.count }
        let total = forgotten.reduce(0, +)
        count -= total
        return total
    }
}
