import AdminTypes
import Foundation
import ServiceModel

/// The contract's example, with what its rules ask for.
let validDocument = """
    apiVersion: shoal/v1
    region: local
    loadBalancers:
      - name: web
        vip: 203.0.113.10
        vpc: default
        listeners:
          - { name: http, protocol: Tcp, port: 80, service: web-http }
        services:
          - name: web-http
            protocol: Tcp
            port: 8080
            algorithm: QuintupleHash          # or IpHash
            forwardingMode: nat               # or *dsr*, ipip, full_nat
            drainSeconds: 300
            allUnhealthyPolicy: forward       # or drop
            healthCheck: { enabled: true, protocol: Tcp, port: 0, timeoutSeconds: 3, intervalSeconds: 5, unhealthyThreshold: 3, healthyThreshold: 3 }
            group: servers                    # or availabilityGroup: pool-a, or neither
        groups:
          - name: servers
            targets:
              - { address: 10.1.0.11, port: 8080, weight: 10 }
              - { instance: i-1, weight: 20 } # port 0 or none: the service's
    availabilityGroups:
      - { name: pool-a, vpc: default, instances: [i-1, i-2] }
    instances:
      - { id: i-1, address: 10.1.0.21, vpc: default, state: running }
      - { id: i-2, address: 10.1.0.22, vpc: default, state: stopped }
    """

/// The valid document with one part replaced, which must occur once.
func document(_ part: String, _ replacement: String, in text: String = validDocument) -> String {
    let parts = text.components(separatedBy: part)
    precondition(parts.count == 2, "\"\(part)\" occurs \(parts.count - 1) times")
    return parts.joined(separator: replacement)
}

/// What is wrong with a document, each as a line of text.
func problems(_ text: String, in surroundings: Surroundings = Surroundings()) -> [String] {
    lines(ConfigurationDocument.check(text, in: surroundings))
}

func lines(_ result: Result<CheckedConfiguration, Problems>) -> [String] {
    switch result {
    case .success: []
    case .failure(let problems): problems.list.map { $0.description }
    }
}
