internal import HealthChecking
internal import NetworkTypes
internal import ServiceModel
internal import Store

/// What is known about health, where the next daemon finds it.
///
/// An actor of its own: the records of 10,000 targets take a tenth of a second to write, which no change of resources
/// shall wait for.
actor HealthFile {
    /// By the text of the target's key.
    private let file: StateFile<[String: HealthRecord]>
    private var nextWrite = ContinuousClock.now

    init(_ file: StateFile<[String: HealthRecord]>) { self.file = file }

    /// - Parameter isUrgent: Otherwise nothing is written for a while after the last time, so that writing takes at most
    ///   a fifth of one processor however often health changes.
    /// - Returns: Whether it was written.
    func write(_ records: [TargetKey: HealthRecord], isUrgent: Bool) throws(StateFileError) -> Bool {
        let began = ContinuousClock.now
        guard isUrgent || began >= nextWrite else { return false }
        defer {
            let end = ContinuousClock.now
            nextWrite = end + began.duration(to: end) * 4
        }
        try file.write(Dictionary(records.map { ($0.key.description, $0.value) }) { first, _ in first })
        return true
    }

    /// What the file says about the targets of these resources. Earlier versions wrote the names of a service for its id.
    func read(for resources: CheckedConfiguration) throws(StateFileError) -> [TargetKey: HealthRecord] {
        let stored = try file.read() ?? [:]
        var records: [TargetKey: HealthRecord] = [:]
        for loadBalancer in resources.configuration.loadBalancers {
            for service in loadBalancer.services {
                for target in resources.targets(of: service, in: loadBalancer) {
                    let key = TargetKey(service: loadBalancer.key(of: service), endpoint: target.endpoint)
                    let former = TargetKey(service: loadBalancer.nameKey(of: service), endpoint: target.endpoint)
                    records[key] = stored[key.description] ?? stored[former.description]
                }
            }
        }
        return records
    }
}
