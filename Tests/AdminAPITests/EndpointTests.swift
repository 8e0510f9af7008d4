import AdminAPI
import Authentication
import Testing

@Suite("the table of endpoints")
struct EndpointTests {
    /// Operations of which nothing is at any path yet.
    private static let withoutEndpoint: Set<Operation> = [
        .readMetrics, .readMaps, .explain, .backupStore,
    ]

    @Test("has every operation, and each once")
    func complete() {
        #expect(Set(Endpoint.all.map(\.operation)).union(Self.withoutEndpoint) == Set(Operation.allCases))
        #expect(Set(Endpoint.all.map(\.operation)).isDisjoint(with: Self.withoutEndpoint))
        let twice = Dictionary(grouping: Endpoint.all, by: \.operation).filter { $1.count > 1 }
        #expect(twice.isEmpty)
        #expect(Set(Endpoint.all.map { "\($0.method.rawValue) \($0.path)" }).count == Endpoint.all.count)
    }

    @Test("is answered to those whom the operation's line allows, and to nobody else")
    func walk() async throws {
        let rig = try await Rig()
        var tokens: [Role: String] = [:]
        for role in Role.allCases { tokens[role] = try await rig.newToken(role.rawValue).token }
        for endpoint in Endpoint.all {
            for role in [nil] + Role.allCases {
                let message = Message(endpoint.method.rawValue, endpoint.examplePath)
                let answer = try await rig.send(role.flatMap { tokens[$0] }.map(message.bearing) ?? message)
                let isRefused = [401, 403].contains(answer.status)
                #expect(
                    isRefused == !endpoint.operation.isAllowed(to: role),
                    "\(endpoint.operation) for \(role.map { "\($0)" } ?? "nobody"): \(answer.status)")
                if isRefused { #expect(answer.status == (role == nil ? 401 : 403)) }
                #expect((answer["WWW-Authenticate"] != nil) == (answer.status == 401))
            }
        }
    }

    @Test("is open to processes of this host by user and group")
    func local() async throws {
        let rig = try await Rig()
        let people: [(uid: UInt32, gids: [UInt32], role: Role?)] = [
            (0, [], .admin), (1000, [1000, 990], .operator), (1000, [991], .viewer), (4_000_000_000, [1000], nil),
        ]
        for endpoint in Endpoint.all where endpoint.operation != .detach {
            for (uid, gids, role) in people {
                let message = Message(endpoint.method.rawValue, endpoint.examplePath)
                let process = PeerCredentials(processID: 7, uid: uid, gids: gids)
                let answer = try await rig.send(message, from: .local(process))
                #expect((answer.status == 403) == !endpoint.operation.isAllowed(to: role), "\(endpoint.operation)")
                #expect(answer.status != 401, "the kernel says who it is")
            }
        }
    }
}

extension Endpoint {
    /// With something in the place of each parameter.
    fileprivate var examplePath: String {
        path.replacing("{regionId}", with: "local").replacing(/\{[A-Za-z]+\}/, with: "x")
    }
}
