internal import AdminTypes
public import ControlPlane
public import Foundation
public import Hummingbird
public import Logging
internal import ServiceModel

/// The daemon's REST API on a unix socket.
public struct AdminAPI: Sendable {
    /// Bytes; a document of 10,000 targets has about 1 MB.
    static let bodyMax = 4 << 20

    let controller: Controller
    let about: AboutDaemon

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

    public init(controller: Controller, about: AboutDaemon) {
        self.controller = controller
        self.about = about
    }

    /// A server that listens on `socketPath` until it is shut down.
    ///
    /// - Parameter onListening: Called once the socket is there.
    public func server(
        socketPath: String, logger: Logger, onListening: @escaping @Sendable () async -> Void
    ) -> some ApplicationProtocol {
        Application(
            router: router, configuration: .init(address: .unixDomainSocket(path: socketPath), serverName: "shoald"),
            onServerRunning: { _ in await onListening() }, logger: logger)
    }

    var router: Router<BasicRequestContext> {
        let router = Router()
        router.add(middleware: ErrorMiddleware())
        router.get("/livez") { _, _ in "ok\n" }
        router.get("/v1/status") { _, _ in try await answer(self.status()) }
        router.get("/v1/health") { request, _ in try await answer(self.health(request)) }
        router.get("/v1/regions/{region}:export") { request, context in try await self.export(request, context) }
        router.post("/v1/regions/{region}:apply") { request, context in
            try await answer(self.apply(request, context))
        }
        router.post("/v1/detach") { _, _ in
            try await self.controller.detach()
            return try await answer(self.status())
        }
        return router
    }
}
