internal import AdminTypes
internal import Authentication
internal import ControlPlane
internal import Foundation
internal import HealthChecking
internal import Hummingbird
internal import NetworkTypes
internal import ServiceModel

extension Endpoint {
    /// What is no resource: the daemon and what it knows.
    static let daemon: [Endpoint] = [
        Endpoint(.readStatus, .get, "/v1/status", AdminAPI.readStatus),
        Endpoint(.readHealth, .get, "/v1/health", AdminAPI.readHealth),
        Endpoint(.detach, .post, "/v1/detach", AdminAPI.detach),
        Endpoint(.readLiveness, .get, "/livez", AdminAPI.readLiveness),
        Endpoint(.readReadiness, .get, "/readyz", AdminAPI.readReadiness),
    ]
}

extension AdminAPI {
    func readLiveness(_ call: Call) async throws -> Reply { .text("ok\n", type: "text/plain; charset=utf-8") }

    /// Ready is a daemon that has installed what it was asked for, be it with problems elsewhere. What stands in the way
    /// can name resources, so not everybody is told.
    func readReadiness(_ call: Call) async throws -> Reply {
        let obstacles = await controller.obstacles()
        let isInsider = Operation.readStatus.isAllowed(to: call.caller.role)
        let reasons = isInsider ? obstacles : ["not ready; see shoal status"]
        let text = obstacles.isEmpty ? "ok\n" : reasons.map { $0 + "\n" }.joined()
        return .text(
            text, type: "text/plain; charset=utf-8", status: obstacles.isEmpty ? .ok : .serviceUnavailable)
    }

    func readStatus(_ call: Call) async throws -> Reply { .result(await status()) }

    func detach(_ call: Call) async throws -> Reply {
        try await controller.detach()
        return .result(await status())
    }

    private func status() async -> StatusAnswer {
        let status = await controller.status()
        return StatusAnswer(
            version: about.version, processID: about.processID,
            startedAt: Int64(about.startedAt.timeIntervalSince1970), desiredRevision: status.desiredRevision,
            installedRevision: status.installedRevision, isDetached: status.isDetached,
            interfaces: status.attachments.map {
                StatusAnswer.Interface(name: $0.interface, mode: $0.mode, warning: $0.warning)
            },
            services: status.services.map(StatusAnswer.Service.init), problems: status.problems)
    }

    /// `?service=NAME`, and `&loadBalancer=NAME` when several have a service of that name.
    func readHealth(_ call: Call) async throws -> Reply {
        guard let name = call["service"] else {
            throw ErrorAnswer.invalid("service", "is missing: the name of a backend service")
        }
        let loadBalancer = call["loadBalancer"]
        let found = await controller.status().services.filter {
            $0.service.name == name && (loadBalancer == nil || $0.loadBalancer == loadBalancer)
        }
        guard let service = found.first else {
            throw ErrorAnswer.notFound("there is no backend service named \"\(name)\"")
        }
        guard found.count == 1 else {
            let owners = found.map(\.loadBalancer).joined(separator: ", ")
            throw ErrorAnswer.invalid("loadBalancer", "is missing: \(owners) each have a service \"\(name)\"")
        }
        return .result(HealthAnswer(service))
    }
}

extension StatusAnswer.Service {
    fileprivate init(_ status: ServiceStatus) {
        self.init(
            loadBalancer: status.loadBalancer, name: status.service.name,
            listeners: status.listeners.map(\.socketDescription), targets: status.targets.count,
            usable: status.usableCount)
    }
}

extension HealthAnswer {
    fileprivate init(_ status: ServiceStatus) {
        self.init(
            loadBalancer: status.loadBalancer, service: status.service.name, targets: status.targets.map(Target.init))
    }
}

extension HealthAnswer.Target {
    fileprivate init(_ status: TargetStatus) {
        self.init(
            address: status.endpoint.address.description, port: Int(status.endpoint.port), weight: status.weight,
            health: status.health.rawValue, state: status.isRunning ? "running" : "stopped",
            reason: status.failure?.kind.rawValue ?? status.obstacle.map { _ in "inconclusive" },
            detail: status.failure?.detail ?? status.obstacle, since: status.sinceUnixSeconds, share: status.share)
    }
}
