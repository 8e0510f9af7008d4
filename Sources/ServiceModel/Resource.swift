// What the store adds to what an operator wrote. Documents carry none of it.

/// What is kept with a time and a version.
public protocol Stored: Sendable, Hashable, Codable {
    /// At most 256 characters, for people only.
    var description: String { get set }
    /// Seconds since 1970; `nil` until it is stored.
    var createdAt: Int64? { get set }
    /// 0 until it is stored, then one more with each change of this resource. What is below a load balancer counts
    /// for itself; the targets of a group count as part of the group.
    var version: UInt64 { get set }
    /// What an operator wrote of this resource, and nothing of what is below it: what counts as a change.
    var content: Self { get }
}

extension Stored {
    public var content: Self {
        var content = self
        content.createdAt = nil
        content.version = 0
        return content
    }
}

/// What the API finds by an id that the daemon gave it, and documents by its name.
public protocol Resource: Stored {
    /// `nil` until it is stored. Stays when the name changes.
    var id: ResourceID? { get set }
    var name: String { get set }
}

extension Resource {
    public var content: Self { withoutMetadata }

    var withoutMetadata: Self {
        var content = self
        content.id = nil
        content.createdAt = nil
        content.version = 0
        return content
    }
}

extension LoadBalancer {
    public var content: LoadBalancer {
        var content = withoutMetadata
        content.listeners = []
        content.services = []
        content.groups = []
        return content
    }
}

extension ServerGroup {
    public var content: ServerGroup {
        var content = withoutMetadata
        for index in content.targets.indices { content.targets[index].id = nil }
        return content
    }
}

/// The opaque name of a resource in the API, as `lb-3f9a0c1d2e`. Unique in the region, never used again.
public struct ResourceID: RawRepresentable, Sendable, Hashable, Codable {
    /// What an id is for; the raw value is what it starts with.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        case loadBalancer = "lb"
        case listener
        case service = "backend"
        case group = "tg"
        case target
        case availabilityGroup = "ag"
    }

    public let rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }

    /// - Parameter number: Ten hexadecimal digits of it are written, so that only its lower 40 bits count.
    public init(_ kind: Kind, _ number: UInt64) {
        let digits = String(number & 0xff_ffff_ffff, radix: 16)
        rawValue = kind.rawValue + "-" + String(repeating: "0", count: 10 - digits.count) + digits
    }
}

extension ResourceID: CustomStringConvertible {
    public var description: String { rawValue }
}
