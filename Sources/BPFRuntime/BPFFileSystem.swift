internal import CLibBPF
internal import Glibc

/// A directory of a BPF file system, in which pins live.
public enum BPFFileSystem {
    /// `BPF_FS_MAGIC` of linux/magic.h.
    private static let magic = 0xcafe_4a11

    /// Whether a directory is on a BPF file system; false when it does not exist.
    public static func contains(_ path: String) -> Bool {
        var info = statfs()
        return statfs(path, &info) == 0 && Int(info.f_type) == magic
    }

    /// Makes a directory on a BPF file system, mounting one when there is none.
    ///
    /// Below `/sys/fs/bpf`, where the system's own is expected, that is what gets mounted; elsewhere the directory itself.
    /// - Throws: `BPFError`, EPERM without CAP_SYS_ADMIN.
    public static func prepare(_ path: String) throws(BPFError) {
        let system = "/sys/fs/bpf"
        let isBelowSystem = path == system || path.hasPrefix(system + "/")
        if isBelowSystem && !contains(system) { try mountBPF(on: system) }
        try makeDirectories(path)
        if !contains(path) { try mountBPF(on: path) }
    }

    private static func mountBPF(on path: String) throws(BPFError) {
        try check("mount -t bpf", path, mount("bpf", path, "bpf", 0, "mode=0700"))
    }

    /// Makes a directory and those above it, for root only; one that exists is a success.
    public static func makeDirectories(_ path: String) throws(BPFError) {
        var made = ""
        for part in path.split(separator: "/") {
            made += "/" + part
            if mkdir(made, 0o700) != 0 && errno != EEXIST { throw BPFError("mkdir", made, code: errno) }
        }
    }

    /// The names in a directory, sorted; empty when it does not exist.
    public static func names(in path: String) -> [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Removes a pin; one that is not there is a success.
    public static func removePin(_ path: String) throws(BPFError) {
        if unlink(path) != 0 && errno != ENOENT { throw BPFError("unlink", path, code: errno) }
    }

    /// Removes an empty directory; one that is not there is a success.
    public static func removeDirectory(_ path: String) throws(BPFError) {
        if rmdir(path) != 0 && errno != ENOENT { throw BPFError("rmdir", path, code: errno) }
    }
}
