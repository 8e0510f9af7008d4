// Echo requests over raw sockets: the kernel's ping sockets are for groups that many hosts don't name, and tell of
// errors only in the way that NIO cannot bear (EchoSocket.swift).

internal import NIOCore
internal import NIOPosix
internal import NetworkTypes

extension Prober {
    /// Sends an echo request to the address of `check` and waits for what comes back. On the loop.
    func echo(_ check: Check, until stop: EventLoopFuture<Void>) -> EventLoopFuture<ConnectOutcome> {
        let start = NIODeadline.now()
        let message = EchoMessage(
            to: check.endpoint.address, identifier: .random(in: 0 ... .max), sequence: .random(in: 0 ... .max))
        let descriptor: CInt
        do {
            descriptor = try sendEcho(message, from: sources.first { $0.family == message.target.family })
        } catch {
            // What goes wrong before the request has left is about us.
            return loop.makeSucceededFuture(.failed(errno: error.errnoCode, atOnce: true))
        }

        let end = loop.makePromise(of: ConnectOutcome.self)
        let timeout = loop.scheduleTask(in: TimeAmount(check.timeout)) {
            let elapsed = Duration.nanoseconds((NIODeadline.now() - start).nanoseconds)
            end.succeed(.unanswered(elapsed: elapsed, timeout: check.timeout))
        }
        stop.whenSuccess { end.succeed(.notMade("taken back")) }
        end.futureResult.whenComplete { _ in timeout.cancel() }

        DatagramBootstrap(group: loop)
            .channelInitializer { channel in
                end.futureResult.whenComplete { _ in channel.close(promise: nil) }
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(EchoHandler(message, end))
                }
            }
            .withBoundSocket(descriptor)
            .whenFailure { error in end.succeed(.notMade("\(error)")) }
        return end.futureResult
    }
}

/// Ends a probe with the first packet that is about its request.
private final class EchoHandler: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>

    private let message: EchoMessage
    private let end: EventLoopPromise<ConnectOutcome>

    init(_ message: EchoMessage, _ end: EventLoopPromise<ConnectOutcome>) {
        self.message = message
        self.end = end
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let packet = unwrapInboundIn(data)
        guard let sender = packet.remoteAddress.ipAddress.flatMap(IPAddress.init) else { return }
        switch message.answer(in: packet.data.readableBytesView, from: sender) {
        case .reply: end.succeed(.connected)
        case .undelivered(let errno): end.succeed(.undelivered(errno: errno))
        case nil: break
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { end.succeed(.notMade("\(error)")) }

    func channelInactive(context: ChannelHandlerContext) { end.succeed(.notMade("the socket is gone")) }
}
