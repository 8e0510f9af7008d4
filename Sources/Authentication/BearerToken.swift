// Bearer tokens: 256 random bits that stand for a role, of which the store keeps a hash only.

internal import Crypto

/// A token as its owner holds it: `shoal_` and 64 lower-case hexadecimal digits.
///
/// The prefix lets scanners find leaked ones. Printing one shows nothing of it.
public struct BearerToken: Sendable, CustomStringConvertible, CustomReflectable {
    /// The token itself: shown once.
    public var revealed: String { Self.prefix + hexadecimal(bytes) }

    private static let prefix = "shoal_"
    private let bytes: [UInt8]

    /// Makes one that nobody can guess.
    public init() {
        var generator = SystemRandomNumberGenerator()
        self.init(using: &generator)
    }

    /// - Parameter generator: Anything but the system's is for tests.
    package init(using generator: inout some RandomNumberGenerator) { bytes = randomBytes(32, using: &generator) }

    /// Reads a token; `nil` when the text can't be one.
    public init?(_ text: some StringProtocol) {
        guard text.hasPrefix(Self.prefix),
            let bytes = hexadecimalBytes(text.dropFirst(Self.prefix.count), count: 32)
        else { return nil }
        self.bytes = bytes
    }

    /// Reads the value of a header `Authorization: Bearer …`; `nil` when it is of another scheme or holds no token.
    public init?(authorization header: String) {
        let words = header.split(separator: " ")
        guard words.count == 2, words[0].lowercased() == "bearer" else { return nil }
        self.init(words[1])
    }

    /// What the store keeps, and finds the token by.
    public var digest: TokenDigest { TokenDigest(bytes: Array(SHA256.hash(data: Array(revealed.utf8)))) }

    public var description: String { "(token)" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// A token as it is made; the store keeps its digest with what happens to it later.
public struct NewBearerToken: Sendable {
    /// `tok-` and 16 lower-case hexadecimal digits. No secret; it stands in lists and in the audit log.
    public let id: String
    public let token: BearerToken
    public let role: Role

    /// Makes one that nobody can guess.
    public init(role: Role) {
        var generator = SystemRandomNumberGenerator()
        self.init(role: role, using: &generator)
    }

    /// - Parameter generator: Anything but the system's is for tests.
    package init(role: Role, using generator: inout some RandomNumberGenerator) {
        id = "tok-" + hexadecimal(randomBytes(8, using: &generator))
        token = BearerToken(using: &generator)
        self.role = role
    }
}

/// The SHA-256 of a token's text.
///
/// A fast hash is enough: nobody can try 2²⁵⁶ tokens. Comparing two takes the same time wherever they differ.
public struct TokenDigest: Sendable, Hashable, CustomStringConvertible {
    private let bytes: [UInt8]

    init(bytes: [UInt8]) { self.bytes = bytes }

    /// Reads what `description` writes.
    public init?(_ text: String) {
        guard let bytes = hexadecimalBytes(text, count: 32) else { return nil }
        self.bytes = bytes
    }

    public var description: String { hexadecimal(bytes) }

    public static func == (left: Self, right: Self) -> Bool { isSameInConstantTime(left.bytes, right.bytes) }
    public func hash(into hasher: inout Hasher) { hasher.combine(bytes) }
}
