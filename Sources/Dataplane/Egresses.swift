internal import NetworkTypes

/// The next hops of targets, and the numbers that the maps have for the interfaces they lead through.
///
/// A number belongs to one interface for as long as a next hop names it: a packet that has read the next hop a moment
/// ago still finds that interface under it.
struct Egresses {
    /// An interface that targets are reached by.
    struct Egress: Hashable {
        /// The kernel's index.
        let interface: UInt32
        var source: MACAddress
    }

    /// By number; number 0 is none.
    private(set) var entries: [Egress?]
    /// `nil` until they were told: what the entries of targets say then, an earlier controller has written.
    private var hops: [IPAddress: NextHop]?
    private var numbers: [UInt32: UInt16] = [:]
    /// Whether some interface has no number.
    private var isShort = false

    /// - Parameter entries: What the map holds.
    init(_ entries: [Egress?]) { self.entries = entries }

    /// Makes these the next hops.
    ///
    /// Interfaces that none of them names lose their number now, and others may have it from the next call on, be it with
    /// the same next hops. Where there are more interfaces than numbers, the kernel is asked for the rest of the targets.
    /// - Returns: Whether that changes anything.
    mutating func set(_ new: [IPAddress: NextHop]) -> Bool {
        guard new != hops || isShort else { return false }
        hops = new
        var sources: [UInt32: MACAddress] = [:]
        for hop in new.values { sources[hop.interface] = hop.source }
        let free = entries.indices.dropFirst().filter { entries[$0] == nil }
        for number in entries.indices {
            guard let interface = entries[number]?.interface else { continue }
            entries[number] = sources.removeValue(forKey: interface).map { Egress(interface: interface, source: $0) }
        }
        for (number, interface) in zip(free, sources.keys.sorted()) {
            entries[number] = Egress(interface: interface, source: sources[interface]!)
        }
        isShort = sources.count > free.count
        numbers = [:]
        for (number, entry) in entries.enumerated() {
            if let entry { numbers[entry.interface] = UInt16(number) }
        }
        return true
    }

    /// The number and the neighbour's address that the entry of this target has; `nil` when its next hop is not known.
    func nextHop(of target: IPAddress) -> (egress: UInt16, destination: MACAddress)? {
        guard let hop = hops?[target] else { return nil }
        return numbers[hop.interface].map { ($0, hop.destination) }
    }
}
