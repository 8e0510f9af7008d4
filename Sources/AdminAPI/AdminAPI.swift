public import ControlPlane
public import Foundation
public import Hummingbird
public import Logging
public import Store

/// The daemon's REST API.
public struct AdminAPI: Sendable {
    /// Bytes; a document of 10,000 targets has about 1 MB.
    static let bodyMax = 4 << 20

    let controller: Controller
    /// For the history; resources are read and changed through the controller.
    let store: any ResourceStore
    let authenticator: Authenticator
    let about: AboutDaemon
    /// The one that paths and signatures name.
    let region: String

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
    }

    /// What the server answers; for tests, which take no socket.
    package func answer(_ request: Request, over connection: ApplicationRequestContextSource) async throws -> Response {
        try await routes.respond(to: request, context: APIRequestContext(source: connection))
    }

    /// A server that listens on `socketPath` until it is shut down.
    ///
    /// - Parameter onListening: Called once the socket is there.
    public func server(
        socketPath: String, logger: Logger, onListening: @escaping @Sendable () async -> Void
    ) -> some ApplicationProtocol {
        Application(
            responder: routes, configuration: .init(address: .unixDomainSocket(path: socketPath), serverName: "shoald"),
            onServerRunning: { _ in await onListening() }, logger: logger)
    }
}
