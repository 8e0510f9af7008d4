// Tables of services, for people to read.

package import AdminTypes

extension TableAnswer {
    /// Facts about the table, then a line a target: shares against weights, who has older flows of moving slots, and
    /// which flows are known.
    package var text: String {
        let facts = [
            ["SERVICE", "\(loadBalancer)/\(service)"],
            ["SLOTS", movingSlots == 0 ? "\(slots)" : "\(slots), \(movingSlots) of them moving"],
            ["GENERATION", "\(generation)"],
            ["DIGEST", digest ?? "-"],
            ["BY WEIGHT ALONE", canonicalDigest ?? "-"],
        ]
        let head = alignedLines(facts).map { $0 + "\n" }.joined()
        guard !targets.isEmpty else { return head + "no targets\n" }
        return head + "\n" + Target.table(of: targets)
    }
}

extension TableAnswer.Target: Tabulated {
    package static let columns: [Column<Self>] = [
        Column("TARGET") { target, _ in target.endpoint },
        Column("STATE") { target, _ in target.stateText },
        Column("HEALTH") { target, _ in target.health },
        Column("WEIGHT") { target, _ in target.isLeaving ? "" : "\(target.weight)" },
        Column("SLOTS") { target, _ in "\(target.slots)" },
        Column("SHARE") { target, _ in percent(target.share) },
        Column("BY WEIGHT") { target, _ in percent(target.dueShare) },
        Column("PREVIOUS OF") { target, _ in target.previousSlots == 0 ? "" : "\(target.previousSlots)" },
        Column("PINNED FLOWS") { target, _ in target.flows.text },
    ]

    /// `enabled`, `draining until 2026-11-23T22:00:00Z`, `left`.
    private var stateText: String { (adminState ?? "left") + (drainUntil.map { " until " + $0 } ?? "") }
}

extension TableAnswer.Flows {
    /// `7: 1 opening, 6 established`; empty when there are none.
    fileprivate var text: String {
        let parts = [
            (opening, "opening"), (seenOnce, "seen once"), (established, "established"), (closing, "closing"),
            (udp, "UDP"),
        ].filter { $0.0 > 0 }
        guard !parts.isEmpty else { return "" }
        return "\(opening + live + closing): " + parts.map { "\($0) \($1)" }.joined(separator: ", ")
    }
}

extension TableForecastAnswer {
    /// How many targets are named, those with the largest changes.
    private static let targetsMax = 10

    /// What moves, then whose shares change, the most first.
    package var lines: [String] {
        var head = "service \(loadBalancer)/\(service): \(percent(movedShare)) of its slots move"
        head += neededShare == movedShare ? ", as few as can" : ", at least \(percent(neededShare)) must"
        if let flows = pinnedFlowsOfLosers, flows > 0 {
            head += "; \(flows) pinned flow\(flows == 1 ? "" : "s") of targets that lose slots stay there"
        }
        let changed = targets.filter { $0.before != $0.after }
            .sorted { (abs($0.after - $0.before), $1.endpoint) > (abs($1.after - $1.before), $0.endpoint) }
        let named = changed.prefix(Self.targetsMax).map {
            "    \($0.endpoint): \(percent($0.before)) → \(percent($0.after))"
        }
        let rest = changed.count > named.count ? ["    and \(changed.count - named.count) more targets"] : []
        return ([head] + named + rest).map(printable)
    }
}

extension [TableForecastAnswer] {
    /// Nothing when no slot moves.
    package var text: String { flatMap(\.lines).map { $0 + "\n" }.joined() }
}

/// `33.3 %`; shares below a hundredth with one more digit.
package func percent(_ share: Double) -> String {
    let scale: Double = share < 0.01 ? 10_000 : 1_000
    let rounded = (share * scale).rounded() / scale * 100
    if share > 0, rounded == 0 { return "<0.01 %" }
    let text = "\((rounded * 100).rounded() / 100)"
    return (text.hasSuffix(".0") ? String(text.dropLast(2)) : text) + " %"
}
