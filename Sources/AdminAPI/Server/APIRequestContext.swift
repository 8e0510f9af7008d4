internal import Authentication
internal import Foundation
internal import Hummingbird
internal import NIOCore

/// What is known about a request besides itself.
struct APIRequestContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// Where the request came in.
    let channel: any Channel
    /// Stands in the answer, so that a client can tell us which request it means.
    let requestID: String
    /// Path and query, decoded.
    var target: RequestTarget?

    init(source: Source) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
        requestID = UUID().uuidString.lowercased()
    }

    var peer: Peer {
        get async throws {
            channel.remoteAddress?.ipAddress.map { .remote(address: $0) }
                ?? .local(PeerCredentials(processID: 0, uid: 0, gids: []))
        }
    }
}
