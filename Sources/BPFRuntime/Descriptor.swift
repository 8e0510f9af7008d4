internal import Glibc

/// An open file descriptor with one owner, who closes it.
public struct Descriptor: ~Copyable, Sendable {
    public let number: Int32

    public init(owning number: Int32) { self.number = number }

    deinit { close(number) }

    /// Another descriptor of the same object.
    /// - Throws: `BPFError` when the process has no descriptor left.
    public borrowing func duplicate() throws(BPFError) -> Descriptor {
        Descriptor(
            owning: Int32(
                try check("fcntl(F_DUPFD_CLOEXEC)", "descriptor \(number)", fcntl(number, F_DUPFD_CLOEXEC, 0))))
    }
}
