internal import NIOCore

/// How far the requests of a connection are, and until when the client must do its next step.
///
/// Decides; holds neither channel nor clock. While a request is worked on the client need do nothing, so that takes
/// as long as it takes.
struct ConnectionState {
    /// A request whose end has not come.
    private struct Incoming {
        /// `nil` when it comes in chunks.
        let contentLength: Int?
        /// Whether no other may follow.
        let isLast: Bool
        let until: NIODeadline
        var bodyBytes = 0
        /// When others wait for it: the next look at it, and how much had come at the last one.
        var pace: (until: NIODeadline, bytes: Int)?

        /// So little that reading the rest is cheaper than a new connection.
        var isShort: Bool { contentLength.map { $0 <= ServerLimits.smallBodyBytes } ?? false }
    }

    /// What a client is too late with.
    enum Overdue { case request, body, pace, reading, farewell }

    /// Requests whose head has come and whose answer is not complete.
    private(set) var unanswered = 0
    /// Whether nothing that still comes is of interest: the connection ends with the answers that are owed.
    private(set) var isShut = false
    private var incoming: Incoming?
    /// Pieces of answers that the kernel has not taken.
    private(set) var unsent = 0
    private var waiting: (since: NIODeadline, patience: TimeAmount)
    private var readBy = NIODeadline.distantFuture
    private var endsBy = NIODeadline.distantFuture

    init(at now: NIODeadline) { waiting = (now, ServerLimits.firstHead) }

    // MARK: What is so

    var isReading: Bool { incoming != nil }

    /// Whether the answers that are owed have been given and no request may follow.
    var isOver: Bool { unanswered == 0 && hasNoFuture }

    /// Whether the answer that begins now is the last one.
    var isLastAnswer: Bool { unanswered == 1 && hasNoFuture }

    private var hasNoFuture: Bool { isShut || incoming.map { !$0.isShort } ?? false }

    /// Whether the client is to wait: it sends faster than it is answered.
    var holdsReads: Bool { unanswered > 0 && (isShut || incoming == nil) }

    /// When the client is late, if it does nothing until then.
    var deadline: NIODeadline {
        var deadline = endsBy
        if unsent > 0 { deadline = min(deadline, readBy) }
        if !isShut, let incoming { deadline = min(deadline, incoming.until, incoming.pace?.until ?? .distantFuture) }
        if isIdle { deadline = min(deadline, waiting.since + waiting.patience) }
        return deadline
    }

    func overdue(at now: NIODeadline) -> Overdue? {
        if now >= endsBy { return .farewell }
        if unsent > 0, now >= readBy { return .reading }
        if !isShut, let incoming, now >= incoming.until { return .body }
        if !isShut, let pace = incoming?.pace, now >= pace.until { return .pace }
        if isIdle, now >= waiting.since + waiting.patience { return .request }
        return nil
    }

    private var isIdle: Bool { unanswered == 0 && incoming == nil && unsent == 0 }

    // MARK: What happens

    /// - Parameter isLast: The client says that it will send no other one, or something else than HTTP.
    mutating func headCame(contentLength: Int?, isLast: Bool, at now: NIODeadline) {
        unanswered += 1
        incoming = Incoming(
            contentLength: contentLength, isLast: isLast || unanswered == ServerLimits.requestsAhead,
            until: now + ServerLimits.body)
    }

    /// - Returns: All bytes of this body so far.
    mutating func bodyCame(_ bytes: Int) -> Int {
        incoming?.bodyBytes += bytes
        return incoming?.bodyBytes ?? 0
    }

    /// Begins to measure how fast the body comes.
    ///
    /// - Returns: The bytes that came since this was called before.
    @discardableResult
    mutating func measurePace(at now: NIODeadline) -> Int {
        guard let bytes = incoming?.bodyBytes else { return 0 }
        let before = incoming?.pace?.bytes ?? bytes
        incoming?.pace = (now + ServerLimits.pace, bytes)
        return bytes - before
    }

    mutating func endCame(at now: NIODeadline) {
        if incoming?.isLast == true { isShut = true }
        incoming = nil
        wait(since: now)
    }

    mutating func answerEnded(at now: NIODeadline) {
        unanswered -= 1
        wait(since: now)
    }

    /// From now on nothing that comes is of interest.
    mutating func shut() { isShut = true }

    mutating func pieceWritten(at now: NIODeadline) {
        if unsent == 0 { readBy = now + ServerLimits.answer }
        unsent += 1
    }

    mutating func pieceTaken(at now: NIODeadline) {
        unsent -= 1
        readBy = now + ServerLimits.answer
        wait(since: now)
    }

    /// It ends at this time, or before.
    mutating func end(by deadline: NIODeadline) { endsBy = min(endsBy, deadline) }

    private mutating func wait(since now: NIODeadline) { waiting = (now, ServerLimits.nextHead) }
}
