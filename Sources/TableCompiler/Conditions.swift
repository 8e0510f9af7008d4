public import ConsistentHashing
public import ServiceModel

/// What decides, besides the resources, who takes flows at one moment.
public struct Conditions: Sendable, Hashable {
    /// Targets whose last word is good. One that is in neither set is not yet proven, unless its service is not checked.
    public var healthy: Set<TargetKey>
    /// Targets that failed: their flows are lost.
    public var unhealthy: Set<TargetKey>
    /// Targets that take no new flows by the operator's will and keep those that they have.
    public var draining: Set<TargetKey>
    /// Targets whose flows are cut by the operator's will.
    public var disabled: Set<TargetKey>
    /// How much of their slots targets take that start slowly; the others take all.
    public var portions: [TargetKey: Portion]
    /// Of services that targets joined which are not ready, the canonical table before: what new targets do not take yet
    /// stays where it was.
    public var tablesBefore: [ResourceID: CanonicalTable]
    /// Targets that left their service and have had their time.
    public var expired: Set<TargetID>

    public init(
        healthy: Set<TargetKey> = [], unhealthy: Set<TargetKey> = [], draining: Set<TargetKey> = [],
        disabled: Set<TargetKey> = [], portions: [TargetKey: Portion] = [:],
        tablesBefore: [ResourceID: CanonicalTable] = [:], expired: Set<TargetID> = []
    ) {
        self.healthy = healthy
        self.unhealthy = unhealthy
        self.draining = draining
        self.disabled = disabled
        self.portions = portions
        self.tablesBefore = tablesBefore
        self.expired = expired
    }

    /// Whether a target takes new flows, if its weight is not 0; where no target does, the service's policy decides.
    ///
    /// - Parameter key: Of the service.
    public func isTaker(_ target: ResolvedTarget, of service: BackendService, key: ResourceID) -> Bool {
        let isChecked = service.healthCheck.isEnabled
        let key = TargetKey(service: key, endpoint: target.endpoint)
        return target.isRunning && isOpen(key) && (!isChecked || healthy.contains(key))
    }

    /// Whether the operator lets it take new flows.
    func isOpen(_ key: TargetKey) -> Bool { !disabled.contains(key) && !draining.contains(key) }
}
