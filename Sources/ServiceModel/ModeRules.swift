// What forwarding modes ask of addresses and ports.

import NetworkTypes

extension BackendService.ForwardingMode {
    /// Whether a packet reaches its target in the IP version that it was sent to the VIP in.
    var keepsFamily: Bool { self == .nat || self == .dsr }

    /// Whether a packet reaches its target with the listener's port in it.
    var keepsPort: Bool { self == .dsr }
}

extension Rules {
    /// One problem for a listener, which names the first target that it does not reach.
    ///
    /// - Parameters:
    ///   - listener: Index in the scope's load balancer.
    ///   - service: Index of the service that the listener leads to.
    mutating func checkPorts(of listener: Int, to service: Int, at path: FieldPath, in scope: Scope) {
        let servicePath = scope.path.field("services").element(service)
        let listener = scope.loadBalancer.listeners[listener]
        let service = scope.loadBalancer.services[service]
        guard service.forwardingMode.keepsPort, knows(servicePath.field("forwardingMode")), knows(path.field("port")),
            Limits.port.contains(listener.port),
            let other = endpoints(of: service, at: servicePath, in: scope).first(where: { $0.port != listener.port })
        else { return }
        let sentence =
            "mode \(service.forwardingMode.rawValue) of service \(quoted(service.name)) keeps port \(listener.port), and target "
            + "\(other.socketDescription) serves on another; give it the listener's port, or use mode nat"
        report(path.field("port"), .conflict(sentence))
    }
}
