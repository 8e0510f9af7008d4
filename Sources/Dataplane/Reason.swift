internal import CShoalABI

/// Why a packet was forwarded, passed or dropped; the list is bpf/abi/shoal_reason.h.
public struct Reason: Sendable, Hashable, CaseIterable {
    /// What becomes of a packet.
    public enum Verdict: String, Sendable, Hashable {
        /// Sent on by the program.
        case forward
        /// Left to the kernel, untouched.
        case pass
        /// Left to the kernel with its addresses translated.
        case kernel
        case drop
    }

    /// Index of the reason's counter.
    public let code: UInt32

    init(code: UInt32) { self.code = code }

    /// The reason of this label, or `nil`.
    public init?(label: String) {
        guard let reason = Self.allCases.first(where: { $0.label == label }) else { return nil }
        self = reason
    }

    public static let allCases: [Reason] = (0..<SHOAL_REASON_COUNT.rawValue).map { Reason(code: UInt32($0)) }

    /// Short name, also the label of the metric: `to_target`.
    public var label: String { String(cString: shoal_reason_label(code)) }

    /// What it means, in words for an operator.
    public var meaning: String { String(cString: shoal_reason_meaning(code)) }

    public var verdict: Verdict {
        switch shoal_reason_verdict(code) {
        case SHOAL_VERDICT_FORWARD: .forward
        case SHOAL_VERDICT_PASS: .pass
        case SHOAL_VERDICT_KERNEL: .kernel
        default: .drop
        }
    }
}
