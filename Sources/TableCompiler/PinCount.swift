/// How many flows are pinned to a target, by what was seen of them.
public struct PinCount: Sendable, Hashable {
    /// SYNs, and nothing else.
    public var opening: Int
    /// One packet, of a flow that had begun before.
    public var seenOnce: Int
    public var established: Int
    /// FIN or RST.
    public var closing: Int
    /// Packets of UDP, which say neither.
    public var udp: Int

    public static let none = PinCount()

    public init(opening: Int = 0, seenOnce: Int = 0, established: Int = 0, closing: Int = 0, udp: Int = 0) {
        self.opening = opening
        self.seenOnce = seenOnce
        self.established = established
        self.closing = closing
        self.udp = udp
    }

    /// Those that are under way.
    public var live: Int { seenOnce + established + udp }

    public var total: Int { opening + live + closing }
}

/// After so many seconds of silence a flow of UDP is over, and its next packet begins another.
///
/// As long as that after a slot has moved, a flow that is unknown may be an older one, and is sent to the slot's previous
/// owner. RFC 4787 (REQ-5) asks translators for two minutes, so that silent applications keep their mapping; here silence
/// costs a flow of a moving slot its server, and of settled slots nothing at all.
public let udpIdleSeconds = 30
