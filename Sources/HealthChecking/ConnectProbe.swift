// With EchoProbe.swift and EchoSocket.swift the only code here that touches the network.

internal import NIOCore
internal import NIOPosix
internal import NetworkTypes
internal import ServiceModel

#if canImport(Glibc)
    internal import Glibc
#endif

/// Opens TCP connections and resets them as soon as they stand; or sends echo requests.
struct Prober: Sendable {
    let loop: any EventLoop
    /// Addresses that probes come from; the first of the target's family counts. Without one the kernel chooses.
    let sources: [IPAddress]

    /// Starts to probe the endpoint of `check`.
    func start(_ check: Check) -> ConnectProbe {
        let stop = loop.makePromise(of: Void.self)
        let outcome = loop.flatSubmit {
            switch check.method {
            case .tcp: connect(check, until: stop.futureResult)
            case .icmp: echo(check, until: stop.futureResult)
            }
        }
        outcome.whenComplete { _ in stop.succeed() }
        return ConnectProbe(outcome: outcome, stop: stop)
    }

    /// Runs on the loop from begin to end, so that a stall of the loop shows in the time it takes.
    private func connect(_ check: Check, until stop: EventLoopFuture<Void>) -> EventLoopFuture<ConnectOutcome> {
        let start = NIODeadline.now()
        return bootstrap(for: check, until: stop)
            .connect(to: SocketAddress(check.endpoint.address, port: check.endpoint.port))
            .map { channel in
                // TCP lets a socket connect to itself when the kernel picks the very port that it dials, as it may
                // towards an address of this host. Nobody listens then.
                channel.localAddress == channel.remoteAddress
                    ? .failed(errno: ECONNREFUSED, atOnce: false) : .connected
            }
            .recover { error in
                let elapsed = Duration.nanoseconds((NIODeadline.now() - start).nanoseconds)
                return ConnectOutcome(error, elapsed: elapsed, timeout: check.timeout)
            }
    }

    /// - Parameter stop: Closes the connection, in whatever state it is.
    private func bootstrap(for check: Check, until stop: EventLoopFuture<Void>) -> ClientBootstrap {
        let bootstrap = ClientBootstrap(group: loop)
            .connectTimeout(TimeAmount(check.timeout))
            .channelOption(.autoRead, value: false)
            .channelInitializer { channel in
                stop.whenSuccess { channel.close(promise: nil) }
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(LateErrorMarker())
                }.flatMap { channel.closeWithReset() }
            }
        guard let source = sources.first(where: { $0.family == check.endpoint.address.family }) else {
            return bootstrap
        }
        return bootstrap.channelOption(.bindAddressNoPort, value: 1).bind(to: SocketAddress(source, port: 0))
    }
}

/// One attempt to connect.
struct ConnectProbe: Sendable {
    fileprivate let outcome: EventLoopFuture<ConnectOutcome>
    fileprivate let stop: EventLoopPromise<Void>

    /// Closes the socket now. Harmless when it is closed already.
    func cancel() { stop.succeed() }

    /// Waits for the end, which comes at once when the task is cancelled.
    func result() async -> ProbeResult {
        await withTaskCancellationHandler {
            do {
                return try await outcome.get().result
            } catch {
                return .inconclusive("the event loop is gone: \(error)")
            }
        } onCancel: {
            cancel()
        }
    }
}

/// An error that `connect` did not return itself.
private struct LateError: Error {
    let cause: IOError
}

/// Tells the errors that `connect` returned, which are about us, from those that came later, from the network.
private final class LateErrorMarker: ChannelOutboundHandler {
    typealias OutboundIn = Never

    private var isLate = false

    func connect(context: ChannelHandlerContext, to address: SocketAddress, promise: EventLoopPromise<Void>?) {
        let attempt = context.eventLoop.makePromise(of: Void.self)
        // Before the call, for an error of the call itself runs this before the call returns.
        attempt.futureResult.assumeIsolated().whenComplete { result in
            switch result {
            case .success: promise?.succeed()
            case .failure(let error as IOError) where self.isLate: promise?.fail(LateError(cause: error))
            case .failure(let error): promise?.fail(error)
            }
        }
        context.connect(to: address, promise: attempt)
        isLate = true
    }
}

extension ConnectOutcome {
    fileprivate init(_ error: any Error, elapsed: Duration, timeout: Duration) {
        self =
            switch error {
            case ChannelError.connectTimeout: .timedOut(elapsed: elapsed, timeout: timeout)
            case let error as LateError: .failed(errno: error.cause.errnoCode, atOnce: false)
            case let error as IOError: .failed(errno: error.errnoCode, atOnce: true)
            default: .notMade("\(error)")
            }
    }
}

extension Channel {
    /// Lets `close` send RST: it leaves no TIME_WAIT behind, and the target no half-closed connection.
    fileprivate func closeWithReset() -> EventLoopFuture<Void> {
        // Every channel of a ClientBootstrap is one.
        guard let socket = self as? any SocketOptionProvider else {
            preconditionFailure("a channel with a socket takes socket options")
        }
        return socket.setSoLinger(linger(l_onoff: 1, l_linger: 0))
    }
}

extension ChannelOption where Self == ChannelOptions.Types.SocketOption {
    /// `IP_BIND_ADDRESS_NO_PORT`, also for IPv6: the port is chosen by `connect`, and so only needs to be free
    /// towards that target. Else 28,000 connections to all targets together would use up the source address.
    fileprivate static var bindAddressNoPort: Self {
        ChannelOptions.Types.SocketOption(level: .ip, name: NIOBSDSocket.Option(rawValue: 24))
    }
}

extension SocketAddress {
    init(_ address: IPAddress, port: UInt16) {
        do {
            try self.init(packedIPAddress: ByteBuffer(bytes: address.wireBytes), port: Int(port))
        } catch {
            preconditionFailure("an address has 4 or 16 bytes on the wire: \(error)")
        }
    }
}
