internal import Authentication
internal import Logging
internal import Store

/// The access keys and tokens that count, and what they were used for.
///
/// They are read from the store once, and again when that says so. When reading them again fails, those known before
/// count on; what was revoked here never does.
actor KeyRing {
    struct Key: Sendable {
        let secret: SecretKey
        /// `nil` when this version does not know it.
        let role: Role?
    }

    struct Token: Sendable {
        let id: String
        /// `nil` when this version does not know it.
        let role: Role?
    }

    private struct Known: Sendable {
        /// Of the store, when they were read.
        let generation: UInt64
        var keys: [AccessKeyID: Key]
        var tokens: [TokenDigest: Token]
    }

    private let store: any AccessStore
    private let logger: Logger
    /// `nil` until the store could be read.
    private var known: Known?
    /// For all who wait for it.
    private var reading: Task<Result<Known, StoreError>, Never>?
    private var replays: ReplayCache
    /// When each was used last, as far as the store does not know it yet.
    private var keyUses: [String: Int64] = [:]
    private var tokenUses: [String: Int64] = [:]

    init(store: any AccessStore, startedAt: UnixTime, logger: Logger) {
        self.store = store
        self.logger = logger
        replays = ReplayCache(startedAt: startedAt)
    }

    // MARK: Asking

    /// - Returns: `nil` when there is no such key, or no more.
    /// - Throws: When the store could never be read; asked again, it is tried again.
    func key(_ id: AccessKeyID) async throws(StoreError) -> Key? { try await current().keys[id] }

    /// The same for tokens.
    func token(_ digest: TokenDigest) async throws(StoreError) -> Token? { try await current().tokens[digest] }

    private func current() async throws(StoreError) -> Known {
        if let known, known.generation == store.accessGeneration { return known }
        let task = reading ?? Task { await read() }
        reading = task
        switch await task.value {
        case .success(let known): return known
        case .failure(let error):
            guard let known else { throw error }
            return known
        }
    }

    private func read() async -> Result<Known, StoreError> {
        defer { reading = nil }
        while true {
            let generation = store.accessGeneration
            let new: Known
            do throws(StoreError) {
                new = Known(
                    generation: generation, keys: Self.keys(try await store.accessKeys()),
                    tokens: Self.tokens(try await store.accessTokens()))
            } catch {
                return .failure(error)
            }
            // What was read before a revocation must not count after it.
            guard generation == store.accessGeneration else { continue }
            known = new
            return .success(new)
        }
    }

    private static func keys(_ stored: [AccessKey]) -> [AccessKeyID: Key] {
        stored.filter { !$0.isRevoked }.reduce(into: [:]) { keys, key in
            keys[AccessKeyID(key.id)] = Key(secret: SecretKey(key.secret), role: Role(rawValue: key.role))
        }
    }

    private static func tokens(_ stored: [AccessToken]) -> [TokenDigest: Token] {
        stored.filter { !$0.isRevoked }.reduce(into: [:]) { tokens, token in
            guard let digest = TokenDigest(token.digest) else { return }
            tokens[digest] = Token(id: token.id, role: Role(rawValue: token.role))
        }
    }

    // MARK: Using

    /// Lets a signature through once, unless its key was revoked meanwhile; after that the request may be acted on.
    func admit(_ signature: VerifiedSignature, now: UnixTime) throws(SignatureRefusal) {
        guard known?.keys[signature.accessKey] != nil else { throw .unknownKey }
        try replays.admit(signature, now: now)
        keyUses[signature.accessKey.text] = now.seconds
    }

    /// Notes that a token is used.
    ///
    /// - Returns: Whether it still counts.
    func use(_ digest: TokenDigest, now: UnixTime) -> Bool {
        guard let token = known?.tokens[digest] else { return false }
        tokenUses[token.id] = now.seconds
        return true
    }

    /// Tells the store when keys and tokens were used; what it does not take is told again the next time.
    func saveUses() async {
        guard !keyUses.isEmpty || !tokenUses.isEmpty else { return }
        let (keys, tokens) = (keyUses, tokenUses)
        (keyUses, tokenUses) = ([:], [:])
        do throws(StoreError) { try await store.noteUses(ofKeys: keys, tokens: tokens) } catch {
            logger.debug("uses of keys and tokens are not stored yet: \(error)")
            keyUses.merge(keys, uniquingKeysWith: max)
            tokenUses.merge(tokens, uniquingKeysWith: max)
        }
    }

    // MARK: Giving and taking

    /// All that there were, oldest first.
    func allKeys() async throws(StoreError) -> [AccessKey] {
        try await store.accessKeys().map { key in
            var key = key
            key.lastUsed = latest(key.lastUsed, keyUses[key.id])
            return key
        }
    }

    /// All that there were, oldest first.
    func allTokens() async throws(StoreError) -> [AccessToken] {
        try await store.accessTokens().map { token in
            var token = token
            token.lastUsed = latest(token.lastUsed, tokenUses[token.id])
            return token
        }
    }

    private func latest(_ stored: Int64?, _ use: Int64?) -> Int64? { [stored, use].compactMap(\.self).max() }

    func create(_ key: AccessKey, by author: Author) async throws(StoreError) {
        try await store.create(key, by: author)
    }

    func create(_ token: AccessToken, by author: Author) async throws(StoreError) {
        try await store.create(token, by: author)
    }

    /// For good, and for every request that is admitted after this returns.
    ///
    /// - Returns: `nil` when there is no such key.
    func revokeKey(_ id: String, by author: Author, now: UnixTime) async throws(StoreError) -> AccessKey? {
        let revoked = try await store.revokeAccessKey(id, by: author, at: now.seconds)
        known?.keys[AccessKeyID(id)] = nil
        return revoked
    }

    /// The same for tokens.
    func revokeToken(_ id: String, by author: Author, now: UnixTime) async throws(StoreError) -> AccessToken? {
        let revoked = try await store.revokeAccessToken(id, by: author, at: now.seconds)
        if let digest = revoked.flatMap({ TokenDigest($0.digest) }) { known?.tokens[digest] = nil }
        return revoked
    }
}
