import AdminAPI
import NIOCore
import NIOEmbedded
import NIOHTTP1

/// A connection with parser and guard, whose clock stands still until it is moved.
final class Wire {
    let channel = EmbeddedChannel()
    let app = Recorder()
    private let kernel = Kernel()

    init(turns: BodyTurns = BodyTurns(count: 2)) throws {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderListSize = 16 << 10
        limits.maxHeaderFieldCount = 100
        let gate = InputGate()
        try channel.pipeline.syncOperations.addHandlers([
            kernel, HTTPResponseEncoder(), gate,
            ByteToMessageHandler(HTTPRequestDecoder(limitConfiguration: limits)),
            ConnectionGuard(gate: gate, turns: turns), app,
        ])
        try channel.connect(to: SocketAddress(unixDomainSocketPath: "/shoal")).wait()
    }

    // MARK: The client

    func send(_ text: String) throws { try send(ByteBuffer(string: text)) }

    func send(_ bytes: ByteBuffer) throws { try channel.writeInbound(bytes) }

    /// All that came from the server since the last call.
    func received() throws -> String {
        var text = ""
        while let buffer = try channel.readOutbound(as: ByteBuffer.self) { text += String(buffer: buffer) }
        return text
    }

    var isOpen: Bool { channel.isActive }
    /// How often the server asked the kernel for more.
    var reads: Int { kernel.reads }

    func pass(_ time: TimeAmount) { channel.embeddedEventLoop.advanceTime(by: time) }

    // MARK: The application

    func beginAnswer(_ status: HTTPResponseStatus = .ok, body: String = "") {
        let head = HTTPResponseHead(
            version: .http1_1, status: status, headers: ["content-length": "\(body.utf8.count)"])
        channel.write(HTTPServerResponsePart.head(head), promise: nil)
        if !body.isEmpty {
            channel.write(HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(string: body))), promise: nil)
        }
    }

    func endAnswer() { channel.write(HTTPServerResponsePart.end(nil), promise: nil) }

    func answer(_ status: HTTPResponseStatus = .ok, body: String = "") {
        beginAnswer(status, body: body)
        endAnswer()
        channel.flush()
    }
}

/// What reaches the application.
final class Recorder: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart

    private(set) var heads: [String] = []
    private(set) var bodyBytes = 0
    private(set) var ends = 0
    private(set) var errors: [any Error] = []
    var refusals: [RequestRefusal] { errors.compactMap { $0 as? RequestRefusal } }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): heads.append(head.uri)
        case .body(let buffer): bodyBytes += buffer.readableBytes
        case .end: ends += 1
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { errors.append(error) }
}

private final class Kernel: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer

    var reads = 0

    func read(context: ChannelHandlerContext) {
        reads += 1
        context.read()
    }

    /// An embedded channel has no two sides: who says the last word leaves the connection open, as a socket does.
    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        if mode == .output { promise?.succeed() } else { context.close(mode: mode, promise: promise) }
    }
}
