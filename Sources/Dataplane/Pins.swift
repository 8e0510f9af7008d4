internal import BPFRuntime
internal import CShoalABI
internal import Glibc
public import TableCompiler

/// A flow of a moving slot, and the target that it stays with.
///
/// Which flow it is, is not known: the program keeps a keyed hash of it, without its addresses.
public struct FlowPin: Sendable, Hashable {
    public enum State: String, Sendable, Hashable, CaseIterable {
        /// SYNs were seen, and nothing else.
        case opening
        /// One packet was seen, of a flow that had begun before.
        case seenOnce = "seen_once"
        case established
        /// FIN or RST was seen.
        case closing
        /// A flow of UDP, of which no packet says whether it begins or ends.
        case udp
    }

    public let target: TargetID
    public let state: State
    /// Whole seconds since a packet of the flow was seen. Begins anew after some hours.
    public let silentSeconds: Int
    /// The hash that picks the flow's slot in a table of any size, see `slotIndex`; `nil` while it is opening, when
    /// half of its place is taken by the flow's sequence number.
    public let hash: UInt32?
}

/// How long a pin may be silent before it counts for nothing, by its state; in seconds, 0...7,200, and 0 is always too long.
public struct PinSilence: Sendable, Hashable {
    public var opening: Int
    public var seenOnce: Int
    public var established: Int
    public var closing: Int
    public var udp: Int

    public init(opening: Int, seenOnce: Int, established: Int, closing: Int, udp: Int) {
        self.opening = opening
        self.seenOnce = seenOnce
        self.established = established
        self.closing = closing
        self.udp = udp
    }

    /// For the program: when another flow needs the place, or a SYN of its own begins the flow anew. After FIN or RST
    /// such a SYN need not wait for longer than two seconds, see `shoal_pin_is_over`.
    public static let replaceable = PinSilence(
        opening: 10, seenOnce: 10, established: 300, closing: 10, udp: udpIdleSeconds)
    /// For the controller: when nobody needs the place, but the flow has had time for retransmissions and a half-closed
    /// connection for its answer.
    public static let forgotten = PinSilence(
        opening: 60, seenOnce: 300, established: 300, closing: 60, udp: udpIdleSeconds)
}

/// How the program keeps flows with their targets while their slots move; fixed when it is loaded.
public struct PinPolicy: Sendable, Hashable {
    /// Off for tests that show what breaks without pins: flows then follow their slots, moving or not.
    public var isOn: Bool
    /// After so much silence a SYN begins its flow anew, and another flow may have the pin's place.
    public var silence: PinSilence
    /// Pins that the host may make in a second for flows that begin, and as many for others.
    ///
    /// The default leaves a flood of single packets of either kind an eighth of the table.
    public var newPerSecond: Int

    public init(isOn: Bool = true, silence: PinSilence = .replaceable, newPerSecond: Int = 26_000) {
        self.isOn = isOn
        self.silence = silence
        self.newPerSecond = newPerSecond
    }
}

extension PinPolicy {
    /// - Parameter key: The secret of the flow hash.
    func config(hashKey key: HashKey) -> shoal_config {
        let cpus = max(sysconf(Int32(_SC_NPROCESSORS_ONLN)), 1)
        return shoal_config(
            hash_key: key.abi, pins_on: isOn ? 1 : 0, pin_tick_shift: PinClock.shift,
            pin_budget: UInt32(clamping: (newPerSecond + cpus - 1) / cpus),
            pin_silence: (
                PinClock.units(seconds: silence.opening), PinClock.units(seconds: silence.seenOnce),
                PinClock.units(seconds: silence.established), PinClock.units(seconds: silence.closing),
                PinClock.units(seconds: silence.udp), 0, 0, 0
            ), padding: 0)
    }
}

/// What happened to pins; the list is bpf/abi/shoal_pin.h.
public struct PinEvent: Sendable, Hashable, CaseIterable {
    /// Index of the event's counter.
    let code: UInt32

    public static let allCases: [PinEvent] = (0..<SHOAL_PIN_EVENT_COUNT.rawValue).map { PinEvent(code: UInt32($0)) }

    /// Short name, also the label of the metric: `made`.
    public var label: String { String(cString: shoal_pin_event_label(code)) }

    /// What it means, in words for an operator.
    public var meaning: String { String(cString: shoal_pin_event_meaning(code)) }
}

/// The pins in the kernel, read and freed through mapped memory while the program goes on using them.
///
/// Every call looks at all places, taken or not, and makes no system call: about 10 ms for two million. A pin that changes
/// meanwhile is seen before or after its change, whole. Any thread may read; sweeping is for one caller at a time.
public final class FlowPins: Sendable {
    private let buckets: BPFMappedArray<shoal_pin_bucket>
    private let clock: PinClock

    init(_ buckets: BPFMappedArray<shoal_pin_bucket>, clock: PinClock) {
        self.buckets = buckets
        self.clock = clock
    }

    /// How many pins there can be.
    public var placesMax: Int { buckets.count * Int(SHOAL_PINS_PER_BUCKET) }

    /// All pins, in no order.
    public func all() -> [FlowPin] {
        let now = clock.now
        var pins: [FlowPin] = []
        buckets.forEachPin { pins.append(FlowPin($0, now: now)) }
        return pins
    }

    /// The pins of each target: for a draining one, the flows that it still has in moving slots.
    ///
    /// - Parameter silence: Only pins that have not been silent for so long; all when `nil`.
    public func counts(within silence: PinSilence? = nil) -> [TargetID: PinCount] {
        let bounds = LiveBounds(silence, now: clock.now)
        var counts = [PinCount](repeating: PinCount(), count: Int(SHOAL_TARGETS_MAX))
        buckets.forEachPin { pin in
            guard bounds.contain(pin.word) else { return }
            counts[Int(shoal_pin_target(pin.word))].add(FlowPin.State(pin.word))
        }
        var result: [TargetID: PinCount] = [:]
        for (id, count) in counts.enumerated() where count.total > 0 { result[TargetID(rawValue: UInt16(id))] = count }
        return result
    }

    /// The slots that cannot settle yet: those in which a live pin names another target than the slot does.
    ///
    /// Flows that are opening don't count: they have the target that their slot named seconds ago.
    ///
    /// - Parameters:
    ///   - slots: The target of each slot, by service.
    ///   - services: Which service each target serves; pins of targets that are not here are left out.
    ///   - silence: Which pins are live. `seenOnce: 0` leaves out what a flood of data packets makes.
    /// - Returns: Indices into the service's slots, ascending; services without such slots are left out.
    public func unsettledSlots(
        of slots: [ServiceID: [TargetID]], services: [TargetID: ServiceID], within silence: PinSilence
    ) -> [ServiceID: [Int]] {
        let bounds = LiveBounds(silence, now: clock.now)
        let order = Array(slots.keys)
        let tables = order.map { slots[$0]! }
        var unsettled = tables.map { [Bool](repeating: false, count: $0.count) }
        var tableOfTarget = [Int32](repeating: -1, count: Int(SHOAL_TARGETS_MAX))
        let index = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1, Int32($0)) })
        for (target, service) in services { tableOfTarget[Int(target.rawValue)] = index[service] ?? -1 }

        buckets.forEachPin { pin in
            let target = shoal_pin_target(pin.word)
            let table = Int(tableOfTarget[Int(target)])
            guard table >= 0, bounds.contain(pin.word), let hash = pin.slotHash, !tables[table].isEmpty else { return }
            let slot = Int(slotIndex(hash: hash, size: UInt32(tables[table].count)))
            if tables[table][slot].rawValue != target { unsettled[table][slot] = true }
        }

        var result: [ServiceID: [Int]] = [:]
        for (service, slots) in zip(order, unsettled) {
            let found = slots.indices.filter { slots[$0] }
            if !found.isEmpty { result[service] = found }
        }
        return result
    }

    /// Frees the places of pins that have been silent for so long.
    /// - Returns: How many.
    @discardableResult
    public func sweep(_ silence: PinSilence) -> Int {
        let bounds = LiveBounds(silence, now: clock.now)
        return buckets.removePins { !bounds.contain($0.word) }
    }

    /// Frees the places of all pins that name one of these targets, live or not: their ids may then go to others, once
    /// no slot names them and none that did can still be in a packet's hands.
    /// - Returns: How many.
    @discardableResult
    public func removeAll(naming targets: Set<TargetID>) -> Int {
        var isNamed = [Bool](repeating: false, count: Int(SHOAL_TARGETS_MAX))
        for target in targets { isNamed[Int(target.rawValue)] = true }
        return buckets.removePins { isNamed[Int(shoal_pin_target($0.word))] }
    }
}

/// Which words of pins are of live ones at one moment.
private struct LiveBounds {
    private let now: UInt32
    private let opening: UInt32
    private let seenOnce: UInt32
    private let established: UInt32
    private let closing: UInt32
    private let udp: UInt32

    init(_ silence: PinSilence?, now: UInt32) {
        self.now = now
        opening = silence.map { PinClock.units(seconds: $0.opening) } ?? .max
        seenOnce = silence.map { PinClock.units(seconds: $0.seenOnce) } ?? .max
        established = silence.map { PinClock.units(seconds: $0.established) } ?? .max
        closing = silence.map { PinClock.units(seconds: $0.closing) } ?? .max
        udp = silence.map { PinClock.units(seconds: $0.udp) } ?? .max
    }

    func contain(_ word: UInt64) -> Bool {
        let bound =
            switch FlowPin.State(word) {
            case .opening: opening
            case .seenOnce: seenOnce
            case .established: established
            case .closing: closing
            case .udp: udp
            }
        return shoal_pin_age(word, now) < bound
    }
}

extension PinCount {
    fileprivate mutating func add(_ state: FlowPin.State) {
        switch state {
        case .opening: opening += 1
        case .seenOnce: seenOnce += 1
        case .established: established += 1
        case .closing: closing += 1
        case .udp: udp += 1
        }
    }
}

extension DataplaneMaps {
    /// What happened to pins since the maps were made.
    public func pinEvents() throws(DataplaneError) -> [PinEvent: UInt64] {
        var counts: [PinEvent: UInt64] = [:]
        for event in PinEvent.allCases {
            do { counts[event] = try pinCounters.values(event.code).reduce(0, &+) } catch { throw .kernel(error) }
        }
        return counts
    }
}
