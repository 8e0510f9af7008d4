public import ServiceModel

/// What is known about the health of targets when tables are made.
public struct HealthView: Sendable, Hashable {
    /// Targets whose last word is good. One that is not in here is failed or not yet proven, unless its service is not checked.
    public var healthy: Set<TargetKey>

    public init(healthy: Set<TargetKey> = []) { self.healthy = healthy }
}
