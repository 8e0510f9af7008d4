// Where users' words and kernel layout meet: the values of TableCompiler and the structs of bpf/abi, both ways.

internal import BPFRuntime
internal import CShoalABI
internal import NetworkTypes
internal import TableCompiler

extension shoal_address {
    init(_ address: IPAddress) {
        self = address.bytes.withUnsafeBytes { $0.loadUnaligned(as: shoal_address.self) }
    }

    var address: IPAddress { IPAddress(bytes: withUnsafeBytes(of: self) { Array($0) }) }
}

extension shoal_endpoint {
    init(_ endpoint: Endpoint) {
        self.init(
            address: shoal_address(endpoint.address), port: endpoint.port.bigEndian,
            protocol: endpoint.transport.rawValue, padding: 0)
    }

    /// `nil` when the protocol is none that Shoal serves.
    var endpoint: Endpoint? {
        TransportProtocol(rawValue: `protocol`).map {
            Endpoint(address: address.address, port: UInt16(bigEndian: port), transport: $0)
        }
    }
}

extension shoal_listener {
    init(_ entry: ListenerEntry, vip: IPAddress) {
        self.init(id: entry.id.rawValue, service: entry.service.rawValue, vip_sum: vip.wireSum, padding: (0, 0, 0))
    }

    var entry: ListenerEntry {
        ListenerEntry(id: ListenerID(rawValue: id), service: ServiceID(rawValue: service))
    }
}

extension shoal_service {
    init(_ entry: ServiceEntry) {
        self.init(
            table_offset: entry.range?.offset ?? 0, table_size: entry.range?.count ?? 0,
            generation: entry.generation, algorithm: entry.algorithm.code, mode: entry.mode.code, padding: 0,
            identity: entry.identity)
    }

    /// `nil` for an entry that is not in use.
    var entry: ServiceEntry? {
        guard identity != 0 else { return nil }
        return ServiceEntry(
            identity: identity,
            algorithm: algorithm == ServiceEntry.Algorithm.sourceIP.code ? .sourceIP : .fiveTuple,
            mode: mode == ServiceEntry.Mode.dsr.code ? .dsr : .nat,
            range: table_size == 0 ? nil : SlotRange(offset: table_offset, count: table_size), generation: generation)
    }
}

extension ServiceEntry.Algorithm {
    var code: UInt8 {
        switch self {
        case .sourceIP: UInt8(SHOAL_ALGORITHM_SOURCE_IP.rawValue)
        case .fiveTuple: UInt8(SHOAL_ALGORITHM_FIVE_TUPLE.rawValue)
        }
    }
}

extension ServiceEntry.Mode {
    var code: UInt8 {
        switch self {
        case .nat: UInt8(SHOAL_MODE_NAT.rawValue)
        case .dsr: UInt8(SHOAL_MODE_DSR.rawValue)
        }
    }
}

extension shoal_target {
    init(_ entry: TargetEntry, nextHop: (egress: UInt16, destination: MACAddress)?) {
        self.init(
            address: shoal_address(entry.endpoint.address), port: entry.endpoint.port.bigEndian,
            address_sum: entry.endpoint.address.wireSum, service: entry.service.rawValue,
            next_hop: shoal_next_hop(nextHop))
    }

    /// - Parameter transport: The service's, which the entry does not repeat.
    /// - Returns: `nil` for an entry that is not in use.
    func entry(transport: TransportProtocol) -> TargetEntry? {
        guard port != 0 else { return nil }
        return TargetEntry(
            endpoint: Endpoint(address: address.address, port: UInt16(bigEndian: port), transport: transport),
            service: ServiceID(rawValue: service))
    }
}

extension shoal_return_path {
    init(_ entry: ReturnPathEntry) {
        self.init(
            vip: shoal_address(entry.vip.address), port: entry.vip.port.bigEndian, vip_sum: entry.vip.address.wireSum,
            target_sum: entry.targetAddress.wireSum, target: entry.target.rawValue, listener: entry.listener.rawValue,
            padding: 0)
    }

    /// - Parameter key: The entry's key, which tells the protocol and the target's address.
    func entry(key: Endpoint) -> ReturnPathEntry {
        ReturnPathEntry(
            vip: Endpoint(address: vip.address, port: UInt16(bigEndian: port), transport: key.transport),
            target: TargetID(rawValue: target), targetAddress: key.address, listener: ListenerID(rawValue: listener))
    }
}

extension FlowPin {
    /// - Parameter now: The clock of pins.
    init(_ pin: shoal_pin, now: UInt32) {
        self.init(
            target: TargetID(rawValue: shoal_pin_target(pin.word)), state: State(pin.word),
            silentSeconds: PinClock.seconds(units: shoal_pin_age(pin.word, now)), hash: pin.slotHash)
    }
}

extension FlowPin.State {
    init(_ word: UInt64) {
        self =
            switch shoal_pin_state(word) {
            case SHOAL_PIN_OPENING: .opening
            case SHOAL_PIN_SEEN_ONCE: .seenOnce
            case SHOAL_PIN_ESTABLISHED: .established
            case SHOAL_PIN_CLOSING: .closing
            default: .udp
            }
    }
}

extension shoal_pin {
    /// The hash that picked the flow's slot, where the word has room for it.
    var slotHash: UInt32? {
        shoal_pin_state(word) == SHOAL_PIN_OPENING ? nil : shoal_pin_check(tag, UInt32(truncatingIfNeeded: word))
    }
}

extension shoal_egress {
    /// - Parameter until: See bpf/abi/shoal_types.h.
    init(_ egress: Egresses.Egress?, until: UInt64) {
        self.init()
        guard let egress else { return }
        self.until = until
        interface = egress.interface
        mac = egress.source.wireBytes
    }

    /// `nil` for an entry that is not in use.
    var egress: Egresses.Egress? {
        interface == 0 ? nil : Egresses.Egress(interface: interface, source: MACAddress(wireBytes: mac))
    }
}

extension shoal_next_hop {
    init(_ hop: (egress: UInt16, destination: MACAddress)?) {
        self.init()
        guard let hop else { return }
        (egress, mac) = (hop.egress, hop.destination.wireBytes)
    }

    /// The neighbour's address; `nil` when it is not known.
    var macAddress: MACAddress? { egress == 0 ? nil : MACAddress(wireBytes: mac) }
}

extension BPFMappedArray<shoal_target> {
    /// Sets the next hop of each entry that is in use, while packets read it.
    func setNextHops(_ nextHop: (IPAddress) -> shoal_next_hop) {
        withUnsafeMutableBufferPointer { entries in
            for index in entries.indices where entries[index].port != 0 {
                shoal_set_next_hop(entries.baseAddress! + index, nextHop(entries[index].address.address))
            }
        }
    }
}

extension BPFMappedArray<shoal_pin_bucket> {
    /// Calls `body` with a copy of each pin.
    func forEachPin(_ body: (shoal_pin) -> Void) {
        withPlaces { places in
            for index in places.indices where shoal_pin_target(places[index].word) != 0 {
                let pin = shoal_pin_read(places.baseAddress! + index)
                if shoal_pin_target(pin.word) != 0 { body(pin) }
            }
        }
    }

    /// Frees the places of pins for which `isOver` is true, unless the program has changed them since.
    func removePins(where isOver: (shoal_pin) -> Bool) -> Int {
        withPlaces { places in
            var removed = 0
            for index in places.indices where shoal_pin_target(places[index].word) != 0 {
                let pin = shoal_pin_read(places.baseAddress! + index)
                guard shoal_pin_target(pin.word) != 0, isOver(pin) else { continue }
                if shoal_pin_swap(places.baseAddress! + index, pin.word, 0) { removed += 1 }
            }
            return removed
        }
    }

    private func withPlaces<Result>(_ body: (UnsafeMutableBufferPointer<shoal_pin>) -> Result) -> Result {
        withUnsafeMutableBufferPointer { buckets in
            buckets.withMemoryRebound(to: shoal_pin.self, body)
        }
    }
}

extension IPAddress {
    /// The one's complement sum of the address's 16-bit words as they lie in a packet (RFC 1071), folded to 16 bits:
    /// what the program adds to a checksum when this address comes in or goes out.
    var wireSum: UInt16 {
        let bytes = wireBytes
        let sum = stride(from: 0, to: bytes.count, by: 2).reduce(UInt32(0)) { sum, index in
            sum + UInt32(UInt16(littleEndian: UInt16(bytes[index]) | UInt16(bytes[index + 1]) << 8))
        }
        return UInt16(truncatingIfNeeded: fold(fold(sum)))
    }
}

private func fold(_ sum: UInt32) -> UInt32 { sum & 0xffff + sum >> 16 }
