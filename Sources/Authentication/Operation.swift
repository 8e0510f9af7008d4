/// Everything that can be asked of the daemon, by the name that the API description uses.
public enum Operation: String, Sendable, Hashable, CaseIterable {
    // The JD Cloud API.
    case describeLoadBalancers, describeLoadBalancer, createLoadBalancer, updateLoadBalancer, deleteLoadBalancer
    case associateElasticIp, disassociateElasticIp
    case describeListeners, describeListener, createListener, updateListener, deleteListener
    case describeBackends, describeBackend, createBackend, updateBackend, deleteBackend
    case describeTargetHealth, describeAgTargets, updateAgTargets
    case describeTargetGroups, describeTargetGroup, createTargetGroup, updateTargetGroup, deleteTargetGroup
    case describeTargets, registerTargets, deRegisterTargets, updateTargets
    case describeQuota
    case describeAgs, describeAg, createAg, updateAg, deleteAg

    // Ours.
    case addInstances, removeInstances
    case describeInstances, describeInstance, createInstance, updateInstance, deleteInstance
    case apply, plan, export
    case watchEvents, readStatus, readHealth, readTable, readMetrics, readMaps, explain
    case describeKeys, createKey, deleteKey
    case describeTokens, createToken, deleteToken
    case readAudit
    case detach, backupStore
    case readLiveness, readReadiness, readAPIDescription

    public enum Access: Sendable, Hashable {
        /// Without saying who it is.
        case everyone
        case role(Role)
    }

    /// Who may ask for it; `nil` when the table forgot it, and then nobody may.
    public var access: Access? { Self.accessTable[self] }

    /// Whether somebody of that role may ask for it; `nil` is somebody who didn't say who they are.
    public func isAllowed(to role: Role?) -> Bool {
        switch access {
        case .everyone: true
        case .role(let least): role.map { $0 >= least } ?? false
        case nil: false
        }
    }

    /// The one place that says who may what.
    private static let accessTable: [Operation: Access] = [
        .describeLoadBalancers: .role(.viewer),
        .describeLoadBalancer: .role(.viewer),
        .createLoadBalancer: .role(.operator),
        .updateLoadBalancer: .role(.operator),
        .deleteLoadBalancer: .role(.operator),
        .associateElasticIp: .role(.operator),
        .disassociateElasticIp: .role(.operator),
        .describeListeners: .role(.viewer),
        .describeListener: .role(.viewer),
        .createListener: .role(.operator),
        .updateListener: .role(.operator),
        .deleteListener: .role(.operator),
        .describeBackends: .role(.viewer),
        .describeBackend: .role(.viewer),
        .createBackend: .role(.operator),
        .updateBackend: .role(.operator),
        .deleteBackend: .role(.operator),
        .describeTargetHealth: .role(.viewer),
        .describeAgTargets: .role(.viewer),
        .updateAgTargets: .role(.operator),
        .describeTargetGroups: .role(.viewer),
        .describeTargetGroup: .role(.viewer),
        .createTargetGroup: .role(.operator),
        .updateTargetGroup: .role(.operator),
        .deleteTargetGroup: .role(.operator),
        .describeTargets: .role(.viewer),
        .registerTargets: .role(.operator),
        .deRegisterTargets: .role(.operator),
        .updateTargets: .role(.operator),
        .describeQuota: .role(.viewer),
        .describeAgs: .role(.viewer),
        .describeAg: .role(.viewer),
        .createAg: .role(.operator),
        .updateAg: .role(.operator),
        .deleteAg: .role(.operator),

        .addInstances: .role(.operator),
        .removeInstances: .role(.operator),
        .describeInstances: .role(.viewer),
        .describeInstance: .role(.viewer),
        .createInstance: .role(.operator),
        .updateInstance: .role(.operator),
        .deleteInstance: .role(.operator),
        .apply: .role(.operator),
        .plan: .role(.viewer),
        .export: .role(.viewer),
        .watchEvents: .role(.viewer),
        .readStatus: .role(.viewer),
        .readHealth: .role(.viewer),
        .readTable: .role(.viewer),
        .readMetrics: .role(.viewer),
        .readMaps: .role(.viewer),
        .explain: .role(.viewer),
        .describeKeys: .role(.admin),
        .createKey: .role(.admin),
        .deleteKey: .role(.admin),
        .describeTokens: .role(.admin),
        .createToken: .role(.admin),
        .deleteToken: .role(.admin),
        .readAudit: .role(.operator),
        .detach: .role(.admin),
        // A copy of the store holds the secrets of all keys.
        .backupStore: .role(.admin),
        // Probes of other machines; none of these tells anything about a resource.
        .readLiveness: .everyone,
        .readReadiness: .everyone,
        .readAPIDescription: .everyone,
    ]
}
