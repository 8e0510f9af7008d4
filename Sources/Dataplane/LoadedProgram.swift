public import BPFRuntime
internal import CShoalABI
internal import Foundation

/// The packet program in the kernel, verified, with its maps; attached to nothing yet.
public final class LoadedProgram {
    public let program: BPFProgram
    public let maps: DataplaneMaps
    private let object: BPFObject
    private let interfaces: BPFMap<UInt32, UInt32>

    /// - Parameters:
    ///   - hashKey: The secret that the program hashes flows with.
    ///   - pinPolicy: How it keeps flows of moving slots with their targets.
    ///   - pins: Maps to use instead of new ones.
    /// - Throws: `BPFError`, with the verifier's words when it refused the program.
    public init(
        hashKey: HashKey, pinPolicy: PinPolicy = PinPolicy(), reusing pins: PinDirectory? = nil
    ) throws(BPFError) {
        let object = try BPFObject(bytes: Self.objectFile, name: "shoal")
        try object.setConstant(pinPolicy.config(hashKey: hashKey))
        if let pins {
            for name in Self.pinnedMaps(of: object) { try object.reuse(try openPinned(pins.map(name)), for: name) }
        }
        try object.load()
        self.object = object
        program = try object.program("shoal")
        interfaces = try BPFMap(try object.map("interfaces"), name: "interfaces")
        if pins == nil { try Self.writeMeta(of: object, hashKey: hashKey) }
        maps = try DataplaneMaps { name throws(BPFError) in try object.map(name) }
    }

    private static func writeMeta(of object: BPFObject, hashKey: HashKey) throws(BPFError) {
        let clock = try PinClock(asking: try object.program("shoal_clock"))
        try BPFMap<UInt32, shoal_meta>(try object.map("meta"), name: "meta").update(
            0,
            shoal_meta(
                abi_version: UInt32(SHOAL_ABI_VERSION), jiffies_offset: clock.offset, revision: 0, heartbeat: 0,
                hash_key: hashKey.abi))
    }

    /// A descriptor of one of the maps, for tests that write what the controller does not write.
    package func descriptor(ofMap name: String) throws(BPFError) -> Descriptor { try object.map(name) }

    /// Lets packets leave by an interface, which must run an XDP program when it is one of a veth pair's ends.
    public func allowSending(by interface: AttachPoint) throws(BPFError) {
        try interfaces.update(interface.index, interface.index)
    }

    /// `meta` comes last: where it is pinned, all are.
    func pin(in pins: PinDirectory) throws(BPFError) {
        for name in Self.pinnedMaps(of: object).sorted(by: { $1 == "meta" && $0 != "meta" }) {
            let descriptor = try object.map(name)
            try pinMap(descriptor, at: pins.map(name))
        }
    }

    private static func pinnedMaps(of object: BPFObject) -> [String] {
        object.mapNames.filter { $0 != "interfaces" && !$0.contains(".") }
    }

    private static let objectFile: [UInt8] = {
        let text = CompiledProgram.base64.withUTF8Buffer { Data($0) }
        guard let bytes = Data(base64Encoded: text) else { preconditionFailure("the build embeds valid base64") }
        return Array(bytes)
    }()
}
