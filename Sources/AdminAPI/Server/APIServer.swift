internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import NIOPosix
public import NetworkTypes
public import ServiceLifecycle

/// The API on its unix socket and, where that is asked for, on TCP.
public struct APIServer: Service {
    /// Where the API is, and what it needs to be there.
    public struct Places: Sendable {
        public let socketPath: String
        /// Over TCP; port 0 stands for one that is free.
        public let addresses: [NetworkTypes.Endpoint]
        /// For all of these; without one they speak plain HTTP.
        public let certificate: ServerCertificate?
        /// Whom the kernel names as the other end of a connection to the unix socket. Clients of whom it fails are
        /// refused.
        public let credentials: @Sendable (_ descriptor: CInt) throws -> PeerCredentials

        public init(
            socketPath: String, addresses: [NetworkTypes.Endpoint], certificate: ServerCertificate?,
            credentials: @escaping @Sendable (_ descriptor: CInt) throws -> PeerCredentials
        ) {
            self.socketPath = socketPath
            self.addresses = addresses
            self.certificate = certificate
            self.credentials = credentials
        }
    }

    /// An address that cannot be listened on.
    public struct ListenError: Error, Sendable, CustomStringConvertible {
        public let address: NetworkTypes.Endpoint
        public let cause: String
        public let isPermission: Bool

        init(_ address: NetworkTypes.Endpoint, _ error: any Error) {
            let errorNumber = (error as? IOError)?.errnoCode
            self.address = address
            cause = errorNumber.map { String(cString: strerror($0)) } ?? "\(error)"
            isPermission = errorNumber == EACCES || errorNumber == EPERM
        }

        public var description: String { "cannot listen on \(address.socketDescription): \(cause)" }
    }

    let api: AdminAPI
    let places: Places
    let logger: Logger
    let onListening: @Sendable (_ addresses: [NetworkTypes.Endpoint]) async -> Void

    /// Finds out what `run()` would fail with, while nothing has been started yet.
    public static func check(_ addresses: [NetworkTypes.Endpoint]) async throws(ListenError) {
        for address in addresses {
            do {
                let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                    .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                    .bind(host: address.address.description, port: Int(address.port)).get()
                try await channel.close()
            } catch {
                throw ListenError(address, error)
            }
        }
    }

    /// Serves until it is shut down. Nobody is answered before all addresses are listened on.
    ///
    /// - Throws: `ListenError` when one cannot be.
    public func run() async throws {
        let (opened, tellOpened) = AsyncStream.makeStream(of: NetworkTypes.Endpoint.self)
        let counts = ConnectionCounts(max: ServerLimits.connectionsPerRemote)
        let turns = BodyTurns(count: ServerLimits.bodyTurns)
        let doors = places.addresses.map { address in
            let entrance = GuardedChannel.Entrance.tcp(places.certificate, counts)
            let place = BindAddress.hostname(address.address.description, port: Int(address.port))
            return TCPDoor(
                address: address,
                application: application(at: place, entrance, turns) { channel in
                    let port = channel.localAddress?.port.flatMap(UInt16.init(exactly:)) ?? address.port
                    tellOpened.yield(NetworkTypes.Endpoint(address: address.address, port: port, transport: .tcp))
                })
        }
        let socket = application(
            at: .unixDomainSocket(path: places.socketPath), .unix(places.credentials),
            BodyTurns(count: ServerLimits.bodyTurns)
        ) { _ in
            let addresses = await opened.prefix(doors.count).reduce(into: []) { $0.append($1) }
            // Less when one of them failed, and all ends.
            if addresses.count == doors.count { await onListening(addresses.sorted()) }
        }
        // All are told to stop at once, as a group of services would not do: each may wait for its clients.
        try await withThrowingTaskGroup(of: Void.self) { group in
            for service: any Service in doors + [socket] { group.addTask { try await service.run() } }
            try await group.waitForAll()
        }
    }

    private func application(
        at place: BindAddress, _ entrance: GuardedChannel.Entrance, _ turns: BodyTurns,
        onListening: @escaping @Sendable (any Channel) async -> Void
    ) -> Application<APIResponder> {
        Application(
            responder: api.routes,
            server: HTTPServerBuilder { responder in
                GuardedChannel(entrance: entrance, turns: turns, responder: responder)
            },
            configuration: .init(
                address: place, serverName: AdminAPI.serverName,
                availableConnectionsDelegate: .maximum(ServerLimits.connections, logger: logger)),
            onServerRunning: { channel in
                // One at a time: the limit is looked at before accepting, and not within a batch.
                try? await channel.setOption(.maxMessagesPerRead, value: 1).get()
                await onListening(channel)
            }, logger: logger)
    }
}

/// The API at one TCP address.
private struct TCPDoor: Service {
    let address: NetworkTypes.Endpoint
    let application: Application<APIResponder>

    func run() async throws {
        do { try await application.run() } catch let error as IOError {
            throw APIServer.ListenError(address, error)
        }
    }
}
