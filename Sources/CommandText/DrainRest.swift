package import AdminTypes

/// What draining targets still have, over all services that they serve.
package struct DrainRest: Sendable, Hashable {
    /// Live flows that were seen since their slots moved. One that is silent is not counted until it says something, and
    /// one that is opening not at all: nobody may ever answer it.
    package private(set) var flows = 0
    /// Moving slots whose older flows are with them.
    package private(set) var movingSlots = 0
    /// Those that somebody has enabled again.
    package private(set) var enabled: Set<String> = []

    package init() {}

    /// - Parameter endpoints: The draining targets of that service.
    package mutating func add(_ table: TableAnswer, of endpoints: Set<String>) {
        for target in table.targets where endpoints.contains(target.endpoint) {
            flows += target.flows.live
            movingSlots += target.previousSlots
            if target.adminState == "enabled" { enabled.insert(target.endpoint) }
        }
    }

    /// Whether there is nothing left to wait for: no flow was seen, and none can appear any more.
    ///
    /// - Parameter deadline: In Unix seconds, as is `now`; `nil` when only flows say when it is over.
    package func isOver(deadline: Int64?, now: Int64) -> Bool {
        flows == 0 && (movingSlots == 0 || deadline.map { now >= $0 } ?? false)
    }

    /// `12 connections seen, 84 slots moving, 4m50s left`.
    package func text(secondsLeft: Int64?) -> String {
        let connections = "\(flows) connection\(flows == 1 ? "" : "s") seen"
        let slots = "\(movingSlots) slot\(movingSlots == 1 ? "" : "s") moving"
        let left = secondsLeft.map { seconds in
            seconds <= 0 ? "deadline reached" : (seconds < 60 ? "" : "\(seconds / 60)m") + "\(seconds % 60)s left"
        }
        return [connections, slots, left].compactMap(\.self).joined(separator: ", ")
    }
}
