// In mode nat the source of what a target sends back becomes VIP and port of the one listener that leads to the target.
// Where two listeners do, the packet does not say which was meant; only a table of flows could, and there is none yet.

import NetworkTypes

/// A listener's place in the configuration.
struct ListenerIndex: Hashable {
    let loadBalancer: Int
    let listener: Int
}

extension Rules {
    /// - Parameters:
    ///   - listener: Index in the scope's load balancer.
    ///   - service: Index of the service that the listener leads to.
    mutating func checkReturnPaths(of listener: Int, to service: Int, at path: FieldPath, in scope: Scope) {
        let servicePath = scope.path.field("services").element(service)
        let service = scope.loadBalancer.services[service]
        guard service.forwardingMode == .nat, knows(servicePath.field("forwardingMode")) else { return }
        let owner = ListenerIndex(loadBalancer: scope.index, listener: listener)
        var isReported = false
        for endpoint in endpoints(of: service, at: servicePath, in: scope) {
            guard let first = returnPaths.updateValue(owner, forKey: endpoint), first != owner else { continue }
            returnPaths[endpoint] = first
            guard !isReported else { continue }
            isReported = true
            report(path, .conflict(sentence(about: endpoint, first: first)))
        }
    }

    private func sentence(about endpoint: Endpoint, first: ListenerIndex) -> String {
        let loadBalancer = configuration.loadBalancers[first.loadBalancer]
        let listener = loadBalancer.listeners[first.listener]
        let owner = "listener \(quoted(listener.name)) of load balancer \(quoted(loadBalancer.name))"
        return "\(owner) leads to target \(endpoint.socketDescription) too; "
            + "mode nat could not tell their replies apart, so let the target serve each listener on a port of its own"
    }

    /// Where a service sends packets to, leaving out what could not be read or is out of range.
    func endpoints(of service: BackendService, at path: FieldPath, in scope: Scope) -> [Endpoint] {
        func endpoint(_ address: IPAddress?, _ port: Int) -> Endpoint? {
            guard let address, Limits.port.contains(port) else { return nil }
            return Endpoint(address: address, port: UInt16(port), transport: service.transport)
        }
        let servicePort = knows(path.field("port")) ? service.port : 0
        switch service.servers {
        case nil: return []
        case .availabilityGroup(let name):
            guard let index = availabilityGroups[name] else { return [] }
            return configuration.availabilityGroups[index].instances.compactMap {
                endpoint(knownAddress(of: $0), servicePort)
            }
        case .group(let name):
            guard let index = scope.groups[name] else { return [] }
            let targets = scope.path.field("groups").element(index).field("targets")
            return scope.loadBalancer.groups[index].targets.enumerated().compactMap { position, target in
                guard knows(targets.element(position).field("address")), knows(targets.element(position).field("port"))
                else { return nil }
                let address: IPAddress? =
                    switch target.server {
                    case .address(let address): address
                    case .instance(let id): knownAddress(of: id)
                    }
                return endpoint(address, target.port == 0 ? servicePort : target.port)
            }
        }
    }
}
