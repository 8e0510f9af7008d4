/// Where access keys and tokens live.
///
/// Making and revoking one takes the next revision and leaves an entry in the history, as a change of resources does;
/// the revision of the resources stays.
public protocol AccessStore: Sendable {
    /// Another number whenever keys and tokens may be others than those that were read before, whoever changed them.
    /// Known without waiting for a disk.
    var accessGeneration: UInt64 { get }

    /// All keys, revoked ones too, oldest first.
    func accessKeys() async throws(StoreError) -> [AccessKey]

    /// All tokens, revoked ones too, oldest first.
    func accessTokens() async throws(StoreError) -> [AccessToken]

    /// - Throws: `StoreError.exists` when the id is taken.
    func create(_ key: AccessKey, by author: Author) async throws(StoreError)

    /// - Throws: `StoreError.exists` when the id or the digest is taken.
    func create(_ token: AccessToken, by author: Author) async throws(StoreError)

    /// - Returns: The key, revoked now or before; `nil` when there is no such key.
    func revokeAccessKey(_ id: String, by author: Author, at unixSeconds: Int64) async throws(StoreError) -> AccessKey?

    /// - Returns: The token, revoked now or before; `nil` when there is no such token.
    func revokeAccessToken(_ id: String, by author: Author, at unixSeconds: Int64) async throws(StoreError)
        -> AccessToken?

    /// Notes when keys and tokens were used last, from time to time rather than with each request: it writes to the
    /// disk.
    ///
    /// - Parameters:
    ///   - keys: Seconds since 1970 by id; an id that is not there is passed over.
    ///   - tokens: The same.
    func noteUses(ofKeys keys: [String: Int64], tokens: [String: Int64]) async throws(StoreError)
}
