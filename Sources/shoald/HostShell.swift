internal import ControlPlane
internal import Dataplane
internal import HostNetwork
internal import Logging
internal import NetworkTypes

/// Carries out what the controller wants of the host's network: who owns the VIPs, whose MAC addresses are known,
/// which kernel settings forwarding needs.
///
/// Level-triggered as the controller is: every call looks at what is there and mends the difference.
actor HostShell: HostDriver {
    private let network: HostNetwork
    private let watch: NetworkWatch
    private let interfaces: [AttachPoint]
    private let announce: AnnounceMode
    private let managesSettings: Bool
    private let logger: Logger
    nonisolated let changes: AsyncStream<Void>
    /// VIPs that Shoal gave the host, before a restart or since.
    private var heldVIPs: Set<IPAddress>
    /// Next hops that the kernel keeps known for us.
    private var keptHops: Set<Hop>
    /// How each target was reached when that was looked at last.
    private var ways: [IPAddress: Way] = [:]
    /// Ways that were looked at before are to be looked at again: a route may have changed.
    private var staleSince = ContinuousClock.now
    /// Why the MAC address of a hop is not kept known.
    private var hopProblems: [Hop: String] = [:]

    /// Routes are asked for one by one, some 15 µs each. A target that is new is looked at at once, and from then on
    /// when routes change and after this time, or later where there are so many that they have to take turns.
    private static let lookEvery = Duration.seconds(10)
    /// Targets that are looked at again in one call: no change of resources has to wait longer for those of others.
    private static let looksMax = 1000

    private struct Way {
        /// `nil` when the target is this host, or has no route.
        var hop: Hop?
        var problem: String?
        let time: ContinuousClock.Instant
    }

    private struct Hop: Hashable {
        let address: IPAddress
        let interface: Interface.Index
    }

    init(
        network: HostNetwork, watch: NetworkWatch, interfaces: [AttachPoint], announce: AnnounceMode,
        managesSettings: Bool,
        adoptedVIPs: Set<IPAddress>, logger: Logger
    ) {
        self.network = network
        self.watch = watch
        changes = watch.wakeUps
        self.interfaces = interfaces
        self.announce = announce
        self.managesSettings = managesSettings
        self.logger = logger
        heldVIPs = announce == .address ? adoptedVIPs : []
        let managed = (try? network.managedNeighbours()) ?? []
        keptHops = Set(managed.filter(\.isOurs).map { Hop(address: $0.address, interface: $0.interface) })
    }

    func ownAddresses() -> Set<IPAddress> {
        let all = (try? network.addresses().map(\.address)) ?? []
        return Set(all).subtracting(heldVIPs)
    }

    func settle(vips: Set<IPAddress>, targets: Set<IPAddress>, neighbours: Set<IPAddress>) -> HostState {
        // Before anything is looked at: what changes from here on is told of again.
        if watch.take().contains(.routes) { staleSince = .now }
        var state = HostState(problems: settleSettings(needsIPv6: vips.contains { $0.family == .ipv6 }))
        if announce == .address { state.problems += settleVIPs(vips) }
        state.problems += settleHops(of: targets)
        state.problems += neighbours.sorted().compactMap(problemOfNeighbour)
        state.nextHops = nextHops()
        return state
    }

    // MARK: VIPs

    private func settleVIPs(_ vips: Set<IPAddress>) -> [String] {
        var problems: [String] = []
        for vip in heldVIPs.subtracting(vips).sorted() {
            do {
                for interface in try holders(of: vip) { try network.release(vip, on: interface) }
                heldVIPs.remove(vip)
                logger.info("released", metadata: ["vip": "\(vip)"])
            } catch {
                problems.append("\(vip) is still held, though no listener uses it: \(error)")
            }
        }
        var taken: [IPAddress] = []
        for vip in vips.sorted() {
            do {
                if try hold(vip) { taken.append(vip) }
                heldVIPs.insert(vip)
            } catch {
                problems.append("nobody answers for \(vip): \(error)")
            }
        }
        announceAll(taken)
        return problems
    }

    /// - Returns: Whether it was not held before.
    private func hold(_ vip: IPAddress) throws(HostNetworkError) -> Bool {
        var isNew = false
        for interface in try holders(of: vip) where try network.hold(vip, on: interface) { isNew = true }
        return isNew
    }

    /// IPv4 answers ARP on every interface for an address of any; IPv6 answers only for those of the interface itself.
    private func holders(of vip: IPAddress) throws(HostNetworkError) -> [Interface.Index] {
        if vip.family == .ipv4 { return [try network.interface(named: "lo").index] }
        return interfaces.map { Interface.Index(rawValue: $0.index) }
    }

    private func announceAll(_ vips: [IPAddress]) {
        for interface in interfaces {
            do {
                try network.announce(vips, on: Interface.Index(rawValue: interface.index))
            } catch {
                // Who needs the VIP will ask for it; only caches that point elsewhere are slower to change.
                logger.warning("not announced on \(interface.name): \(error)")
            }
        }
    }

    // MARK: Next hops

    private func settleHops(of targets: Set<IPAddress>) -> [String] {
        let now = ContinuousClock.now
        for gone in ways.keys.filter({ !targets.contains($0) }) { ways[gone] = nil }
        let isStale = { (way: Way) in way.time < self.staleSince || way.time + Self.lookEvery <= now }
        let stale = ways.lazy.filter { isStale($0.value) }.sorted { $0.value.time < $1.value.time }
        if stale.count > Self.looksMax { watch.wake() }
        look(at: targets.filter { ways[$0] == nil } + stale.prefix(Self.looksMax).map(\.key), now)

        let hops = Set(ways.values.lazy.compactMap(\.hop))
        for hop in keptHops.subtracting(hops) {
            hopProblems[hop] = nil
            do { try network.stopKeepingWarm(hop.address, on: hop.interface) } catch {
                logger.debug("\(error)")
            }
        }
        keptHops = hops
        return (ways.values.compactMap(\.problem) + hopProblems.values).sorted()
    }

    /// A gateway would take what it is sent for the VIP back to us.
    private func problemOfNeighbour(_ target: IPAddress) -> String? {
        guard let hop = ways[target]?.hop, hop.address != target else { return nil }
        return "target \(target) is behind the gateway \(hop.address), and mode dsr needs it on a link of this host: "
            + "give it an address there, or its service mode nat"
    }

    private func look(at targets: [IPAddress], _ now: ContinuousClock.Instant) {
        var hops: Set<Hop> = []
        for target in targets {
            var way = Way(time: now)
            do {
                let route = try network.route(to: target)
                if !route.isLocal { way.hop = Hop(address: route.gateway ?? target, interface: route.interface) }
            } catch {
                way.problem = "target \(target) has no route: \(error)"
            }
            ways[target] = way
            if let hop = way.hop { hops.insert(hop) }
        }
        for hop in hops {
            hopProblems[hop] = nil
            do { try network.keepWarm(hop.address, on: hop.interface) } catch {
                hopProblems[hop] = "the MAC address of \(hop.address) is not kept known: \(error)"
            }
        }
    }

    /// The ways that are the same for every packet, by interfaces that the program sends by, to neighbours that are known.
    ///
    /// Of a route with several next hops (ECMP) it is the one that the kernel names for the target's address.
    private func nextHops() -> [IPAddress: NextHop] {
        guard (try? network.hasPolicyRouting()) == false, let neighbours = try? network.neighbours() else { return [:] }
        var sources: [Interface.Index: MACAddress] = [:]
        for point in interfaces {
            let interface = try? network.interface(Interface.Index(rawValue: point.index))
            if let interface, interface.isUp, interface.hasCarrier { sources[interface.index] = interface.macAddress }
        }
        var found: [Hop: NextHop] = [:]
        for neighbour in neighbours where neighbour.isUsable {
            guard let source = sources[neighbour.interface], let destination = neighbour.macAddress else { continue }
            found[Hop(address: neighbour.address, interface: neighbour.interface)] = NextHop(
                interface: neighbour.interface.rawValue, source: source, destination: destination)
        }
        let families = Set([IPAddress.Family.ipv4, .ipv6].filter(isForwarding))
        return ways.filter { families.contains($0.key.family) }.compactMapValues { way in
            way.hop.flatMap { found[$0] }
        }
    }

    /// Whether packets of this family may be forwarded, whichever of the interfaces they come in by.
    private func isForwarding(_ family: IPAddress.Family) -> Bool {
        interfaces.allSatisfy { point in
            guard let interface = try? network.interface(Interface.Index(rawValue: point.index)) else { return false }
            let setting: KernelSetting =
                family == .ipv4 ? .ipv4("forwarding", on: interface) : .ipv6("forwarding", on: interface)
            return (try? network.value(of: setting)) == "1"
        }
    }

    // MARK: Settings

    private func settleSettings(needsIPv6: Bool) -> [String] {
        interfaces.flatMap { point -> [String] in
            guard let interface = try? network.interface(Interface.Index(rawValue: point.index)) else {
                return ["interface \(point.name) is gone"]
            }
            var problems = interface.isUp ? [] : ["interface \(point.name) is down: ip link set \(point.name) up"]
            problems += settle(.ipv4("forwarding", on: interface), to: "1", "or nothing is forwarded there")
            if announce == .address {
                problems += settle(
                    .ipv4("accept_local", on: interface), to: "1",
                    "or the kernel drops replies whose next hop it must look up first")
            }
            if needsIPv6 { problems += settleIPv6(on: interface) }
            return problems
        }
    }

    private func settleIPv6(on interface: Interface) -> [String] {
        // Forwarding makes a host ignore router advertisements, from which its default route may come, unless told otherwise.
        var problems: [String] = []
        if (try? network.value(of: .ipv6("accept_ra", on: interface))) == "1" {
            problems += settle(.ipv6("accept_ra", on: interface), to: "2", "or the default route may expire")
        }
        return problems + settle(.ipv6("forwarding", on: interface), to: "1", "or no IPv6 is forwarded there")
    }

    private func settle(_ setting: KernelSetting, to value: String, _ consequence: String) -> [String] {
        let advice = "\(setting) should be \(value), \(consequence): sysctl -w \(setting)=\(value)"
        do {
            if try network.value(of: setting) == value { return [] }
            guard managesSettings else { return [advice] }
            try network.set(setting, to: value)
            logger.notice("changed a kernel setting", metadata: ["setting": "\(setting)", "value": "\(value)"])
            return []
        } catch {
            return ["\(advice) (\(error))"]
        }
    }
}
