import Foundation
import HostNetwork
import NetworkNamespace
import NetworkTypes
import Testing

@Suite("host network", .enabled(if: geteuid() == 0, "network namespaces need root"))
struct HostNetworkTests {

    // MARK: Interfaces

    @Test("an interface is the same by name, by index and in the list")
    func interfacesAreFound() async throws {
        try await onCable { cable in
            let found = try cable.host.interface(named: "e0")
            #expect(found.name == "e0" && found.isUp && found.hasCarrier && found.mtu == 1400)
            #expect(found.macAddress?.description == "02:00:00:00:00:0a")
            #expect(try cable.host.interface(found.index) == found)
            #expect(try cable.host.interfaces().filter { $0.name == "e0" } == [found])
        }
    }

    @Test("an interface that is down or isn't Ethernet says so")
    func otherInterfaces() async throws {
        try await inNewNetworkNamespace {
            let loopback = try HostNetwork().interface(named: "lo")
            #expect(!loopback.isUp && !loopback.hasCarrier && loopback.macAddress == nil)
        }
    }

    @Test("an interface that doesn't exist is an error", arguments: ["e1", "", "longer-than-the-kernel-allows"])
    func unknownInterface(name: String) async throws {
        try await inNewNetworkNamespace {
            let error = HostNetworkError(operation: .findInterface, subject: name, errorNumber: ENODEV)
            #expect(throws: error) { try HostNetwork().interface(named: name) }
        }
    }

    @Test("an index that doesn't exist is an error", arguments: [0, 77] as [UInt32])
    func unknownIndex(number: UInt32) async throws {
        try await inNewNetworkNamespace {
            let error = HostNetworkError(operation: .findInterface, subject: "\(number)", errorNumber: ENODEV)
            #expect(throws: error) { try HostNetwork().interface(Interface.Index(rawValue: number)) }
        }
    }

    // MARK: Processes and groups

    @Test("who connected to a unix socket is told with all groups, however many")
    func connectedProcess() async throws {
        let directory = NSTemporaryDirectory() + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
        let listener = try UnixListener(directory + "/socket")
        let groups = (2000..<2150).map(String.init)
        try shell(
            """
            setpriv --reuid=1234 --regid=100 --groups=\(groups.joined(separator: ",")) \
                curl --silent --max-time 60 --unix-socket \(directory)/socket http://shoal/ >\(directory)/out 2>&1 &
            echo $! >\(directory)/pid
            """)
        let connection = try listener.accept()
        defer { close(connection) }
        let process = try HostNetwork().process(connectedTo: connection)
        #expect(process.uid == 1234 && process.gids == [100] + (2000..<2150))
        #expect("\(process.processID)\n" == (try String(contentsOfFile: directory + "/pid", encoding: .utf8)))
    }

    @Test("a socket that is not connected has nobody at its other end", arguments: [AF_UNIX, AF_INET])
    func nobodyConnected(family: Int32) {
        let descriptor = socket(family, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        let error = HostNetworkError(
            operation: .findPeer, subject: "descriptor \(descriptor)", errorNumber: ENOTCONN)
        #expect(throws: error) { try HostNetwork().process(connectedTo: descriptor) }
    }

    @Test("what is no socket has no other end")
    func noSocket() {
        let error = HostNetworkError(operation: .findPeer, subject: "descriptor -1", errorNumber: EBADF)
        #expect(throws: error) { try HostNetwork().process(connectedTo: -1) }
    }

    @Test("a further group is let in, and nobody else")
    func furtherGroup() throws {
        let path = NSTemporaryDirectory() + UUID().uuidString
        let listener = try UnixListener(path)
        defer { unlink(path) }
        try #require(chmod(path, 0o660) == 0)
        func connects(group: Int) throws -> Bool {
            let couldNotConnect = 7
            let code = try shell(
                """
                code=0
                setpriv --reuid=1234 --regid=1234 --groups=\(group) \
                    curl --silent --max-time 0.2 --unix-socket \(path) http://shoal/ >/dev/null 2>&1 || code=$?
                echo $code
                """)
            return code != "\(couldNotConnect)\n"
        }
        #expect(try !connects(group: 4242))
        try HostNetwork().letGroup(4242, use: path)
        #expect(try connects(group: 4242) && !connects(group: 4243))
        var status = stat()
        #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o660)
        withExtendedLifetime(listener) {}
    }

    @Test("letting a group use what is not there is an error")
    func furtherGroupOfNothing() {
        let error = HostNetworkError(operation: .letGroup, subject: "/nowhere/socket", errorNumber: ENOENT)
        #expect(throws: error) { try HostNetwork().letGroup(4242, use: "/nowhere/socket") }
    }

    @Test("a group is known by its name")
    func groups() throws {
        #expect(try HostNetwork().groupID(named: "root") == 0)
        #expect(try HostNetwork().groupID(named: "no such group") == nil)
    }

    // MARK: Addresses

    @Test("addresses of both families are listed with prefix length and interface")
    func addressesAreListed() async throws {
        try await onCable { cable in
            let texts = try cable.host.addresses().filter { !$0.address.isLinkLocal }.map { "\($0)" }
            #expect(
                Set(texts) == [
                    "127.0.0.1/8 on \(cable.loopback)", "::1/128 on \(cable.loopback)",
                    "10.9.0.1/24 on \(cable.near)", "fd00:9::1/64 on \(cable.near)",
                ])
        }
    }

    @Test("a list may be of any length")
    func longList() async throws {
        try await onCable { cable in
            let before = try cable.host.addresses().count
            for number in 0..<200 as Range<UInt32> {
                try cable.host.hold(IPAddress(ipv4: 0xcb00_7100 + number), on: cable.loopback)
            }
            #expect(try cable.host.addresses().count == before + 200)
        }
    }

    @Test("a VIP is added once and removed once, whoever asks how often", arguments: VIP.both)
    func holdAndRelease(vip: VIP) async throws {
        try await onCable { cable in
            let before = try cable.host.addresses()
            #expect(try cable.host.hold(vip.address, on: cable[vip.place]))
            #expect(try !cable.host.hold(vip.address, on: cable[vip.place]))
            let added = try cable.host.addresses().filter { !before.contains($0) }
            #expect(added.map { "\($0)" } == ["\(vip.address)/\(vip.address.bitWidth) on \(cable[vip.place])"])

            #expect(try cable.host.release(vip.address, on: cable[vip.place]))
            #expect(try !cable.host.release(vip.address, on: cable[vip.place]))
            #expect(try cable.host.addresses() == before)
        }
    }

    @Test("the host's own address in a subnet isn't released", arguments: ["10.9.0.1", "fd00:9::1"])
    func releaseSparesSubnets(text: String) async throws {
        try await onCable { cable in
            let own = try #require(IPAddress(text))
            #expect(try !cable.host.release(own, on: cable.near))
            #expect(try cable.host.addresses().contains { $0.address == own })
        }
    }

    @Test("an address goes with its interface, so releasing it there isn't an error", arguments: VIP.both)
    func releaseWithoutInterface(vip: VIP) async throws {
        try await inNewNetworkNamespace {
            let gone = Interface.Index(rawValue: 77)
            let isReleased = try HostNetwork().release(vip.address, on: gone)
            #expect(!isReleased)
            #expect(throws: HostNetworkError.self) { try HostNetwork().hold(vip.address, on: gone) }
        }
    }

    @Test("an IPv6 VIP isn't the source of what the host sends")
    func vipIsNoSource() async throws {
        try await onCable { cable in
            let vip = try #require(IPAddress("fd00:9::10:0:0:1"))
            try cable.host.hold(vip, on: cable.near)
            let neighbour = try #require(IPAddress("fd00:9::10:0:0:2"))
            #expect(try cable.host.route(to: neighbour).source?.description == "fd00:9::1")
        }
    }

    @Test("the link finds a VIP that is held", arguments: VIP.both)
    func vipIsAnswered(vip: VIP) async throws {
        try await onCable { cable in
            try cable.host.hold(vip.address, on: cable[vip.place])
            try cable.peer.run {
                try cable.host.keepWarm(vip.address, on: cable.far)
                try eventually { try cable.host.neighbour(vip.address, on: cable.far)?.state == .reachable }
            }
        }
    }

    @Test("the link doesn't find an IPv6 VIP on lo")
    func ipv6VIPOnLoopbackIsSilent() async throws {
        try await onCable { cable in
            let vip = VIP.ipv6.address
            try cable.host.hold(vip, on: cable.loopback)
            try cable.peer.run {
                try cable.host.set(KernelSetting("net/ipv6/neigh/p0/retrans_time_ms"), to: "50")
                try cable.host.keepWarm(vip, on: cable.far)
                try eventually { try cable.host.neighbour(vip, on: cable.far)?.state == .failed }
            }
        }
    }

    // MARK: Announcements

    @Test("an announcement corrects those who send to the former holder", arguments: VIP.both)
    func announcement(vip: VIP) async throws {
        try await onCable { cable in
            try cable.peer.run { try shell("ip neigh add \(vip.address) dev p0 lladdr 02:00:00:00:00:99 nud stale") }
            try cable.host.hold(vip.address, on: cable[vip.place])
            try cable.host.announce([vip.address], on: cable.near)
            try cable.peer.run {
                try eventually {
                    try cable.host.neighbour(vip.address, on: cable.far)?.macAddress?.description
                        == "02:00:00:00:00:0a"
                }
            }
        }
    }

    @Test("one address that can't be announced doesn't keep back the others")
    func announcementGoesOn() async throws {
        try await onCable { cable in
            let vip = VIP.ipv4.address
            try cable.peer.run { try shell("ip neigh add \(vip) dev p0 lladdr 02:00:00:00:00:99 nud stale") }
            let stranger = try #require(IPAddress("2001:db8::bad"))
            let error = HostNetworkError(
                operation: .announceAddress, subject: "2001:db8::bad on \(cable.near)", errorNumber: EADDRNOTAVAIL)
            #expect(throws: error) { try cable.host.announce([stranger, vip], on: cable.near) }
            try cable.peer.run {
                try eventually {
                    try cable.host.neighbour(vip, on: cable.far)?.macAddress?.description == "02:00:00:00:00:0a"
                }
            }
        }
    }

    @Test("lo has no link to announce on")
    func noAnnouncementOnLoopback() async throws {
        try await onCable { cable in
            let error = HostNetworkError(
                operation: .announceAddress, subject: "203.0.113.10 on \(cable.loopback)", errorNumber: EOPNOTSUPP)
            #expect(throws: error) { try cable.host.announce([VIP.ipv4.address], on: cable.loopback) }
        }
    }

    // MARK: Routes

    @Test(
        "a route has an interface, a source and perhaps a gateway",
        arguments: [
            ("10.9.0.2", nil, "10.9.0.1"), ("fd00:9::2", nil, "fd00:9::1"),
            ("192.0.2.1", "10.9.0.2", "10.9.0.1"), ("2001:db8:1::1", "fd00:9::2", "fd00:9::1"),
            ("198.51.100.1", "fd00:9::2", "10.9.0.1"),
        ] as [(String, String?, String)])
    func route(to destination: String, gateway: String?, source: String) async throws {
        try await onCable { cable in
            try shell("ip route add 192.0.2.0/24 via 10.9.0.2")
            try shell("ip route add 2001:db8:1::/48 via fd00:9::2")
            try shell("ip route add 198.51.100.0/24 via inet6 fd00:9::2")
            let route = try cable.host.route(to: try #require(IPAddress(destination)))
            #expect(route.interface == cable.near && !route.isLocal)
            #expect(route.gateway?.description == gateway)
            #expect(route.source?.description == source)
        }
    }

    @Test("the way to an address of this host is local", arguments: ["10.9.0.1", "fd00:9::1", "127.0.0.1"])
    func localRoute(to destination: String) async throws {
        try await onCable { cable in
            let own = try #require(IPAddress(destination))
            try eventually { try cable.host.route(to: own).isLocal }
            let route = try cable.host.route(to: own)
            #expect(route.interface == cable.loopback && route.gateway == nil)
        }
    }

    @Test(
        "a destination that can't be reached is an error that says why",
        arguments: ["192.0.2.1", "2001:db8:1::1"],
        [("", ENETUNREACH), ("unreachable", EHOSTUNREACH), ("prohibit", EACCES), ("blackhole", EINVAL)])
    func noRoute(to destination: String, refusal: (type: String, errorNumber: Int32)) async throws {
        try await onCable { cable in
            if !refusal.type.isEmpty { try shell("ip route add \(refusal.type) \(destination)") }
            let error = HostNetworkError(
                operation: .findRoute, subject: destination, errorNumber: refusal.errorNumber)
            #expect(throws: error) { try cable.host.route(to: try #require(IPAddress(destination))) }
        }
    }

    // MARK: Neighbours

    @Test("a neighbour that is kept warm is resolved without traffic", arguments: ["10.9.0.2", "fd00:9::2"])
    func keepWarm(text: String) async throws {
        try await onCable { cable in
            let peer = try #require(IPAddress(text))
            #expect(try cable.host.neighbour(peer, on: cable.near) == nil)
            #expect(try cable.host.keepWarm(peer, on: cable.near) == .started)
            try eventually { try cable.host.neighbour(peer, on: cable.near)?.state == .reachable }
            #expect(try cable.host.keepWarm(peer, on: cable.near) == .already)

            let managed = try cable.host.managedNeighbours()
            #expect(managed.map(\.address) == [peer] && managed.map(\.interface) == [cable.near])
            #expect(managed.map(\.macAddress?.description) == ["02:00:00:00:00:0b"])
            #expect(managed.map(\.isOurs) == [true])
        }
    }

    @Test(
        "a watch tells of what changes",
        arguments: [
            "ip link set e0 mtu 1400", "ip route add 10.77.0.0/24 via 10.9.0.2",
            "ip route add fd00:77::/64 via fd00:9::2",
            "ip address add 10.78.0.1/24 dev e0", "ip rule add from 10.79.0.1 table 7",
            "ip neigh add 10.9.0.9 lladdr 02:00:00:00:00:99 dev e0",
        ])
    func watch(change: String) async throws {
        try await onCable { cable in
            let watch = try NetworkWatch()
            _ = watch.take()
            try shell(change)
            var seen: NetworkWatch.Changes = []
            let wanted: NetworkWatch.Changes = change.contains("neigh") ? .neighbours : .routes
            try eventually {
                seen.formUnion(watch.take())
                return seen.contains(wanted)
            }
        }
    }

    @Test("rules of policy routing are told from those that every host has")
    func policyRouting() async throws {
        try await onCable { cable in
            #expect(try !cable.host.hasPolicyRouting())
            for rule in [
                "from 10.79.0.1 table 7", "iif e0 table main", "fwmark 3 table main", "unreachable to 10.5.0.0/24",
            ] {
                try shell("ip rule add \(rule)")
                #expect(try cable.host.hasPolicyRouting(), "\(rule)")
                try shell("ip rule del \(rule)")
                #expect(try !cable.host.hasPolicyRouting())
            }
        }
    }

    @Test("a neighbour that is no longer kept becomes an ordinary one")
    func stopKeepingWarm() async throws {
        try await onCable { cable in
            try cable.host.keepWarm(cable.peerAddress, on: cable.near)
            try eventually { try cable.host.neighbour(cable.peerAddress, on: cable.near)?.state == .reachable }
            #expect(try cable.host.stopKeepingWarm(cable.peerAddress, on: cable.near))
            #expect(try !cable.host.stopKeepingWarm(cable.peerAddress, on: cable.near))

            let left = try #require(try cable.host.neighbour(cable.peerAddress, on: cable.near))
            #expect(!left.isManaged && !left.isOurs && left.macAddress?.description == "02:00:00:00:00:0b")
            #expect(try cable.host.managedNeighbours().isEmpty)
        }
    }

    @Test("a neighbour that was never resolved is forgotten when it is no longer kept")
    func stopKeepingUnresolved() async throws {
        try await onCable { cable in
            let nobody = try #require(IPAddress("10.9.0.77"))
            try cable.host.keepWarm(nobody, on: cable.near)
            #expect(try cable.host.managedNeighbours().map(\.macAddress) == [nil])
            #expect(try cable.host.stopKeepingWarm(nobody, on: cable.near))
            #expect(try cable.host.neighbour(nobody, on: cable.near) == nil)
        }
    }

    @Test(
        "a neighbour that was flushed, or lost with the carrier, is kept again on demand",
        arguments: ["ip neigh flush dev e0", "ip link set e0 down; ip link set e0 up"])
    func keepWarmAgain(mishap: String) async throws {
        try await onCable { cable in
            try cable.host.keepWarm(cable.peerAddress, on: cable.near)
            try shell(mishap)
            #expect(try cable.host.managedNeighbours().isEmpty)
            #expect(try cable.host.keepWarm(cable.peerAddress, on: cable.near) == .started)
            try eventually { try cable.host.neighbour(cable.peerAddress, on: cable.near)?.state == .reachable }
        }
    }

    @Test("a permanent entry stays as its owner made it")
    func permanentEntry() async throws {
        try await onCable { cable in
            try shell("ip neigh add 10.9.0.2 dev e0 lladdr 02:00:00:00:00:99 nud permanent")
            let before = try cable.host.neighbour(cable.peerAddress, on: cable.near)
            #expect(try cable.host.keepWarm(cable.peerAddress, on: cable.near) == .needless)
            #expect(try !cable.host.stopKeepingWarm(cable.peerAddress, on: cable.near))
            #expect(before?.state == .permanent)
            #expect(try cable.host.neighbour(cable.peerAddress, on: cable.near) == before)
        }
    }

    @Test("an entry that someone else has managed stays managed")
    func managedBySomeoneElse() async throws {
        try await onCable { cable in
            try shell("ip neigh add 10.9.0.2 dev e0 managed")
            #expect(try cable.host.keepWarm(cable.peerAddress, on: cable.near) == .already)
            #expect(try !cable.host.stopKeepingWarm(cable.peerAddress, on: cable.near))
            #expect(try cable.host.managedNeighbours().map(\.isOurs) == [false])
        }
    }

    @Test("a mark that others made on an entry survives")
    func marksSurvive() async throws {
        try await onCable { cable in
            try shell("ip neigh add 10.9.0.2 dev e0 lladdr 02:00:00:00:00:0b nud reachable extern_learn")
            try cable.host.keepWarm(cable.peerAddress, on: cable.near)
            #expect(try shell("ip neigh show 10.9.0.2").contains("managed extern_learn"))
            try cable.host.stopKeepingWarm(cable.peerAddress, on: cable.near)
            let left = try shell("ip neigh show 10.9.0.2")
            #expect(left.contains("extern_learn") && !left.contains("managed"))
        }
    }

    @Test("on an interface that doesn't exist no neighbour is kept, and none is left to let go")
    func neighbourWithoutInterface() async throws {
        try await inNewNetworkNamespace {
            let gone = Interface.Index(rawValue: 77)
            for (operation, call) in [
                (.keepNeighbour, { _ = try HostNetwork().keepWarm($0, on: gone) }),
                (.findNeighbour, { _ = try HostNetwork().neighbour($0, on: gone) }),
            ] as [(HostNetworkError.Operation, (IPAddress) throws -> Void)] {
                let error = HostNetworkError(
                    operation: operation, subject: "203.0.113.10 on interface 77", errorNumber: ENODEV)
                #expect(throws: error) { try call(VIP.ipv4.address) }
            }
            let wasKept = try HostNetwork().stopKeepingWarm(VIP.ipv4.address, on: gone)
            #expect(!wasKept)
        }
    }

    // MARK: Settings

    @Test("a setting is read and written in this namespace only")
    func settings() async throws {
        let forwarding = KernelSetting("net/ipv4/ip_forward")
        let outside = try HostNetwork().value(of: forwarding)
        try await inNewNetworkNamespace {
            for value in ["0", "1"] {
                try HostNetwork().set(forwarding, to: value)
                #expect(try HostNetwork().value(of: forwarding) == value)
            }
        }
        #expect(try HostNetwork().value(of: forwarding) == outside)
    }

    @Test("an interface with a dot in its name has settings too")
    func settingsOfDottedInterface() async throws {
        try await inNewNetworkNamespace {
            let host = HostNetwork()
            try shell("ip link add e0.100 type veth peer name p0")
            let interface = try host.interface(named: "e0.100")
            for setting in [
                KernelSetting.ipv4("rp_filter", on: interface), KernelSetting.ipv6("disable_ipv6", on: interface),
            ] {
                try host.set(setting, to: "1")
                #expect(try host.value(of: setting) == "1")
            }
        }
    }

    @Test("a setting that doesn't exist and a value it doesn't take are errors")
    func settingErrors() throws {
        let missing = KernelSetting("net/ipv4/no_such_thing")
        #expect(throws: HostNetworkError(operation: .readSetting, subject: missing.path, errorNumber: ENOENT)) {
            try HostNetwork().value(of: missing)
        }
        let forwarding = KernelSetting("net/ipv4/ip_forward")
        let subject = "net/ipv4/ip_forward = perhaps"
        #expect(throws: HostNetworkError(operation: .writeSetting, subject: subject, errorNumber: EINVAL)) {
            try HostNetwork().set(forwarding, to: "perhaps")
        }
    }
}

@Suite("host network errors")
struct HostNetworkErrorTests {
    @Test("an error says what failed, of what and why")
    func description() {
        let error = HostNetworkError(operation: .findRoute, subject: "192.0.2.1", errorNumber: ENETUNREACH)
        #expect("\(error)" == "can't find a route to 192.0.2.1: Network is unreachable")
        let list = HostNetworkError(operation: .listInterfaces, subject: "", errorNumber: ENOMEM)
        #expect("\(list)" == "can't list interfaces: Cannot allocate memory")
    }

    @Test(
        "without the privilege an error names it",
        arguments: [(.holdAddress, "CAP_NET_ADMIN"), (.announceAddress, "CAP_NET_RAW")]
            as [(HostNetworkError.Operation, String)])
    func missingCapability(operation: HostNetworkError.Operation, capability: String) {
        let error = HostNetworkError(operation: operation, subject: "203.0.113.10", errorNumber: EPERM)
        #expect("\(error)".hasSuffix("203.0.113.10: Operation not permitted (needs \(capability))"))
    }
}

// MARK: - Bench

/// A VIP and the interface that it is held on.
struct VIP: Sendable, CustomTestStringConvertible {
    enum Place: Sendable { case loopback, link }

    let address: IPAddress
    let place: Place

    static let ipv4 = VIP(address: IPAddress("203.0.113.10")!, place: .loopback)
    static let ipv6 = VIP(address: IPAddress("2001:db8::10")!, place: .link)
    static let both = [ipv4, ipv6]

    var testDescription: String { "\(address)" }
}

/// This host with a peer, each in a namespace of its own, and a cable between them:
///
///     e0  10.9.0.1/24 fd00:9::1/64  ----  p0  10.9.0.2/24 fd00:9::2/64
///         02:00:00:00:00:0a                   02:00:00:00:00:0b
struct Cable: ~Copyable {
    let host = HostNetwork()
    let peer: NetworkNamespace
    let peerAddress = IPAddress("10.9.0.2")!
    let loopback: Interface.Index
    let near: Interface.Index
    let far: Interface.Index

    init() throws {
        let peer = try NetworkNamespace()
        try shell("ip link add e0 mtu 1400 address 02:00:00:00:00:0a type veth peer name p0 netns \(peer.path)")
        try shell("ip link set e0 up; ip link set lo up")
        try shell("ip addr add 10.9.0.1/24 dev e0; ip addr add fd00:9::1/64 dev e0 nodad")
        let far = try peer.run {
            try shell("ip link set p0 address 02:00:00:00:00:0b up; ip link set lo up")
            try shell("ip addr add 10.9.0.2/24 dev p0; ip addr add fd00:9::2/64 dev p0 nodad")
            return try HostNetwork().interface(named: "p0").index
        }
        let near = try host.interface(named: "e0").index
        let loopback = try host.interface(named: "lo").index
        // At the end, as a value that can't be copied can't be torn down half made.
        (self.near, self.far, self.loopback) = (near, far, loopback)
        self.peer = peer
    }

    subscript(place: VIP.Place) -> Interface.Index { place == .loopback ? loopback : near }
}

func onCable(_ body: @escaping @Sendable (borrowing Cable) throws -> Void) async throws {
    try await inNewNetworkNamespace { try body(Cable()) }
}

/// Waits for something the kernel does in its own time.
func eventually(sourceLocation: SourceLocation = #_sourceLocation, _ condition: () throws -> Bool) throws {
    let deadline = ContinuousClock.now + .seconds(10)
    while try !condition() {
        guard ContinuousClock.now < deadline else {
            Issue.record("did not happen within 10 s", sourceLocation: sourceLocation)
            return
        }
        usleep(20_000)
    }
}

/// A unix socket that listens.
private struct UnixListener: ~Copyable {
    private let descriptor: Int32

    init(_ path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(result == 0 && chmod(path, 0o666) == 0 && listen(descriptor, 16) == 0)
    }

    deinit { close(descriptor) }

    func accept() throws -> Int32 {
        let connection = Foundation.accept(descriptor, nil, nil)
        try #require(connection >= 0)
        return connection
    }
}
