internal import AdminTypes
internal import Authentication
internal import HTTPTypes
internal import Hummingbird
internal import ServiceModel
internal import Store

extension Endpoint {
    /// Who may, and who did.
    static let access: [Endpoint] = [
        Endpoint(.describeKeys, .get, "/v1/keys", AdminAPI.describeKeys),
        Endpoint(.createKey, .post, "/v1/keys", AdminAPI.createKey),
        Endpoint(.deleteKey, .delete, "/v1/keys/{accessKey}", AdminAPI.deleteKey),
        Endpoint(.describeTokens, .get, "/v1/tokens", AdminAPI.describeTokens),
        Endpoint(.createToken, .post, "/v1/tokens", AdminAPI.createToken),
        Endpoint(.deleteToken, .delete, "/v1/tokens/{tokenId}", AdminAPI.deleteToken),
        Endpoint(.readAudit, .get, "/v1/audit", AdminAPI.readAudit),
    ]
}

extension AdminAPI {
    // MARK: Keys

    func describeKeys(_ call: Call) async throws -> Reply {
        let query = try call.listQuery()
        let page = try query.page(of: await authenticator.keyRing.allKeys())
        return .result(
            ListAnswer(name: "keys", elements: page.elements.map(KeyAnswer.init), totalCount: page.totalCount))
    }

    func createKey(_ call: Call) async throws -> Reply {
        let spec = try call.json().accessSpec(standIn: Role.viewer)
        let new = NewAccessKey(role: spec.role)
        let key = AccessKey(
            id: new.id.text, secret: new.secret.revealed, role: new.role.rawValue, description: spec.description,
            createdAt: authenticator.clock().seconds, createdBy: call.caller.author.name)
        try await authenticator.keyRing.create(key, by: call.caller.author)
        return .secret(
            NewKeyAnswer(accessKey: new.id.text, secretKey: new.secret.revealed, role: new.role.rawValue))
    }

    /// Revoked keys stay in the list, so that the audit log's ids tell something.
    func deleteKey(_ call: Call) async throws -> Reply {
        let id = try call.id("accessKey")
        let revoked = try await authenticator.keyRing.revokeKey(
            id, by: call.caller.author, now: authenticator.clock())
        guard let revoked else { throw ErrorAnswer.notFound("there is no such access key") }
        return .result(KeyAnswer(revoked))
    }

    // MARK: Tokens

    func describeTokens(_ call: Call) async throws -> Reply {
        let query = try call.listQuery()
        let page = try query.page(of: await authenticator.keyRing.allTokens())
        return .result(
            ListAnswer(name: "tokens", elements: page.elements.map(TokenAnswer.init), totalCount: page.totalCount))
    }

    func createToken(_ call: Call) async throws -> Reply {
        let spec = try call.json().accessSpec(standIn: Role.viewer)
        let new = NewBearerToken(role: spec.role)
        let token = AccessToken(
            id: new.id, digest: new.token.digest.description, role: new.role.rawValue, description: spec.description,
            createdAt: authenticator.clock().seconds, createdBy: call.caller.author.name)
        try await authenticator.keyRing.create(token, by: call.caller.author)
        return .secret(NewTokenAnswer(tokenId: new.id, token: new.token.revealed, role: new.role.rawValue))
    }

    func deleteToken(_ call: Call) async throws -> Reply {
        let id = try call.id("tokenId")
        let revoked = try await authenticator.keyRing.revokeToken(
            id, by: call.caller.author, now: authenticator.clock())
        guard let revoked else { throw ErrorAnswer.notFound("there is no such token") }
        return .result(TokenAnswer(revoked))
    }

    // MARK: Audit

    /// A change is told as a whole, so that `after` misses nothing; with `newest=true` it may be cut.
    func readAudit(_ call: Call) async throws -> Reply {
        let after = UInt64(try call.number("after", in: 0...Int.max, standard: 0))
        let limit = try call.number("limit", in: 1...1000, standard: 100)
        let entries =
            try call.flag("newest")
            ? try await store.newestHistory(after: after, limit: limit)
            : try await store.history(after: after, limit: limit)
        return .result(
            AuditAnswer(
                entries: entries.map(AuditEntryAnswer.init), lastRevision: entries.last?.revision ?? after))
    }
}

extension Reply {
    /// A result that is shown once, and kept by nobody on the way.
    fileprivate static func secret(_ result: some Encodable & Sendable) -> Reply {
        Reply { requestID in
            var response = try Reply.result(result).response(to: requestID)
            response.headers[.cacheControl] = "no-store"
            return response
        }
    }
}

extension KeyAnswer {
    fileprivate init(_ key: AccessKey) {
        self.init(
            accessKey: key.id, role: key.role, description: key.description, createdAt: key.createdAt,
            createdBy: key.createdBy, lastUsed: key.lastUsed, isRevoked: key.isRevoked)
    }
}

extension TokenAnswer {
    fileprivate init(_ token: AccessToken) {
        self.init(
            tokenId: token.id, role: token.role, description: token.description, createdAt: token.createdAt,
            createdBy: token.createdBy, lastUsed: token.lastUsed, isRevoked: token.isRevoked)
    }
}

extension AuditEntryAnswer {
    fileprivate init(_ entry: HistoryEntry) {
        self.init(
            revision: entry.revision, unixSeconds: entry.unixSeconds, author: Author(entry.author),
            action: entry.action.rawValue, kind: entry.kind.rawValue, id: entry.id, name: entry.name,
            before: entry.before, after: entry.after)
    }
}

extension AuditEntryAnswer.Author {
    fileprivate init(_ author: Store.Author) {
        self.init(kind: author.kind.rawValue, name: author.name, uid: author.uid, remote: author.remote)
    }
}
