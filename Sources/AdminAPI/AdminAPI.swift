public import ControlPlane
public import Foundation
public import Hummingbird
public import Logging

/// The daemon's REST API.
public struct AdminAPI: Sendable {
    /// Bytes; a document of 10,000 targets has about 1 MB.
    static let bodyMax = 4 << 20

    let controller: Controller
    let about: AboutDaemon
    /// The one that paths and signatures name.
    let region: String
    let authenticator = Authenticator()

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

    public init(controller: Controller, about: AboutDaemon, region: String) {
        self.controller = controller
        self.about = about
        self.region = region
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
