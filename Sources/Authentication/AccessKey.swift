// Access keys: the pair of a public name and a secret that signs requests.

/// The public half of an access key. No secret; it stands in every signed request and in the audit log.
public struct AccessKeyID: Sendable, Hashable, Comparable, CustomStringConvertible {
    public let text: String

    public init(_ text: String) { self.text = text }

    public var description: String { text }
    public static func < (left: Self, right: Self) -> Bool { left.text < right.text }
}

/// The secret half of an access key.
///
/// Kept as it is and not as a hash, since checking a signature takes the secret itself; so whoever reads it from the
/// store can sign. Printing one shows nothing of it.
public struct SecretKey: Sendable, CustomStringConvertible, CustomReflectable {
    /// The secret itself: to be stored, and shown once.
    public let revealed: String

    public init(_ text: String) { revealed = text }

    public var description: String { "(secret)" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// An access key as it is made; the store keeps it with what happens to it later.
public struct NewAccessKey: Sendable {
    /// `AK` and 32 upper-case hexadecimal digits.
    public let id: AccessKeyID
    /// `shoalsk_` and 64 lower-case hexadecimal digits, that is 256 random bits; the prefix lets scanners find leaks.
    public let secret: SecretKey
    public let role: Role

    /// Makes one that nobody can guess.
    public init(role: Role) {
        var generator = SystemRandomNumberGenerator()
        self.init(role: role, using: &generator)
    }

    /// - Parameter generator: Anything but the system's is for tests.
    package init(role: Role, using generator: inout some RandomNumberGenerator) {
        id = AccessKeyID("AK" + hexadecimal(randomBytes(16, using: &generator)).uppercased())
        secret = SecretKey("shoalsk_" + hexadecimal(randomBytes(32, using: &generator)))
        self.role = role
    }
}

func randomBytes(_ count: Int, using generator: inout some RandomNumberGenerator) -> [UInt8] {
    (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
}
