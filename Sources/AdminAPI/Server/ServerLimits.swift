package import NIOCore

/// What one client may take of the server, so that the others are served whatever it does.
package enum ServerLimits {
    // MARK: Connections

    /// Open at once, of the unix socket and of each TCP address. Others wait to be accepted.
    static let connections = 256
    /// Of those, what one IPv4 address or one IPv6 /64 may have; more are closed at once.
    package static let connectionsPerRemote = 64
    /// Requests that a connection may have sent ahead of their answers; what it sends after them is not read.
    package static let requestsAhead = 16

    // MARK: Bytes

    /// Of the request line and all header fields together, and of the fields the number.
    static let headBytes = 16 << 10
    static let headerFields = 100
    /// Of a request's body, up to which it needs no turn: ordinary requests are served however many large ones come.
    package static let smallBodyBytes = 32 << 10
    /// Requests with larger bodies that are received and worked on at once, of the unix socket and of TCP.
    static let bodyTurns = 2
    /// Of a body that comes in `pace`, while others wait for their turn.
    package static let paceBytes = 64 << 10
    /// Read in one go.
    static let readBytes = 16 << 10
    /// Of a body, what may be on its way when its client is stopped.
    static let overrunBytes = 128 << 10
    /// Of an answer, for which a client has `answerSeconds`.
    package static let pieceBytes = 64 << 10
    /// Thrown away while a refused client has not read its answer yet.
    package static let discardedBytes = 16 << 20

    // MARK: Seconds

    /// From accepting a connection to the end of its first head; a TLS handshake is part of that.
    package static let firstHead = TimeAmount.seconds(10)
    /// From an answer to the end of the next head.
    package static let nextHead = TimeAmount.seconds(60)
    /// From the end of a head to the end of its body.
    package static let body = TimeAmount.seconds(30)
    package static let pace = TimeAmount.seconds(2)
    /// For a client to read a piece of its answer.
    package static let answer = TimeAmount.seconds(30)
    /// For a client's host to acknowledge what was sent, over TCP; one that vanished may have followed events.
    static let acknowledgement = TimeAmount.seconds(30)
    /// From a last answer to the end of the connection, when it is not the client who ends it.
    package static let farewell = TimeAmount.seconds(2)
    /// For requests that are being answered when the daemon is to stop.
    package static let shutdown = TimeAmount.seconds(3)
}
