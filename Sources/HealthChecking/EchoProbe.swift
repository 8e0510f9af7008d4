// Echo requests over raw sockets, which need CAP_NET_RAW: the kernel's ping sockets are for groups that most hosts don't name.

internal import NIOCore
internal import NIOPosix
internal import NetworkTypes

#if canImport(Glibc)
    internal import Glibc
#endif

extension Prober {
    /// Sends an echo request to the address of `check` and waits for the reply.
    func echo(_ check: Check, until stop: EventLoopFuture<Void>) -> EventLoopFuture<ConnectOutcome> {
        let start = NIODeadline.now()
        let address = check.endpoint.address
        let isIPv6 = address.family == .ipv6
        let message = EchoMessage(
            isIPv6: isIPv6, identifier: .random(in: 0 ... .max), sequence: .random(in: 0 ... .max))
        let reply = loop.makePromise(of: ConnectOutcome.self)
        let waiter = EchoWaiter(message: message, reply: reply)
        let timeout = loop.scheduleTask(in: TimeAmount(check.timeout)) {
            let elapsed = Duration.nanoseconds((NIODeadline.now() - start).nanoseconds)
            reply.succeed(.unanswered(elapsed: elapsed, timeout: check.timeout))
        }
        stop.whenSuccess { reply.succeed(.notMade("taken back")) }
        reply.futureResult.whenComplete { _ in timeout.cancel() }

        let target = SocketAddress(address, port: 0)
        open(waiter, to: address, from: sources.first { $0.family == address.family })
            .flatMap { channel in
                channel.writeAndFlush(
                    AddressedEnvelope(remoteAddress: target, data: ByteBuffer(bytes: message.request)))
            }
            // What goes wrong before the request has left is about us.
            .whenFailure { error in reply.succeed(ConnectOutcome(echo: error, atOnce: true)) }
        return reply.futureResult
    }

    /// A raw socket that is connected to a target: it hears of this one only, and of errors about it.
    private func open(
        _ waiter: EchoWaiter, to address: IPAddress, from source: IPAddress?
    ) -> EventLoopFuture<any Channel> {
        let isIPv6 = address.family == .ipv6
        let prepare: @Sendable (any Channel) -> EventLoopFuture<Void> = { channel in
            waiter.reply.futureResult.whenComplete { _ in channel.close(promise: nil) }
            return channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(waiter.handler())
            }.flatMap {
                channel.receiveErrors(isIPv6: isIPv6)
            }
        }
        let opened =
            isIPv6
            ? openIPv6(prepare, from: source)
            : NIORawSocketBootstrap(group: loop).channelInitializer(prepare)
                .bind(host: source?.description ?? "0.0.0.0", ipProtocol: .icmp)
        return opened.flatMap { channel in channel.connect(to: SocketAddress(address, port: 0)).map { channel } }
    }

    /// NIO's bootstrap sets `IPV6_V6ONLY` on any socket of IPv6, which the kernel refuses for raw ones.
    private func openIPv6(
        _ prepare: @escaping @Sendable (any Channel) -> EventLoopFuture<Void>, from source: IPAddress?
    ) -> EventLoopFuture<any Channel> {
        let type = Int32(SOCK_RAW.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(AF_INET6, type, Int32(IPPROTO_ICMPV6))
        guard descriptor >= 0 else {
            return loop.makeFailedFuture(IOError(errnoCode: errno, reason: "socket"))
        }
        let opened = DatagramBootstrap(group: loop).channelInitializer(prepare).withBoundSocket(descriptor)
        guard let source else { return opened }
        return opened.flatMap { channel in channel.bind(to: SocketAddress(source, port: 0)).map { channel } }
    }
}

/// What a probe waits for.
private struct EchoWaiter: Sendable {
    let message: EchoMessage
    let reply: EventLoopPromise<ConnectOutcome>

    func handler() -> EchoHandler { EchoHandler(self) }
}

private final class EchoHandler: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>

    private let waiter: EchoWaiter

    init(_ waiter: EchoWaiter) { self.waiter = waiter }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let packet = unwrapInboundIn(data).data
        if waiter.message.isAnswered(by: packet.readableBytesView) { waiter.reply.succeed(.connected) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        waiter.reply.succeed(ConnectOutcome(echo: error, atOnce: false))
    }

    func channelInactive(context: ChannelHandlerContext) {
        waiter.reply.succeed(.notMade("the socket is gone"))
    }
}

extension ConnectOutcome {
    fileprivate init(echo error: any Error, atOnce: Bool) {
        self =
            if let error = error as? IOError { .failed(errno: error.errnoCode, atOnce: atOnce) } else {
                .notMade("\(error)")
            }
    }
}

extension Channel {
    /// Lets what routers and the link say of the target come to its reader.
    fileprivate func receiveErrors(isIPv6: Bool) -> EventLoopFuture<Void> {
        // Every channel of a bootstrap has a socket.
        guard let socket = self as? any SocketOptionProvider else {
            preconditionFailure("a channel with a socket takes socket options")
        }
        guard isIPv6 else { return socket.unsafeSetSocketOption(level: .ip, name: .receiveErrors, value: CInt(1)) }
        return socket.unsafeSetSocketOption(level: .ipv6, name: .receiveErrorsIPv6, value: CInt(1))
    }
}

extension NIOBSDSocket.Option {
    /// `IP_RECVERR` and `IPV6_RECVERR`.
    fileprivate static let receiveErrors = NIOBSDSocket.Option(rawValue: 11)
    fileprivate static let receiveErrorsIPv6 = NIOBSDSocket.Option(rawValue: 25)
}
