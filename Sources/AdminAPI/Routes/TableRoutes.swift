internal import AdminTypes
internal import Authentication
internal import ControlPlane
internal import HealthChecking
internal import NetworkTypes
internal import ServiceModel
internal import TableCompiler

extension Endpoint {
    static let tables: [Endpoint] = [
        Endpoint(.readTable, .get, region + "/backends/{backendId}/table", AdminAPI.readTable)
    ]
}

extension AdminAPI {
    func readTable(_ call: Call) async throws -> Reply {
        let id = try call.id("backendId")
        let configuration = try await configuration()
        let place = try configuration.service(id)
        let service = configuration.loadBalancers[place.loadBalancer].services[place.index]
        guard let key = service.id, let status = try await controller.tableStatus(of: key) else {
            throw ErrorAnswer.notFound("\(id) is stored, but not in force; GET /v1/status tells why")
        }
        return .result(TableAnswer(status))
    }
}

extension TableAnswer {
    fileprivate init(_ status: TableStatus) {
        self.init(
            loadBalancer: status.loadBalancer, service: status.service, generation: status.generation,
            slots: status.slots, movingSlots: status.movingSlots, digest: status.digest,
            canonicalDigest: status.canonicalDigest, targets: status.targets.map(Target.init))
    }
}

extension TableAnswer.Target {
    fileprivate init(_ target: TableStatus.Target) {
        self.init(
            endpoint: target.endpoint.socketDescription, adminState: target.adminState?.rawValue,
            drainUntil: target.drainUntil, weight: target.weight, health: target.health.rawValue,
            slots: target.slots, share: target.share, dueShare: target.dueShare, previousSlots: target.previousSlots,
            flows: TableAnswer.Flows(
                opening: target.flows.opening, seenOnce: target.flows.seenOnce,
                established: target.flows.established, closing: target.flows.closing, udp: target.flows.udp),
            isLeaving: target.isLeaving)
    }
}

extension TableForecastAnswer {
    init(_ forecast: TableForecast) {
        self.init(
            loadBalancer: forecast.loadBalancer, service: forecast.service, movedShare: forecast.moved,
            neededShare: forecast.needed, pinnedFlowsOfLosers: forecast.pinnedFlowsOfLosers,
            targets: forecast.targets.map {
                Target(endpoint: $0.endpoint.socketDescription, before: $0.before, after: $0.after)
            })
    }
}
