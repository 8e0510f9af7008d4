internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL
internal import NetworkTypes

/// Sets connections up: who is at the other end, TLS where it is wanted, and HTTP within limits.
struct GuardedChannel: ServerChildChannel {
    /// Where connections come in.
    enum Entrance: Sendable {
        case unix(@Sendable (_ descriptor: CInt) throws -> PeerCredentials)
        case tcp(ServerCertificate?, ConnectionCounts)
    }

    struct Connection: ServerChildChannelValue {
        let http: HTTP1Channel.Value
        let peer: Peer?
        var channel: any Channel { http.channel }
    }

    let http: HTTP1Channel
    let entrance: Entrance
    let turns: BodyTurns

    init(entrance: Entrance, turns: BodyTurns, responder: @escaping HTTPChannelHandler.Responder) {
        let decoder = HTTP1Channel.Configuration.DecoderConfiguration(
            maxHeaderFieldSize: ServerLimits.headBytes, maxHeaderListSize: ServerLimits.headBytes,
            maxHeaderFieldCount: ServerLimits.headerFields)
        http = HTTP1Channel(responder: responder, configuration: .init(httpDecoderConfiguration: decoder))
        self.entrance = entrance
        self.turns = turns
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Connection> {
        let peer = peer(at: channel, logger)
        let mayStay = mayStay(channel)
        let connection = channel.eventLoop.makeCompletedFuture {
            let received = AdaptiveRecvByteBufferAllocator(
                minimum: 1 << 10, initial: 4 << 10, maximum: ServerLimits.readBytes)
            try channel.syncOptions?.setOption(.recvAllocator, value: received)
            try channel.syncOptions?.setOption(.maxMessagesPerRead, value: 1)
            if case .tcp = entrance {
                try channel.syncOptions?.setOption(
                    .tcpOption(.tcpUserTimeout), value: Int(ServerLimits.acknowledgement.nanoseconds / 1_000_000))
            }
            if case .tcp(let certificate?, _) = entrance {
                try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: certificate.context))
            }
        }.flatMap {
            http.setup(channel: channel, logger: logger)
        }.flatMapThrowing { value in
            try guardParser(of: channel)
            // Not an error, which nobody would close the connection for.
            if !mayStay { channel.close(promise: nil) }
            return Connection(http: value, peer: peer)
        }
        connection.whenFailure { _ in channel.close(promise: nil) }
        return connection
    }

    func handle(value connection: Connection, logger: Logger) async {
        await Peer.$current.withValue(connection.peer) {
            await http.handle(value: connection.http, logger: logger)
        }
    }

    private func guardParser(of channel: any Channel) throws {
        let pipeline = channel.pipeline.syncOperations
        let parser = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
        let gate = InputGate()
        try pipeline.addHandler(gate, position: .before(parser))
        try pipeline.addHandler(ConnectionGuard(gate: gate, turns: turns), position: .after(parser))
    }

    private func peer(at channel: any Channel, _ logger: Logger) -> Peer? {
        switch entrance {
        case .tcp: return IPAddress(remoteOf: channel).map { .remote(address: $0.description) }
        case .unix(let credentials):
            do {
                return try channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(
                    of: NIOBSDSocket.Handle.self
                ) { .local(try credentials($0)) }
            } catch {
                logger.warning("a client is refused: \(error)")
                return nil
            }
        }
    }

    /// Whether the client has no more connections than it may; counts this one until it is closed.
    private func mayStay(_ channel: any Channel) -> Bool {
        guard case .tcp(_, let counts) = entrance else { return true }
        guard let client = IPAddress(remoteOf: channel), counts.take(for: client) else { return false }
        channel.closeFuture.whenComplete { _ in counts.give(back: client) }
        return true
    }
}

extension NIOBSDSocket.Option {
    /// Milliseconds that sent bytes may stay unacknowledged before the connection ends (RFC 5482; linux/tcp.h).
    fileprivate static let tcpUserTimeout = NIOBSDSocket.Option(rawValue: 18)
}
