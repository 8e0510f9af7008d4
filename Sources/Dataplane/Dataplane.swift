internal import BPFRuntime
internal import CShoalABI
internal import Foundation

/// An interface to attach to.
public struct AttachPoint: Sendable, Hashable {
    public let name: String
    /// The kernel's index, in the network namespace of the process.
    public let index: UInt32

    public init(name: String, index: UInt32) {
        self.name = name
        self.index = index
    }
}

/// How to attach.
public enum XDPMode: String, Sendable, Hashable, CaseIterable {
    /// Native where the driver can, else generic.
    case auto
    case native
    case generic
}

/// The program on one interface.
public struct Attachment: Sendable, Hashable {
    public let interface: String
    /// `native` or `generic`.
    public let mode: String
    /// Whether the program before it was replaced under its link, so that no packet was missed.
    public let isAdopted: Bool
    /// Why not native, when that was wanted.
    public let warning: String?
}

/// The program, loaded and attached, with its maps pinned: forwarding goes on when this object and its process are gone.
public final class Dataplane: Sendable {
    public let maps: DataplaneMaps
    public let attachments: [Attachment]
    /// The secret that the program hashes flows with.
    public let hashKey: HashKey
    /// Whether maps were found and taken over.
    public let isAdopted: Bool

    /// Loads the program and attaches it, taking over the maps and links that are pinned.
    ///
    /// - Parameters:
    ///   - hashKey: Used when no maps are pinned yet; otherwise theirs stays, so that flows do.
    ///   - pinPolicy: How flows of moving slots are kept with their targets from now on.
    /// - Throws: `DataplaneError`; then no attachment that was there has changed.
    public init(
        pins: PinDirectory, interfaces: [AttachPoint], mode: XDPMode, hashKey: HashKey,
        pinPolicy: PinPolicy = PinPolicy()
    ) throws(DataplaneError) {
        isAdopted = try Self.clearUnfinished(pins)
        do {
            try pins.prepare()
            let adoptedKey = isAdopted ? try Self.pinnedHashKey(pins) : nil
            let key = adoptedKey ?? hashKey
            let loaded = try LoadedProgram(
                hashKey: key, pinPolicy: pinPolicy, reusing: isAdopted ? pins : nil)
            self.hashKey = key
            maps = loaded.maps
            if !isAdopted { try loaded.pin(in: pins) }
            for interface in interfaces { try loaded.allowSending(by: interface) }
            do {
                attachments = try Self.attach(loaded.program, to: interfaces, mode: mode, pins: pins)
            } catch {
                // All interfaces or none: half of a first start helps nobody.
                if !isAdopted { try? pins.removeAll() }
                throw error
            }
        } catch let error as DataplaneError {
            throw error
        } catch let error as BPFError {
            throw .kernel(error)
        } catch {
            preconditionFailure("only two types are thrown above")
        }
    }

    /// Removes the program from all interfaces and everything that is pinned. Forwarding stops.
    public static func detach(_ pins: PinDirectory) throws(DataplaneError) {
        do { try pins.removeAll() } catch { throw .kernel(error) }
    }

    /// Whether there are maps to take over. Those of a first start that did not finish are removed: nothing reads them.
    private static func clearUnfinished(_ pins: PinDirectory) throws(DataplaneError) -> Bool {
        guard pins.isPopulated else {
            if !pins.attachedInterfaces.isEmpty { throw .damagedPins(pins.path) }
            return false
        }
        if BPFFileSystem.names(in: pins.maps).contains("meta") {
            try DataplaneMaps.checkLayout(in: pins)
            return true
        }
        guard pins.attachedInterfaces.isEmpty else { throw .damagedPins(pins.path) }
        try detach(pins)
        return false
    }

    private static func pinnedHashKey(_ pins: PinDirectory) throws(BPFError) -> HashKey? {
        let meta = try BPFMap<UInt32, shoal_meta>(pinnedAt: pins.map("meta"), name: "meta")
        return try meta.value(0).map { HashKey($0.hash_key) }
    }

    private static func attach(
        _ program: BPFProgram, to interfaces: [AttachPoint], mode: XDPMode, pins: PinDirectory
    ) throws -> [Attachment] {
        let wanted = Set(interfaces.map(\.name))
        for name in pins.attachedInterfaces where !wanted.contains(name) {
            try BPFFileSystem.removePin(pins.link(name))
        }
        return try interfaces.map { try attach(program, to: $0, mode: mode, pins: pins) }
    }

    private static func attach(
        _ program: BPFProgram, to interface: AttachPoint, mode: XDPMode, pins: PinDirectory
    ) throws -> Attachment {
        let pin = pins.link(interface.name)
        if pins.attachedInterfaces.contains(interface.name) {
            let link = try XDPLink.open(pinnedAt: pin)
            if try link.interface() == interface.index {
                try link.update(to: program)
                return try Attachment(interface, isAdopted: true, warning: nil)
            }
            // The interface was deleted and made anew under its name: that link leads nowhere.
            try BPFFileSystem.removePin(pin)
        }
        let (link, warning) = try newLink(program, to: interface, mode: mode)
        try link.pin(at: pin)
        return try Attachment(interface, isAdopted: false, warning: warning)
    }

    private static func newLink(
        _ program: BPFProgram, to interface: AttachPoint, mode: XDPMode
    ) throws -> (XDPLink, warning: String?) {
        do {
            let first: XDPLink.Mode = mode == .generic ? .generic : .native
            return (try XDPLink.attach(program, to: interface.index, mode: first), nil)
        } catch {
            // One clause: the compiler (6.3.1) crashes over several with conditions.
            if error.code == EBUSY || error.code == EEXIST { throw DataplaneError.interfaceBusy(interface.name) }
            guard mode == .auto else { throw error }
            let warning = """
                \(interface.name) runs the program in generic mode, which is several times slower: \
                its driver refused native mode (\(String(cString: strerror(error.code))))
                """
            return (try XDPLink.attach(program, to: interface.index, mode: .generic), warning)
        }
    }
}

extension Attachment {
    init(_ interface: AttachPoint, isAdopted: Bool, warning: String?) throws(BPFError) {
        self.init(
            interface: interface.name,
            mode: try XDPLink.attachedMode(of: interface.index)?.rawValue ?? "none",
            isAdopted: isAdopted, warning: warning)
    }
}
