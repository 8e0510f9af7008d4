internal import Glibc

/// What the kernel refused, of what, and why.
public struct HostNetworkError: Error, Sendable, Hashable {
    public enum Operation: String, Sendable, Hashable, CaseIterable {
        // Raw values: what stands behind "can't" in the message.
        case listInterfaces = "list interfaces"
        case findInterface = "find interface"
        case listAddresses = "list addresses"
        case holdAddress = "hold address"
        case releaseAddress = "release address"
        case announceAddress = "announce address"
        case findRoute = "find a route to"
        case listRules = "list rules of policy routing"
        case watch = "watch the network"
        case listNeighbours = "list neighbours"
        case findNeighbour = "find neighbour"
        case keepNeighbour = "keep neighbour"
        case releaseNeighbour = "stop keeping neighbour"
        case readSetting = "read setting"
        case writeSetting = "write setting"
        case findPeer = "tell who connected to"
        case findGroup = "find group"
        case letGroup = "let a further group use"
    }

    public let operation: Operation
    /// The address, interface or setting in question; empty for a list.
    public let subject: String
    /// A positive number of errno(3).
    public let errorNumber: Int32

    public init(operation: Operation, subject: String, errorNumber: Int32) {
        self.operation = operation
        self.subject = subject
        self.errorNumber = errorNumber
    }

    /// As strerror(3) puts it: `Operation not permitted`.
    public var errorText: String { String(cString: strerror(errorNumber)) }

    /// The capability without which the kernel answers `EPERM` (capabilities(7)); nil when that isn't the error.
    private var missingCapability: String? {
        guard errorNumber == EPERM else { return nil }
        return operation == .announceAddress ? "CAP_NET_RAW" : "CAP_NET_ADMIN"
    }
}

extension HostNetworkError: CustomStringConvertible {
    /// `can't hold address 203.0.113.10 on interface 3: Operation not permitted (needs CAP_NET_ADMIN)`.
    public var description: String {
        let what = subject.isEmpty ? operation.rawValue : "\(operation.rawValue) \(subject)"
        return "can't \(what): \(errorText)" + (missingCapability.map { " (needs \($0))" } ?? "")
    }
}
