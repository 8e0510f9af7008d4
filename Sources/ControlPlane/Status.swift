internal import ConsistentHashing
public import HealthChecking
public import NetworkTypes
public import ServiceModel
internal import TableCompiler

/// How things stand: the truth about what the kernel holds, problems included.
public struct ControllerStatus: Sendable {
    public let desiredRevision: UInt64
    public let installedRevision: UInt64
    public let isDetached: Bool
    public let attachments: [AttachmentStatus]
    public let services: [ServiceStatus]
    /// Sentences, most urgent first; empty when all is well.
    public let problems: [String]
}

/// The targets of one backend service as the controller sees them.
public struct ServiceStatus: Sendable {
    public let loadBalancer: String
    public let service: BackendService
    /// `VIP:port/protocol` of its enabled listeners.
    public let listeners: [Endpoint]
    public let targets: [TargetStatus]

    /// Targets that take new flows by their health, their instance's state and the operator's will.
    public var usableCount: Int { targets.count { $0.isUsable } }
}

public struct TargetStatus: Sendable {
    public let endpoint: Endpoint
    public let weight: Int
    public let isRunning: Bool
    public let adminState: AdminState
    public let health: Health
    /// Of the latest failure, when the target is not healthy.
    public let failure: ProbeFailure?
    /// Why the latest probe said nothing.
    public let obstacle: String?
    /// Seconds since 1970 of the last change of health; `nil` when it is not checked.
    public let sinceUnixSeconds: Int64?
    /// Share of the service's slots that it owns, 0...1.
    public let share: Double

    /// Whether new flows go there without the service being forced to.
    var isUsable: Bool {
        isRunning && adminState == .enabled && weight > 0 && (health == .healthy || health == .notApplicable)
    }
}

extension Controller {
    public func status() async -> ControllerStatus {
        await lookAtHealth()
        let services = services()
        let attachments = await dataplane.attachments()
        return ControllerStatus(
            desiredRevision: desired.revision, installedRevision: installedRevision, isDetached: isDetached,
            attachments: attachments, services: services, problems: problems(services, attachments))
    }

    /// What keeps the kernel from holding what is wanted; empty when it does.
    public func obstacles() -> [String] {
        var obstacles: [String] = []
        if isDetached { obstacles.append("the data plane was detached and forwards nothing; start shoald again") }
        if let refusal { obstacles.append(refusal) }
        if let failure {
            obstacles.append(
                "revision \(desired.revision) is not installed, the kernel holds \(installedRevision): \(failure)")
        }
        return obstacles
    }

    /// Every backend service, in the order of the resources.
    public func services() -> [ServiceStatus] {
        let shares = shares()
        return desired.resources.configuration.loadBalancers.flatMap { loadBalancer in
            loadBalancer.services.map { status(of: $0, in: loadBalancer, shares) }
        }
    }

    private func status(
        of service: BackendService, in loadBalancer: LoadBalancer, _ shares: [ServiceID: [Endpoint: Double]]
    ) -> ServiceStatus {
        let listeners = loadBalancer.listeners.filter { $0.isEnabled && $0.service == service.name }.map {
            Endpoint(address: loadBalancer.vip, port: UInt16($0.port), transport: $0.transport)
        }
        let installedService = listeners.first.flatMap { installed.listeners[$0]?.service }
        let shares = installedService.flatMap { shares[$0] } ?? [:]
        let key = loadBalancer.key(of: service)
        let targets = desired.resources.targets(of: service, in: loadBalancer).map { target in
            let record = target.isRunning ? health.records[TargetKey(service: key, endpoint: target.endpoint)] : nil
            return TargetStatus(
                endpoint: target.endpoint, weight: target.weight, isRunning: target.isRunning,
                adminState: target.adminState, health: record?.health ?? .notApplicable,
                failure: record?.health == .healthy ? nil : record?.lastFailure, obstacle: record?.obstacle,
                sinceUnixSeconds: record?.sinceUnixSeconds, share: shares[target.endpoint] ?? 0)
        }
        return ServiceStatus(loadBalancer: loadBalancer.name, service: service, listeners: listeners, targets: targets)
    }

    /// The share of each target in the installed table of its service.
    private func shares() -> [ServiceID: [Endpoint: Double]] {
        // An array and no dictionary: of 1,000 services there are a million slots.
        var counts = [Int](repeating: 0, count: Int(UInt16.max) + 1)
        for table in installed.slots.values {
            for owner in table.owners { counts[Int(owner.rawValue)] += 1 }
        }
        return installed.targets.reduce(into: [:]) { shares, target in
            let (id, entry) = target
            guard let table = installed.slots[entry.service] else { return }
            shares[entry.service, default: [:]][entry.endpoint] =
                Double(counts[Int(id.rawValue)]) / Double(table.owners.count)
        }
    }

    private func problems(_ services: [ServiceStatus], _ attachments: [AttachmentStatus]) -> [String] {
        var problems = obstacles()
        if let storeTrouble { problems.append(storeTrouble) }
        problems += services.compactMap(\.problem)
        problems += hostProblems
        problems += attachments.compactMap(\.warning)
        return problems
    }
}

extension ServiceStatus {
    fileprivate var problem: String? {
        let name = "service \(loadBalancer)/\(service.name)"
        guard !listeners.isEmpty, !targets.isEmpty else { return nil }
        if usableCount == 0 {
            let consequence =
                service.allUnhealthyPolicy == .forward
                ? "traffic goes to all that run and are enabled, by weight" : "its traffic is dropped"
            if targets.allSatisfy({ $0.health == .initial }) {
                return "\(name): none of its \(targets.count) targets has passed a check yet, \(consequence)"
            }
            return
                "\(name): none of its \(targets.count) targets is usable, \(consequence); see shoal health \(service.name)"
        }
        let failed = targets.filter { $0.health == .unhealthy }
        guard !failed.isEmpty else { return nil }
        let names = failed.prefix(3).map { target in
            "\(target.endpoint.socketDescription) (\(target.failure?.kind.rawValue ?? "unknown"))"
        }
        let rest = failed.count > 3 ? " and \(failed.count - 3) more" : ""
        return "\(name): \(failed.count) of \(targets.count) targets unhealthy: \(names.joined(separator: ", "))\(rest)"
    }
}
