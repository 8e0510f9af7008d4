internal import NIOCore
package import NetworkTypes
internal import Synchronization

/// Turns for requests with a large body, of which few are received and worked on at once: each may take many times its
/// bytes in memory.
package final class BodyTurns: Sendable {
    private struct State {
        var free: Int
        var lastTicket = 0
        var waiting: [(ticket: Int, promise: EventLoopPromise<Void>)] = []
    }

    private let state: Mutex<State>

    package init(count: Int) { state = Mutex(State(free: count)) }

    /// - Returns: A number to give to `leave(_:)`, and when it is its turn.
    func take(on eventLoop: any EventLoop) -> (ticket: Int, turn: EventLoopFuture<Void>) {
        let promise = eventLoop.makePromise(of: Void.self)
        let (ticket, isFree) = state.withLock { state in
            state.lastTicket += 1
            if state.free > 0 {
                state.free -= 1
                return (state.lastTicket, true)
            }
            state.waiting.append((state.lastTicket, promise))
            return (state.lastTicket, false)
        }
        if isFree { promise.succeed() }
        return (ticket, promise.futureResult)
    }

    /// Ends a turn, or the wait for one. To be called once for each ticket.
    func leave(_ ticket: Int) {
        let next = state.withLock { state -> EventLoopPromise<Void>? in
            if let place = state.waiting.firstIndex(where: { $0.ticket == ticket }) {
                return state.waiting.remove(at: place).promise
            }
            guard state.waiting.isEmpty else { return state.waiting.removeFirst().promise }
            state.free += 1
            return nil
        }
        next?.succeed()
    }

    package var areAwaited: Bool { state.withLock { !$0.waiting.isEmpty } }
    package var freeCount: Int { state.withLock { $0.free } }
}

/// How many connections each client has.
package final class ConnectionCounts: Sendable {
    private let max: Int
    private let counts = Mutex<[[UInt8]: Int]>([:])

    package init(max: Int) { self.max = max }

    /// - Returns: Whether the client may have one more. Who has been told so gives it back.
    package func take(for client: IPAddress) -> Bool {
        counts.withLock { counts in
            let count = counts[key(client), default: 0]
            guard count < max else { return false }
            counts[key(client)] = count + 1
            return true
        }
    }

    package func give(back client: IPAddress) {
        counts.withLock { counts in
            let count = counts[key(client), default: 1]
            counts[key(client)] = count == 1 ? nil : count - 1
        }
    }

    /// Whoever has an IPv6 address has the /64 that it is of.
    private func key(_ client: IPAddress) -> [UInt8] { Array(client.wireBytes.prefix(8)) }
}
