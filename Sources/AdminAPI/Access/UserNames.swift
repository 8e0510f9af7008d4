internal import Foundation
internal import Synchronization

/// The names of this host's users, each looked up once.
final class UserNames: Sendable {
    /// A daemon sees few users; who is past this many is looked up again.
    private static let cachedMax = 1_000

    private let names = Mutex<[UInt32: String]>([:])

    /// The number where there is no name.
    func name(of uid: UInt32) -> String {
        if let name = names.withLock({ $0[uid] }) { return name }
        // Not with the lock held: the answer may come from another host.
        let name = Self.lookUp(uid) ?? "\(uid)"
        names.withLock { names in
            if names.count >= Self.cachedMax { names = [:] }
            names[uid] = name
        }
        return name
    }

    private static func lookUp(_ uid: UInt32) -> String? {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        // The longest entry that glibc's own tools allow for.
        var buffer = [CChar](repeating: 0, count: 65_536)
        guard getpwuid_r(uid, &entry, &buffer, buffer.count, &found) == 0, found != nil else { return nil }
        return String(cString: entry.pw_name)
    }
}
