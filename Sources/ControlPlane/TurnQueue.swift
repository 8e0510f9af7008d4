/// Lets one at a time do something that takes several steps of an actor, in the order in which they asked.
final class TurnQueue {
    private var isTaken = false
    private var waiters: [CheckedContinuation<Void, Never>] = []

    /// Returns when it is the caller's turn; `pass()` must follow.
    func take(isolation: isolated (any Actor)? = #isolation) async {
        guard isTaken else {
            isTaken = true
            return
        }
        await withCheckedContinuation { waiters.append($0) }
    }

    func pass() {
        if waiters.isEmpty { isTaken = false } else { waiters.removeFirst().resume() }
    }
}
