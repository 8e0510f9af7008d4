internal import ConsistentHashing
internal import ControlPlane
internal import Dataplane
internal import Foundation
internal import NetworkTypes
internal import TableCompiler

/// Joins the controller to the maps in the kernel.
actor KernelDataplane: DataplaneDriver {
    private let dataplane: Dataplane
    private let pins: PinDirectory

    init(_ dataplane: Dataplane, pins: PinDirectory) {
        self.dataplane = dataplane
        self.pins = pins
    }

    func tables() throws -> Tables { try dataplane.maps.tables() }

    func apply(_ plan: [MapStep], revision: UInt64) throws {
        for step in plan { try dataplane.maps.perform(step) }
        try beat(revision: revision)
    }

    func beat(revision: UInt64) throws {
        let now = UInt64(Date().timeIntervalSince1970)
        try dataplane.maps.writeMeta(DataplaneMeta(revision: revision, heartbeat: now))
    }

    func unsettledSlots(of services: Set<ServiceID>, in tables: Tables) -> [ServiceID: [Int]] {
        dataplane.maps.pins.unsettledSlots(
            of: tables.slots.filter { services.contains($0.key) }.mapValues(\.owners),
            services: tables.targets.mapValues(\.service), within: .forgotten)
    }

    func pinnedFlows() -> [TargetID: PinCount] { dataplane.maps.pins.counts(within: .forgotten) }

    func forgetPins(of targets: Set<TargetID>) { dataplane.maps.pins.removeAll(naming: targets) }

    func sweepPins() { dataplane.maps.pins.sweep(.forgotten) }

    func setNextHops(_ hops: [IPAddress: NextHop]) throws { try dataplane.maps.setNextHops(hops) }

    func attachments() -> [AttachmentStatus] {
        dataplane.attachments.map { AttachmentStatus(interface: $0.interface, mode: $0.mode, warning: $0.warning) }
    }

    func detach() throws { try Dataplane.detach(pins) }
}

extension Tables {
    var vips: Set<IPAddress> { Set(listeners.keys.map(\.address)) }
}
