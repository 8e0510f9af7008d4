internal import Synchronization

/// Those who follow the store. Each is handed the newest state, and no state twice or out of order.
final class Watchers: Sendable {
    private struct State {
        var newest: StoredConfiguration?
        var nextID = 0
        var continuations: [Int: AsyncStream<StoredConfiguration>.Continuation] = [:]
    }

    private let state = Mutex(State())

    func stream(from revision: UInt64) -> AsyncStream<StoredConfiguration> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: StoredConfiguration.self, bufferingPolicy: .bufferingNewest(1))
        let id = state.withLock { state in
            state.nextID += 1
            state.continuations[state.nextID] = continuation
            if let newest = state.newest, newest.revision > revision { continuation.yield(newest) }
            return state.nextID
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { $0.continuations[id] = nil }
        }
        return stream
    }

    func publish(_ stored: StoredConfiguration) {
        state.withLock { state in
            guard stored.revision > state.newest?.revision ?? 0 else { return }
            state.newest = stored
            for continuation in state.continuations.values { continuation.yield(stored) }
        }
    }

    deinit { for continuation in state.withLock({ $0.continuations.values }) { continuation.finish() } }
}
