internal import BPFRuntime

/// Where the program, its maps and its attachments live while no daemon runs.
///
///     DIRECTORY/maps/NAME      every map of bpf/maps.h but `interfaces`
///     DIRECTORY/links/NAME     one for each interface
public struct PinDirectory: Sendable, Hashable {
    public static let standard = PinDirectory("/sys/fs/bpf/shoal")

    public let path: String

    public init(_ path: String) { self.path = path }

    var maps: String { path + "/maps" }
    var links: String { path + "/links" }

    func map(_ name: String) -> String { maps + "/" + name }

    /// A BPF file system refuses names with a dot, which names of VLAN interfaces have.
    func link(_ interface: String) -> String { links + "/" + interface.replacing(".", with: "%2E") }

    /// The names of the interfaces whose attachment is pinned.
    public var attachedInterfaces: [String] {
        BPFFileSystem.names(in: links).map { $0.replacing("%2E", with: ".") }
    }

    /// Whether a data plane is pinned here.
    public var isPopulated: Bool { !BPFFileSystem.names(in: maps).isEmpty }

    func prepare() throws(BPFError) {
        try BPFFileSystem.prepare(path)
        try BPFFileSystem.makeDirectories(maps)
        try BPFFileSystem.makeDirectories(links)
    }

    /// Removes all pins, which stops forwarding as soon as nobody holds the links open.
    func removeAll() throws(BPFError) {
        for name in BPFFileSystem.names(in: links) { try BPFFileSystem.removePin(links + "/" + name) }
        for name in BPFFileSystem.names(in: maps) { try BPFFileSystem.removePin(maps + "/" + name) }
        for directory in [links, maps] { try BPFFileSystem.removeDirectory(directory) }
        // Stays when it is a mount point or holds something of somebody else.
        try? BPFFileSystem.removeDirectory(path)
    }
}
