internal import AdminTypes
internal import ControlPlane
internal import Foundation
internal import HealthChecking
internal import Hummingbird
internal import NIOCore
internal import NetworkTypes
internal import ServiceModel
internal import Store

/// A JSON answer.
func answer(_ value: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return Response(
        status: status, headers: [.contentType: "application/json"],
        body: ResponseBody(byteBuffer: ByteBuffer(bytes: try encoder.encode(value))))
}

extension AdminAPI {
    func status() async -> StatusAnswer {
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
    func health(_ request: Request) async throws -> HealthAnswer {
        guard let name = request.uri.queryParameters["service"].map(String.init) else {
            throw ErrorAnswer.invalid("service", "is missing: the name of a backend service")
        }
        let loadBalancer = request.uri.queryParameters["loadBalancer"].map(String.init)
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
        return HealthAnswer(service)
    }

    func apply(_ request: Request, _ context: BasicRequestContext) async throws -> ApplyAnswer {
        try requireRegion(context)
        let isDryRun = try flag("dryRun", of: request)
        let prunes = try flag("prune", of: request)
        let text = String(buffer: try await request.body.collect(upTo: Self.bodyMax))
        let author = Author(kind: .socket, name: "unknown")
        let outcome = try await controller.change(by: author, dryRun: isDryRun) { current, surroundings in
            ConfigurationDocument.check(text, appliedTo: current, prune: prunes, in: surroundings)
        }
        return ApplyAnswer(
            revision: outcome.revision, installedRevision: outcome.installedRevision, dryRun: isDryRun,
            changes: outcome.changes.map(ApplyAnswer.Change.init), failure: outcome.failure)
    }

    func export(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
        try requireRegion(context)
        let document = ConfigurationDocument(try await controller.stored().configuration)
        let wantsYAML = request.headers[.accept]?.contains("yaml") ?? false
        return Response(
            status: .ok, headers: [.contentType: wantsYAML ? "application/yaml" : "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: wantsYAML ? document.yaml : document.json)))
    }

    private func requireRegion(_ context: BasicRequestContext) throws {
        let region = try context.parameters.require("region")
        guard region == Configuration.defaultRegion else {
            throw ErrorAnswer.notFound(
                "there is no region \"\(region)\"; this daemon serves \(Configuration.defaultRegion)")
        }
    }

    private func flag(_ name: String, of request: Request) throws -> Bool {
        guard let text = request.uri.queryParameters[name[...]] else { return false }
        guard let value = Bool(String(text)) else { throw ErrorAnswer.invalid(name, "\(text) is not true or false") }
        return value
    }
}

extension StatusAnswer.Service {
    init(_ status: ServiceStatus) {
        self.init(
            loadBalancer: status.loadBalancer, name: status.service.name,
            listeners: status.listeners.map(\.socketDescription), targets: status.targets.count,
            usable: status.usableCount)
    }
}

extension HealthAnswer {
    init(_ status: ServiceStatus) {
        self.init(
            loadBalancer: status.loadBalancer, service: status.service.name, targets: status.targets.map(Target.init))
    }
}

extension HealthAnswer.Target {
    init(_ status: TargetStatus) {
        self.init(
            address: status.endpoint.address.description, port: Int(status.endpoint.port), weight: status.weight,
            health: status.health.rawValue, state: status.isRunning ? "running" : "stopped",
            reason: status.failure?.kind.rawValue ?? status.obstacle.map { _ in "inconclusive" },
            detail: status.failure?.detail ?? status.obstacle, since: status.sinceUnixSeconds, share: status.share)
    }
}

extension ApplyAnswer.Change {
    init(_ change: Change) {
        self.init(action: change.action.rawValue, resource: "\(change.kind.rawValue) \(change.name)")
    }
}
