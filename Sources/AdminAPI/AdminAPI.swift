public import ControlPlane
public import Foundation
package import Hummingbird
public import Logging
public import NetworkTypes
public import Store

/// The daemon's REST API.
public struct AdminAPI: Sendable {
    /// Bytes; a document of 10,000 targets has about 1 MB.
    static let bodyMax = 4 << 20
    static let serverName = "shoald"

    let controller: Controller
    /// For the history; resources are read and changed through the controller.
    let store: any ResourceStore
    let authenticator: Authenticator
    let about: AboutDaemon
    /// The one that paths and signatures name.
    let region: String
    /// What `/openapi.json` answers.
    let description: String

    /// Facts about the process that answers.
    public struct AboutDaemon: Sendable {
        public let version: String
        public let processID: Int32
        public let startedAt: Date

        public init(version: String, processID: Int32, startedAt: Date) {
            self.version = version
            self.processID = processID
            self.startedAt = startedAt
        }
    }

    public init(
        controller: Controller, store: any ResourceStore, authenticator: Authenticator, about: AboutDaemon,
        region: String
    ) {
        self.controller = controller
        self.store = store
        self.authenticator = authenticator
        self.about = about
        self.region = region
        description = APIDescription(region: region, version: about.version).text
    }

    /// What the server answers; for tests, which take no socket.
    package func answer(_ request: Request, over connection: ApplicationRequestContextSource) async throws -> Response {
        try await routes.respond(to: request, context: APIRequestContext(source: connection))
    }

    /// A server for this API.
    ///
    /// - Parameter onListening: Called once it listens everywhere, with the TCP addresses and their real ports.
    public func server(
        at places: APIServer.Places, logger: Logger,
        onListening: @escaping @Sendable (_ addresses: [NetworkTypes.Endpoint]) async -> Void
    ) -> APIServer {
        APIServer(api: self, places: places, logger: logger, onListening: onListening)
    }
}
