internal import BPFRuntime
internal import CShoalABI
internal import NetworkTypes
internal import TableCompiler

/// The entries of one map, decoded: a table of named columns.
public struct MapDump: Sendable, Hashable {
    public enum Cell: Sendable, Hashable {
        case text(String)
        case number(UInt64)
    }

    public let columns: [String]
    public let rows: [[Cell]]
}

/// A map that tools can show.
public enum MapName: String, Sendable, Hashable, CaseIterable {
    case listeners
    case services
    case slots
    case pins
    case targets
    case returnPaths = "return_paths"
    case reasonCounters = "counters_reasons"
    case listenerCounters = "counters_listeners"
    case targetCounters = "counters_targets"
    case pinCounters = "counters_pins"
    case meta

    /// What the map answers, in a few words.
    public var summary: String {
        switch self {
        case .listeners: "VIP, port and protocol → service"
        case .services: "service → algorithm, mode and where its table lies"
        case .slots: "slot of a service's table → target, and the one before while flows move"
        case .pins: "flow of a moving slot → target; kept as a keyed hash, without its addresses"
        case .targets: "target → address, port, service and next hop"
        case .returnPaths: "address and port that a reply comes from → VIP and port"
        case .reasonCounters: "packets and bytes by what became of them"
        case .listenerCounters: "packets and bytes by listener, both directions"
        case .targetCounters: "packets and bytes by target, both directions"
        case .pinCounters: "what happened to pins, and how often"
        case .meta: "layout, revision and last sign of life of the controller"
        }
    }
}

extension DataplaneMaps {
    /// All entries in use, ordered by key.
    public func dump(_ name: MapName) throws(DataplaneError) -> MapDump {
        do {
            return switch name {
            case .listeners: try dumpListeners()
            case .services: try dumpServices()
            case .slots: try dumpSlots()
            case .pins: try dumpPins()
            case .targets: try dumpTargets()
            case .returnPaths: try dumpReturnPaths()
            case .reasonCounters: try dumpReasons()
            case .listenerCounters:
                try dumpTraffic(of: try usedListeners(), in: listenerCounters, column: "listener")
            case .targetCounters:
                try dumpTraffic(
                    of: usedTargets().map { UInt32($0.id.rawValue) }, in: targetCounters, column: "target")
            case .pinCounters: try dumpPinEvents()
            case .meta: try dumpMeta()
            }
        } catch {
            throw .kernel(error)
        }
    }

    private func dumpListeners() throws(BPFError) -> MapDump {
        let entries = try listeners.entries().compactMap { key, value in key.endpoint.map { ($0, value.entry) } }
        return MapDump(
            columns: ["vip", "port", "protocol", "listener", "service"],
            rows: entries.sorted { $0.0 < $1.0 }.map { endpoint, entry in
                endpoint.cells + [.number(UInt64(entry.id.rawValue)), .number(UInt64(entry.service.rawValue))]
            })
    }

    private func dumpServices() throws(BPFError) -> MapDump {
        let entries = try services.entries().filter { $0.value.identity != 0 }
        return MapDump(
            columns: ["service", "identity", "algorithm", "mode", "offset", "size", "generation"],
            rows: entries.map { id, value in
                [
                    .number(UInt64(id)), .text("0x" + String(value.identity, radix: 16)),
                    .text(value.algorithm == ServiceEntry.Algorithm.sourceIP.code ? "IpHash" : "QuintupleHash"),
                    .text(value.mode == ServiceEntry.Mode.dsr.code ? "dsr" : "nat"),
                    .number(UInt64(value.table_offset)), .number(UInt64(value.table_size)),
                    .number(UInt64(value.generation)),
                ]
            })
    }

    private func dumpSlots() throws(BPFError) -> MapDump {
        var rows: [[MapDump.Cell]] = []
        for (id, value) in try services.entries() {
            for index in 0..<Int(value.table_size) {
                let slot = slot(Int(value.table_offset) + index)
                rows.append([
                    .number(UInt64(id)), .number(UInt64(index)), .number(UInt64(slot.target)),
                    .number(UInt64(slot.previous)),
                ])
            }
        }
        return MapDump(columns: ["service", "slot", "target", "previous"], rows: rows)
    }

    /// Ordered by service, target and state; of a flow there is nothing to order by.
    private func dumpPins() throws(BPFError) -> MapDump {
        var services: [TargetID: UInt32] = [:]
        for (id, value) in usedTargets() { services[id] = value.service }
        let entries = pins.all().map { (service: services[$0.target] ?? 0, pin: $0) }
        let ordered = entries.sorted {
            ($0.service, $0.pin.target.rawValue, $0.pin.state.rawValue, $0.pin.hash ?? 0)
                < ($1.service, $1.pin.target.rawValue, $1.pin.state.rawValue, $1.pin.hash ?? 0)
        }
        return MapDump(
            columns: ["service", "target", "state", "silent_seconds", "slot_hash"],
            rows: ordered.map { service, pin in
                [
                    .number(UInt64(service)), .number(UInt64(pin.target.rawValue)), .text(pin.state.rawValue),
                    .number(UInt64(pin.silentSeconds)), .text(pin.hash.map { "0x" + String($0, radix: 16) } ?? "-"),
                ]
            })
    }

    private func dumpPinEvents() throws(BPFError) -> MapDump {
        var rows: [[MapDump.Cell]] = []
        for event in PinEvent.allCases {
            rows.append([.text(event.label), .number(try pinCounters.values(event.code).reduce(0, &+))])
        }
        return MapDump(columns: ["event", "pins"], rows: rows)
    }

    private func dumpTargets() throws(BPFError) -> MapDump {
        var rows: [[MapDump.Cell]] = []
        for (id, value) in usedTargets() {
            let interface = try egresses.value(UInt32(value.next_hop.egress))?.interface ?? 0
            rows.append([
                .number(UInt64(id.rawValue)), .text(value.address.address.description),
                .number(UInt64(UInt16(bigEndian: value.port))), .number(UInt64(value.service)),
                .number(UInt64(interface)), .text(value.next_hop.macAddress?.description ?? "-"),
            ])
        }
        return MapDump(columns: ["target", "address", "port", "service", "interface", "next_hop"], rows: rows)
    }

    private func dumpReturnPaths() throws(BPFError) -> MapDump {
        let entries = try returnPaths.entries().compactMap { key, value in
            key.endpoint.map { ($0, value.entry(key: $0)) }
        }
        return MapDump(
            columns: ["address", "port", "protocol", "vip", "vip_port", "target", "listener"],
            rows: entries.sorted { $0.0 < $1.0 }.map { endpoint, entry in
                endpoint.cells + [
                    .text(entry.vip.address.description), .number(UInt64(entry.vip.port)),
                    .number(UInt64(entry.target.rawValue)), .number(UInt64(entry.listener.rawValue)),
                ]
            })
    }

    private func dumpReasons() throws(BPFError) -> MapDump {
        var rows: [[MapDump.Cell]] = []
        for reason in Reason.allCases {
            let counter = Counter(try reasonCounters.values(reason.code))
            rows.append([.text(reason.label), .text(reason.verdict.rawValue)] + counter.cells)
        }
        return MapDump(columns: ["reason", "verdict", "packets", "bytes"], rows: rows)
    }

    private func dumpTraffic(
        of ids: [UInt32], in counters: BPFPerCPUArray<shoal_traffic>, column: String
    ) throws(BPFError) -> MapDump {
        var rows: [[MapDump.Cell]] = []
        for id in ids {
            let traffic = Traffic(try counters.values(id))
            rows.append([.number(UInt64(id))] + traffic.toTarget.cells + traffic.toClient.cells)
        }
        let columns = ["to_target_packets", "to_target_bytes", "to_client_packets", "to_client_bytes"]
        return MapDump(columns: [column] + columns, rows: rows)
    }

    private func dumpMeta() throws(BPFError) -> MapDump {
        let value = try meta.value(0) ?? shoal_meta()
        return MapDump(
            columns: ["layout", "revision", "heartbeat"],
            rows: [[.number(UInt64(value.abi_version)), .number(value.revision), .number(value.heartbeat)]])
    }

    private func usedListeners() throws(BPFError) -> [UInt32] { try listeners.entries().map(\.value.id).sorted() }
}

extension Endpoint {
    fileprivate var cells: [MapDump.Cell] {
        [.text(address.description), .number(UInt64(port)), .text(transport.description)]
    }
}

extension Counter {
    fileprivate var cells: [MapDump.Cell] { [.number(packets), .number(bytes)] }
}
