internal import AdminTypes
public import Authentication
internal import Crypto
internal import Hummingbird
public import Logging
internal import NIOCore
public import ServiceLifecycle
public import Store

/// Finds out who sent a request, and whether they may.
///
/// What a request shows counts, be it over TCP or the unix socket; where it shows nothing, the process at the other end
/// of the unix socket does. Whatever can be refused without the body is refused before the body is read.
public struct Authenticator: Sendable {
    let keyRing: KeyRing
    let clock: @Sendable () -> UnixTime
    private let place: SigningPlace
    private let localAccess: LocalAccess
    private let findPeer: @Sendable (APIRequestContext) async throws -> Peer
    private let users = UserNames()

    /// - Parameters:
    ///   - localAccess: Whom the unix socket lets in.
    ///   - region: The one that signatures name.
    public init(
        store: any AccessStore, localAccess: LocalAccess, region: String, clock: @escaping @Sendable () -> UnixTime,
        logger: Logger
    ) {
        self.init(
            store: store, localAccess: localAccess, region: region, clock: clock, logger: logger,
            findPeer: { try $0.peer })
    }

    /// - Parameter peer: Who is at the other end of a connection; anything but what the kernel says is for tests.
    package init(
        store: any AccessStore, localAccess: LocalAccess, region: String, clock: @escaping @Sendable () -> UnixTime,
        logger: Logger, peer: @escaping @Sendable () -> Peer
    ) {
        self.init(
            store: store, localAccess: localAccess, region: region, clock: clock, logger: logger,
            findPeer: { _ in peer() })
    }

    private init(
        store: any AccessStore, localAccess: LocalAccess, region: String, clock: @escaping @Sendable () -> UnixTime,
        logger: Logger, findPeer: @escaping @Sendable (APIRequestContext) async throws -> Peer
    ) {
        keyRing = KeyRing(store: store, startedAt: clock(), logger: logger)
        place = SigningPlace(region: region)
        self.localAccess = localAccess
        self.clock = clock
        self.findPeer = findPeer
    }

    /// Who sent the request, and its body, which is part of what is signed.
    ///
    /// - Throws: What is answered to those who may not ask for the operation.
    func admit(
        _ request: Request, _ context: APIRequestContext, to operation: Operation
    ) async throws -> (caller: Caller, body: [UInt8]) {
        let peer = try await findPeer(context)
        // What everybody may ask for is answered even when no credential can be checked: a broken store is no reason to
        // call the daemon dead.
        let credential = operation.access == .everyone ? nil : try Credential(request.headers)
        switch credential {
        case .token(let token): return try await admit(request, with: token, from: peer, to: operation)
        case .signature:
            return try await admit(request, signed: SignedRequest(request, context), from: peer, to: operation)
        case nil:
            let caller = caller(at: peer)
            try caller.mayAsk(for: operation)
            return (caller, try await body(of: request))
        }
    }

    private func caller(at peer: Peer) -> Caller {
        switch peer {
        case .local(let process):
            Caller(
                author: Author(kind: .socket, name: users.name(of: process.uid), uid: process.uid),
                role: localAccess.role(uid: process.uid, gids: process.gids))
        case .remote(let address): Caller(author: Author(kind: .anonymous, name: address, remote: address), role: nil)
        }
    }

    private func admit(
        _ request: Request, with token: BearerToken, from peer: Peer, to operation: Operation
    ) async throws -> (caller: Caller, body: [UInt8]) {
        let unknown = ErrorAnswer.unauthenticated("there is no such token, or it was revoked")
        guard let found = try await known({ ring throws(StoreError) in try await ring.token(token.digest) }) else {
            throw unknown
        }
        let caller = Caller(author: Author(kind: .token, name: found.id, at: peer), role: found.role)
        try caller.mayAsk(for: operation)
        let body = try await body(of: request)
        guard await keyRing.use(token.digest, now: clock()) else { throw unknown }
        return (caller, body)
    }

    private func admit(
        _ request: Request, signed signature: SignedRequest, from peer: Peer, to operation: Operation
    ) async throws -> (caller: Caller, body: [UInt8]) {
        // Before the store is asked for keys.
        try signature.check(place: place, now: clock())
        let key = try await known { ring throws(StoreError) in try await ring.key(signature.accessKey) }
        let caller = Caller(author: Author(kind: .key, name: signature.accessKey.text, at: peer), role: key?.role)
        let isProved = try signature.check(secret: key?.secret, place: place, now: clock())
        if isProved { try caller.mayAsk(for: operation) }
        let body = try await body(of: request)
        let proof = try signature.verify(
            secret: key?.secret, bodyDigest: SHA256.hash(data: body), place: place, now: clock())
        try await keyRing.admit(proof, now: clock())
        try caller.mayAsk(for: operation)
        return (caller, body)
    }

    private func known<Value: Sendable>(
        _ ask: (KeyRing) async throws(StoreError) -> Value
    ) async throws(ErrorAnswer) -> Value {
        do throws(StoreError) { return try await ask(keyRing) } catch {
            let message = "whether the key or token is right cannot be told: \(error)"
            throw ErrorAnswer(.init(code: 503, status: "UNAVAILABLE", message: message))
        }
    }

    private func body(of request: Request) async throws -> [UInt8] {
        Array(buffer: try await request.body.collect(upTo: AdminAPI.bodyMax))
    }
}

extension Authenticator: Service {
    /// Stores from time to time when keys and tokens were used, and once more in the end.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            while (try? await Task.sleep(for: .seconds(60))) != nil { await keyRing.saveUses() }
        }
        await keyRing.saveUses()
    }
}

extension Author {
    /// Somebody with a key or token, wherever they are.
    fileprivate init(kind: Kind, name: String, at peer: Peer) {
        switch peer {
        case .local(let process): self.init(kind: kind, name: name, uid: process.uid)
        case .remote(let address): self.init(kind: kind, name: name, remote: address)
        }
    }
}
