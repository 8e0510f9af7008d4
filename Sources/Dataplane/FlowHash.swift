internal import CShoalABI
public import NetworkTypes

/// The secret of the flow hash, the same on every node of a cluster.
public struct HashKey: Sendable, Hashable {
    /// The addend, then one multiplier for each 32-bit word of a flow.
    public static let wordCount = 11
    public let words: [UInt64]

    /// - Parameter words: Eleven random numbers.
    public init(words: [UInt64]) {
        precondition(words.count == Self.wordCount, "a hash key has \(Self.wordCount) words, not \(words.count)")
        self.words = words
    }

    /// A new secret.
    public static func random() -> HashKey {
        var generator = SystemRandomNumberGenerator()
        return HashKey(words: (0..<wordCount).map { _ in generator.next() })
    }

    init(_ key: shoal_hash_key) {
        self.init(words: withUnsafeBytes(of: key) { Array($0.bindMemory(to: UInt64.self)) })
    }

    var abi: shoal_hash_key { words.withUnsafeBytes { $0.loadUnaligned(as: shoal_hash_key.self) } }

    /// Whether nobody has chosen it yet.
    var isZero: Bool { words.allSatisfy { $0 == 0 } }
}

/// The hash of a flow, computed by the very function of the packet path.
///
/// - Parameter sourceOnly: Whether only the source address counts, as for weighted source IP.
public func flowHash(from source: Endpoint, to destination: Endpoint, sourceOnly: Bool, key: HashKey) -> UInt32 {
    UInt32(truncatingIfNeeded: longFlowHash(from: source, to: destination, sourceOnly: sourceOnly, key: key))
}

/// All bits of the hash of a flow: over the whole flow, what its pin is known by.
package func longFlowHash(
    from source: Endpoint, to destination: Endpoint, sourceOnly: Bool, key: HashKey
) -> UInt64 {
    var flow = shoal_flow(
        source: shoal_address(source.address), destination: shoal_address(destination.address),
        source_port: source.port.bigEndian, destination_port: destination.port.bigEndian,
        protocol: source.transport.rawValue, padding: (0, 0, 0))
    var abi = key.abi
    return shoal_flow_hash(&abi, &flow, sourceOnly ? SHOAL_FLOW_WORDS_SOURCE : SHOAL_FLOW_WORDS_ALL)
}

/// The slot that a hash picks in a table of `size` slots.
public func slotIndex(hash: UInt32, size: UInt32) -> UInt32 { shoal_slot_index(hash, size) }
