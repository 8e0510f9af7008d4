package import ConsistentHashing
package import ServiceModel

/// Which targets start slowly, and since when. Pure: the caller tells the time.
package struct SlowStarts: Sendable, Hashable {
    /// Into how many the slow start is divided; each moves slots once more.
    package static let steps = 10

    /// When targets of services with a slow start became takers; `nil` of those that have had their time.
    private var starts: [TargetKey: ContinuousClock.Instant?] = [:]
    private var services: Set<ResourceID> = []

    package init() {}

    /// How much of their slots targets take that have become takers less than their service's slow start ago.
    ///
    /// Who takes flows already when a service is seen first takes all of its slots, and so do all when none of them is
    /// through: somebody has to carry the flows.
    ///
    /// - Parameters:
    ///   - takers: The targets that take flows, of each service with a slow start, and how many seconds that lasts.
    package mutating func portions(
        for takers: [ResourceID: (seconds: Int, targets: [TargetKey])], at now: ContinuousClock.Instant
    ) -> [TargetKey: Portion] {
        let all = Set(takers.values.flatMap(\.targets))
        starts = starts.filter { all.contains($0.key) }
        var portions: [TargetKey: Portion] = [:]
        for (service, (seconds, targets)) in takers {
            let isKnown = services.contains(service)
            for target in targets where starts[target] == nil { starts[target] = .some(isKnown ? now : nil) }
            for target in targets {
                guard let start = starts[target] ?? nil else { continue }
                let step = 1 + Int((now - start).components.seconds) * Self.steps / max(seconds, 1)
                if step >= Self.steps {
                    starts[target] = .some(nil)
                } else {
                    portions[target] = Portion(step: step, of: Self.steps)
                }
            }
            guard !targets.isEmpty, targets.allSatisfy({ portions[$0] != nil }) else { continue }
            for target in targets {
                starts[target] = .some(nil)
                portions[target] = nil
            }
        }
        services = Set(takers.keys)
        return portions
    }
}
