import NetworkTypes
import ServiceModel

extension Configuration {
    /// A valid configuration: a group behind port 80, an availability group behind port 443.
    static let sample = Configuration(
        loadBalancers: [
            LoadBalancer(
                name: "web", vip: "203.0.113.10",
                listeners: [
                    Listener(name: "http", port: 80, service: "web-http"),
                    Listener(name: "https", port: 443, service: "web-https"),
                ],
                services: [
                    BackendService(name: "web-http", port: 8080, servers: .group("servers")),
                    BackendService(name: "web-https", port: 8443, servers: .availabilityGroup("pool-a")),
                ],
                groups: [
                    ServerGroup(
                        name: "servers",
                        targets: [
                            Target(server: .address("10.1.0.11")),
                            Target(server: .address("10.1.0.12"), port: 8081, weight: 20),
                            Target(server: .instance("i-2"), weight: 0),
                        ])
                ])
        ],
        availabilityGroups: [AvailabilityGroup(name: "pool-a", instances: ["i-1", "i-2"])],
        instances: [
            Instance(id: "i-1", address: "10.1.0.21"),
            Instance(id: "i-2", address: "10.1.0.22", state: .stopped),
        ])

    /// The sample with a second load balancer, which shares nothing with the first but the region.
    static let samplePair: Configuration = {
        var pair = sample
        pair.loadBalancers.append(
            LoadBalancer(
                name: "mail", vip: "203.0.113.20", listeners: [Listener(name: "smtp", port: 25, service: "smtp")],
                services: [BackendService(name: "smtp", port: 25, servers: .group("servers"))],
                groups: [ServerGroup(name: "servers", targets: [Target(server: .address("10.1.0.31"))])]))
        return pair
    }()

    func changed(_ change: (inout Configuration) -> Void) -> Configuration {
        var copy = self
        change(&copy)
        return copy
    }

    /// What the rules say after a change, each as a line of text.
    func problems(in surroundings: Surroundings = Surroundings(), after change: (inout Configuration) -> Void)
        -> [String]
    {
        changed(change).problems(in: surroundings).map { $0.description }
    }
}

extension IPAddress: ExpressibleByStringLiteral {
    public init(stringLiteral value: String) { self.init(value)! }
}

extension Prefix: ExpressibleByStringLiteral {
    public init(stringLiteral value: String) { self.init(value)! }
}
