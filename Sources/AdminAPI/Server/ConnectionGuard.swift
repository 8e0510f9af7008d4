internal import AdminTypes
internal import Foundation
package import NIOCore
package import NIOHTTP1

/// Sees to it that a client sends and reads in time and no more than it may, whatever else it does.
///
/// Stands behind the parser, and has `InputGate` in front of it. A request that it refuses while the body comes is
/// answered by whoever reads that body, which ends with the refusal as an error; what is no request at all is answered
/// here.
package final class ConnectionGuard: ChannelDuplexHandler {
    package typealias InboundIn = HTTPServerRequestPart
    package typealias InboundOut = HTTPServerRequestPart
    package typealias OutboundIn = HTTPServerResponsePart
    package typealias OutboundOut = HTTPServerResponsePart

    private let gate: InputGate
    private let turns: BodyTurns
    private var state = ConnectionState(at: .now())
    private var timer: (task: Scheduled<Void>, deadline: NIODeadline)?
    /// Of bodies that are not answered yet.
    private var bodyBytes = 0
    /// For a turn that those bodies need.
    private var ticket: Int?
    private var awaitsTurn = false
    private var isReadHeld = false
    /// Whether the request that comes waits to be asked for its body.
    private var awaitsContinue = false
    /// The answer to what is no request, to be given after those to the requests before it.
    private var owedRefusal: RequestRefusal?
    private enum Ending { case none, begun, saidFarewell }
    private var ending = Ending.none
    private var isRemoved = false

    package init(gate: InputGate, turns: BodyTurns) {
        self.gate = gate
        self.turns = turns
    }

    // MARK: From the client

    package func handlerAdded(context: ChannelHandlerContext) {
        state = ConnectionState(at: context.eventLoop.now)
        setTimer(context)
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        isRemoved = true
        timer?.task.cancel()
        timer = nil
        leaveTurn()
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !state.isShut else { return }
        let now = context.eventLoop.now
        switch unwrapInboundIn(data) {
        case .head(let head):
            let contentLength = head.headers.first(name: "content-length").flatMap(Int.init)
            state.headCame(contentLength: contentLength, isLast: head.isLast, at: now)
            context.fireChannelRead(data)
            if let contentLength, contentLength > AdminAPI.bodyMax { return refuse(.bodyTooLarge, context) }
            awaitsContinue = head.headers.first(name: "expect")?.lowercased() == "100-continue"
            sayContinue(context)
        case .body(let buffer):
            guard state.bodyCame(buffer.readableBytes) <= AdminAPI.bodyMax else {
                return refuse(.bodyTooLarge, context)
            }
            guard mayGrow(by: buffer.readableBytes, context) else { return refuse(.tooManyBodies, context) }
            context.fireChannelRead(data)
        case .end:
            state.endCame(at: now)
            awaitsContinue = false
            gate.isShut = state.isShut
            context.fireChannelRead(data)
            // Whoever was answered before the end of a short body.
            if state.isOver { end(context) }
        }
        setTimer(context)
    }

    package func channelReadComplete(context: ChannelHandlerContext) {
        context.fireChannelReadComplete()
        // Nobody behind this asks for more, and a client may have to send all before it reads.
        if ending == .saidFarewell { context.read() }
    }

    package func read(context: ChannelHandlerContext) {
        if holdsReads { isReadHeld = true } else { context.read() }
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError else { return context.fireErrorCaught(error) }
        guard !state.isShut else { return }
        if state.isReading { return refuse(.malformed, context) }
        shut()
        owedRefusal = error == .headerOverflow ? .headTooLarge : .malformed
        answerOwedRefusal(context)
        setTimer(context)
    }

    package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent {
            state.end(by: context.eventLoop.now + ServerLimits.shutdown)
            setTimer(context)
        }
        context.fireUserInboundEventTriggered(event)
    }

    /// Takes no more, and has whoever reads the body throw this.
    private func refuse(_ refusal: RequestRefusal, _ context: ChannelHandlerContext) {
        shut()
        context.fireErrorCaught(refusal)
        setTimer(context)
    }

    private func shut() {
        state.shut()
        gate.isShut = true
    }

    // MARK: Turns

    /// - Returns: False when the client goes on although it is not its turn.
    private func mayGrow(by bytes: Int, _ context: ChannelHandlerContext) -> Bool {
        bodyBytes += bytes
        if bodyBytes > ServerLimits.smallBodyBytes, ticket == nil { takeTurn(context) }
        return !awaitsTurn || bodyBytes <= ServerLimits.smallBodyBytes + ServerLimits.overrunBytes
    }

    private func takeTurn(_ context: ChannelHandlerContext) {
        let (ticket, turn) = turns.take(on: context.eventLoop)
        self.ticket = ticket
        awaitsTurn = true
        turn.assumeIsolated().whenSuccess {
            guard self.ticket == ticket else { return }
            self.awaitsTurn = false
            self.state.measurePace(at: context.eventLoop.now)
            self.releaseRead(context)
            self.setTimer(context)
        }
    }

    private func leaveTurn() {
        bodyBytes = 0
        awaitsTurn = false
        guard let ticket else { return }
        self.ticket = nil
        turns.leave(ticket)
    }

    // MARK: To the client

    package func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(var head):
            if state.isLastAnswer { head.headers.replaceOrAdd(name: "connection", value: "close") }
            write(.head(head), context, promise)
        case .body(.byteBuffer(var rest)):
            while rest.readableBytes > ServerLimits.pieceBytes,
                let piece = rest.readSlice(length: ServerLimits.pieceBytes)
            {
                write(.body(.byteBuffer(piece)), context, nil)
            }
            write(.body(.byteBuffer(rest)), context, promise)
        case .body(let body): write(.body(body), context, promise)
        case .end(let trailers):
            write(.end(trailers), context, promise)
            state.answerEnded(at: context.eventLoop.now)
            answerEnded(context)
        }
        setTimer(context)
    }

    private func answerEnded(_ context: ChannelHandlerContext) {
        if state.unanswered == 0 { leaveTurn() }
        if owedRefusal != nil {
            answerOwedRefusal(context)
        } else if state.isOver {
            end(context)
        } else {
            sayContinue(context)
        }
        releaseRead(context)
    }

    private func write(
        _ part: HTTPServerResponsePart, _ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?
    ) {
        state.pieceWritten(at: context.eventLoop.now)
        let taken = promise ?? context.eventLoop.makePromise()
        taken.futureResult.assumeIsolated().whenComplete { _ in
            guard !self.isRemoved else { return }
            self.state.pieceTaken(at: context.eventLoop.now)
            self.sayFarewellIfSent(context)
            self.setTimer(context)
        }
        context.write(wrapOutboundOut(part), promise: taken)
    }

    /// An answer to a later request cannot come before that to an earlier one, nor can this.
    private func sayContinue(_ context: ChannelHandlerContext) {
        guard awaitsContinue, state.unanswered == 1 else { return }
        awaitsContinue = false
        write(.head(HTTPResponseHead(version: .http1_1, status: .continue)), context, nil)
        context.flush()
    }

    private func answerOwedRefusal(_ context: ChannelHandlerContext) {
        guard state.unanswered == 0, let refusal = owedRefusal else { return }
        owedRefusal = nil
        let answer = ErrorAnswer(refusal)
        let requestID = UUID().uuidString.lowercased()
        let text = (try? answer.envelope(requestID: requestID)) ?? ByteBuffer()
        let head = HTTPResponseHead(
            version: .http1_1, status: HTTPResponseStatus(statusCode: answer.error.code),
            headers: [
                "content-type": "application/json", "content-length": "\(text.readableBytes)", "connection": "close",
                "server": AdminAPI.serverName, "x-jdcloud-request-id": requestID,
            ])
        write(.head(head), context, nil)
        write(.body(.byteBuffer(text)), context, nil)
        write(.end(nil), context, nil)
        context.flush()
        end(context)
    }

    private var holdsReads: Bool { awaitsTurn || state.holdsReads }

    private func releaseRead(_ context: ChannelHandlerContext) {
        guard isReadHeld, !holdsReads else { return }
        isReadHeld = false
        context.read()
    }

    // MARK: The end

    package func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        // Whoever closes because all is said must not cut off what the client is still reading.
        guard mode == .output || mode == .all && (ending != .none || state.unsent > 0) else {
            return context.close(mode: mode, promise: promise)
        }
        if mode == .output { promise?.succeed() } else { context.channel.closeFuture.cascade(to: promise) }
        end(context)
        setTimer(context)
    }

    /// Ends the connection when the kernel has taken all answers.
    private func end(_ context: ChannelHandlerContext) {
        shut()
        if ending == .none { ending = .begun }
        sayFarewellIfSent(context)
    }

    /// Sends nothing any more, and leaves the client a moment to read: closing at once, with bytes of the client unread,
    /// would make the kernel reset the connection and the client lose its answer.
    private func sayFarewellIfSent(_ context: ChannelHandlerContext) {
        guard ending == .begun, state.unsent == 0 else { return }
        ending = .saidFarewell
        state.end(by: context.eventLoop.now + ServerLimits.farewell)
        context.close(mode: .output, promise: nil)
        context.read()
    }

    private func setTimer(_ context: ChannelHandlerContext) {
        let deadline = state.deadline
        guard deadline != timer?.deadline else { return }
        timer?.task.cancel()
        timer = nil
        guard deadline != .distantFuture, !isRemoved else { return }
        let task = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) {
            self.timer = nil
            self.timeIsUp(context)
        }
        timer = (task, deadline)
    }

    private func timeIsUp(_ context: ChannelHandlerContext) {
        switch state.overdue(at: context.eventLoop.now) {
        case .body where state.unanswered > 0: refuse(awaitsTurn ? .tooManyBodies : .bodyTooSlow, context)
        case .pace:
            let isSlow = state.measurePace(at: context.eventLoop.now) < ServerLimits.paceBytes
            if isSlow, turns.areAwaited { refuse(.bodyTooSlow, context) } else { setTimer(context) }
        case .body, .request, .reading, .farewell: context.close(promise: nil)
        case nil: setTimer(context)
        }
    }
}

extension HTTPRequestHead {
    /// Whether no other request follows: the client says so, or that it goes on with something else than HTTP, behind
    /// which the parser finds no request.
    fileprivate var isLast: Bool { !isKeepAlive || headers.contains(name: "upgrade") || method == .CONNECT }
}

/// Between the socket and the parser: throws away what comes after the last request that is of interest.
package final class InputGate: ChannelInboundHandler {
    package typealias InboundIn = ByteBuffer
    package typealias InboundOut = ByteBuffer

    fileprivate(set) var isShut = false
    private var discardedBytes = 0

    package init() {}

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard isShut else { return context.fireChannelRead(data) }
        discardedBytes += unwrapInboundIn(data).readableBytes
        if discardedBytes > ServerLimits.discardedBytes { context.close(promise: nil) }
    }
}
