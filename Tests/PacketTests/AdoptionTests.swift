import BPFRuntime
import CShoalABI
import ConsistentHashing
import Dataplane
import Foundation
import NetworkNamespace
import NetworkTypes
import TableCompiler
import Testing

@Suite("pins", .needsRoot)
struct AdoptionTests {
    /// A directory with a BPF file system of its own, which goes with the test.
    private struct Directory: ~Copyable {
        let path = FileManager.default.temporaryDirectory.appending(path: "shoal-pins-\(UUID().uuidString)").path
        var pins: PinDirectory { PinDirectory(path) }

        deinit {
            umount2(path, Int32(MNT_DETACH))
            try? FileManager.default.removeItem(atPath: path)
        }
    }

    private static let loopback = AttachPoint(name: "lo", index: 1)

    private static let tables: Tables = {
        let vip = endpoint("203.0.113.10:80")
        let target = endpoint("10.1.0.11:8081")
        let service = ServiceID(rawValue: 5)
        let id = TargetID(rawValue: 9)
        // Some move, from somebody or within the target.
        let slots = ForwardingTable(
            owners: [TargetID](repeating: id, count: 251),
            previous: (0..<251).map { $0 % 3 == 0 ? id : $0 % 7 == 0 ? TargetID(rawValue: 8) : nil })
        return Tables(
            listeners: [vip: ListenerEntry(id: .init(rawValue: 3), service: service)],
            services: [
                service: ServiceEntry(
                    identity: 77, algorithm: .sourceIP, mode: .nat, range: SlotRange(offset: 10, count: 251),
                    generation: 4)
            ],
            slots: [service: slots],
            targets: [id: TargetEntry(endpoint: target, service: service)],
            returnPaths: [
                target: ReturnPathEntry(
                    vip: vip, target: id, targetAddress: target.address, listener: .init(rawValue: 3))
            ])
    }()

    private static func attach(_ pins: PinDirectory, key: HashKey = Bench.key) throws -> Dataplane {
        try Dataplane(pins: pins, interfaces: [loopback], mode: .generic, hashKey: key)
    }

    @Test("what one controller installed, the next one reads back and takes over")
    func adoption() async throws {
        try await inNewNetworkNamespace {
            let directory = Directory()
            let first = try Self.attach(directory.pins)
            #expect(!first.isAdopted && first.attachments.map(\.mode) == ["generic"])
            for step in plan(from: Tables(), to: Self.tables) { try first.maps.perform(step) }

            let second = try Self.attach(directory.pins, key: .random())
            #expect(second.isAdopted && second.attachments.allSatisfy { $0.isAdopted })
            #expect(second.hashKey == Bench.key, "flows stay only when the key does")
            #expect(try second.maps.tables() == Self.tables)
        }
    }

    @Test("flows of moving slots stay when the program is replaced")
    func pinnedFlows() async throws {
        try await inNewNetworkNamespace {
            let directory = Directory()
            let first = try Self.attach(directory.pins)
            for step in plan(from: Tables(), to: Self.tables) { try first.maps.perform(step) }
            let program = try LoadedProgram(hashKey: Bench.key, reusing: directory.pins)
            let slots = try BPFMappedArray<shoal_slot_pair>(try program.descriptor(ofMap: "slots"), name: "slots")
            let moving = shoal_slot(target: 0, previous: 9)
            for index in 5..<131 { slots[index] = shoal_slot_pair(slots: (moving, moving)) }
            let frame = Packet.tcp("198.51.100.7:40000", to: "203.0.113.10:80").bytes
            let start = ContinuousClock.now
            for _ in 1...2 { _ = try program.program.testRun(packet: frame) }

            let second = try Self.attach(directory.pins)
            #expect(second.maps.pins.counts() == [TargetID(rawValue: 9): PinCount(established: 1)])
            let pin = try #require(second.maps.pins.all().first)
            let elapsed = ContinuousClock.now - start
            #expect(pin.silentSeconds <= elapsed.components.seconds + 2, "its clock is the first one's")
        }
    }

    @Test("removing everything that was installed leaves empty tables")
    func removal() async throws {
        try await inNewNetworkNamespace {
            let directory = Directory()
            let dataplane = try Self.attach(directory.pins)
            for step in plan(from: Tables(), to: Self.tables) { try dataplane.maps.perform(step) }
            for step in plan(from: Self.tables, to: Tables()) { try dataplane.maps.perform(step) }
            #expect(try dataplane.maps.tables() == Tables())
        }
    }

    @Test("detaching removes program and pins")
    func detach() async throws {
        try await inNewNetworkNamespace {
            let directory = Directory()
            _ = try Self.attach(directory.pins)
            #expect(directory.pins.attachedInterfaces == ["lo"])
            try Dataplane.detach(directory.pins)
            #expect(!directory.pins.isPopulated && directory.pins.attachedInterfaces.isEmpty)
            #expect(throws: DataplaneError.notInstalled(directory.path)) { try DataplaneMaps(pinnedIn: directory.pins) }
        }
    }

    @Test("another program on the interface is left alone, and named")
    func busyInterface() async throws {
        try await inNewNetworkNamespace {
            let mine = Directory()
            let other = Directory()
            _ = try Self.attach(other.pins)
            #expect(throws: DataplaneError.interfaceBusy("lo")) { try Self.attach(mine.pins) }
        }
    }

    @Test("an attachment without its maps is not touched")
    func damagedPins() async throws {
        try await inNewNetworkNamespace {
            let directory = Directory()
            _ = try Self.attach(directory.pins)
            for name in try FileManager.default.contentsOfDirectory(atPath: directory.path + "/maps") {
                unlink(directory.path + "/maps/" + name)
            }
            #expect(throws: DataplaneError.damagedPins(directory.path)) { try Self.attach(directory.pins) }
            #expect(directory.pins.attachedInterfaces == ["lo"])
        }
    }
}
