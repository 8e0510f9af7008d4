/// Every range and count that the product promises, once: the rules check them, the other doors quote them.
public enum Limits {
    /// Of a listener and of a service.
    public static let port = 1...65535
    /// Of a target, where 0 stands for its service's port, and of a health check, where 0 stands for the target's.
    public static let portOrNone = 0...65535
    public static let weight = 0...100
    public static let timeoutSeconds = 2...60
    public static let intervalSeconds = 5...300
    /// Of both thresholds of a health check.
    public static let threshold = 1...5
    public static let drainSeconds = 0...3600
    public static let slowStartSeconds = 0...3600
    /// When a target is done draining, in Unix seconds: to the end of the year 9999.
    public static let drainUntil = 0...253_402_300_799
    /// How long after it was asked to drain a target is done, where that is said instead: a day at most.
    public static let deadlineSeconds = 0...86_400
    /// In Unicode scalars.
    public static let nameLength = 1...32
    /// In Unicode scalars, at most.
    public static let descriptionLength = 256

    /// What this version serves of the modes that have a name.
    public static let servedForwardingModes: [BackendService.ForwardingMode] = [.nat, .dsr]

    public static let loadBalancers = 100
    public static let listenersPerLoadBalancer = 50
    public static let servicesPerLoadBalancer = 50
    public static let groupsPerLoadBalancer = 50
    /// Also the instances of an availability group.
    public static let targetsPerGroup = 1000

    /// How many problems of one kind, malformed fields or broken rules, are told at once. Who mends them is told the
    /// rest.
    public static let problems = 1000
}
