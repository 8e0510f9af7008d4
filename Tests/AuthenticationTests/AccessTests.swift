import Authentication
import Testing

@Suite("Who may what")
struct AccessTests {
    @Test("the table knows every operation", arguments: Operation.allCases)
    func complete(operation: Operation) {
        #expect(operation.access != nil, "without a line in the table nobody may \(operation)")
    }

    @Test("each role may what its line says and what the roles below it may", arguments: Operation.allCases)
    func walk(operation: Operation) throws {
        let roles: [Role?] = [nil] + Role.allCases
        let allowed = roles.filter { operation.isAllowed(to: $0) }
        switch try #require(operation.access) {
        case .everyone: #expect(allowed == [nil, .viewer, .operator, .admin])
        case .role(.viewer): #expect(allowed == [.viewer, .operator, .admin])
        case .role(.operator): #expect(allowed == [.operator, .admin])
        case .role(.admin): #expect(allowed == [.admin])
        }
    }

    @Test("viewers change nothing: what they may only describes, reads, watches, plans or explains")
    func viewersOnlyRead() {
        let words = ["describe", "read", "watch", "plan", "export", "explain"]
        for operation in Operation.allCases {
            let reads = words.contains { operation.rawValue.hasPrefix($0) }
            #expect(!operation.isAllowed(to: .viewer) || reads, "\(operation)")
            #expect(operation.isAllowed(to: .operator) || !operation.isAllowed(to: .viewer))
        }
    }

    @Test("access is given and taken, forwarding stopped and the store copied by admins alone")
    func adminsOnly() {
        let admins = Operation.allCases.filter { $0.access == .role(.admin) }
        #expect(
            Set(admins) == [
                .describeKeys, .createKey, .deleteKey, .describeTokens, .createToken, .deleteToken, .detach,
                .backupStore,
            ])
    }

    @Test("only what tells nothing about a resource needs no role")
    func everyone() {
        let open = Operation.allCases.filter { $0.isAllowed(to: nil) }
        #expect(Set(open) == [.readLiveness, .readReadiness, .readAPIDescription])
    }

    @Test("an operation that isn't listed has no name")
    func unknown() {
        #expect(Operation(rawValue: "createRule") == nil)
    }

    @Test("viewer < operator < admin, by the names that people type")
    func roles() {
        #expect(Role.allCases == [.viewer, .operator, .admin])
        #expect(Role.viewer < .operator && .operator < Role.admin)
        #expect(Role.allCases.map(\.rawValue) == ["viewer", "operator", "admin"])
    }

    @Test("root is admin, shoal writes, shoal-read reads, others stay out, by primary or supplementary group")
    func localUsers() {
        let access = LocalAccess(writersGroup: 990, readersGroup: 991)
        #expect(access.role(uid: 0, gids: []) == .admin)
        #expect(access.role(uid: 1000, gids: [1000, 990]) == .operator)
        #expect(access.role(uid: 1000, gids: [991]) == .viewer)
        #expect(access.role(uid: 1000, gids: [991, 990]) == .operator)
        #expect(access.role(uid: 1000, gids: [1000, 0]) == nil)
        #expect(access.role(uid: 990, gids: []) == nil)
    }

    @Test("a group that this machine doesn't have lets nobody in")
    func noGroups() {
        let access = LocalAccess(writersGroup: nil, readersGroup: nil)
        #expect(access.role(uid: 1000, gids: [0, 1000, .max]) == nil)
        #expect(access.role(uid: 0, gids: [0]) == .admin)
    }
}
