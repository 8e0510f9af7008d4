public import BPFRuntime

/// Why the data plane could not be installed, read or changed.
public enum DataplaneError: Error, Sendable, Hashable {
    case kernel(BPFError)
    /// No data plane is pinned in this directory.
    case notInstalled(String)
    /// The pins in this directory have maps of another layout.
    case otherLayout(String, found: UInt32, expected: UInt32)
    /// The directory holds attachments, but not the maps that belong to them.
    case damagedPins(String)
    /// The interface already runs an XDP program that is not ours.
    case interfaceBusy(String)
}

extension DataplaneError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .kernel(let error): error.description
        case .notInstalled(let path): "no data plane is installed in \(path)"
        case .otherLayout(let path, let found, let expected):
            """
            the maps pinned in \(path) have layout \(found), this version of Shoal needs \(expected); \
            they go on forwarding. Run "shoal detach" to remove them, then start shoald again
            """
        case .damagedPins(let path):
            """
            \(path) holds an attached program without its maps; nothing was changed. \
            Run "shoal detach" to remove it, then start shoald again
            """
        case .interfaceBusy(let name):
            """
            \(name) already runs another XDP program; nothing was changed there. \
            Look at it with "ip link show \(name)" and detach it, or give shoald another interface
            """
        }
    }
}

extension DataplaneError {
    /// Whether more rights would help.
    public var isPermission: Bool {
        if case .kernel(let error) = self { error.code == 1 || error.code == 13 } else { false }
    }
}
