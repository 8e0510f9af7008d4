internal import AdminTypes
internal import Authentication
internal import Foundation
internal import HTTPTypes
internal import Hummingbird

/// What is known about a request besides itself.
struct APIRequestContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// Stands in the answer, so that a client can tell us which request it means.
    let requestID: String
    /// As the client sent it.
    var method: HTTPRequest.Method = .get
    /// Path and query, decoded.
    var target: RequestTarget?
    private let knownPeer: Peer?

    init(source: Source) {
        coreContext = CoreRequestContextStorage(source: source)
        requestID = UUID().uuidString.lowercased()
        knownPeer = Peer.current
    }

    /// Where the request comes from.
    ///
    /// - Throws: 403 when the kernel did not tell: nobody is anybody by default.
    var peer: Peer {
        get throws(ErrorAnswer) {
            if let knownPeer { return knownPeer }
            throw ErrorAnswer(
                .init(
                    code: 403, status: "PERMISSION_DENIED",
                    message: "the kernel does not tell who is at the other end of this connection; connect again"))
        }
    }
}
