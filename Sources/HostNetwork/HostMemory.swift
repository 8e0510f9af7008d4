internal import CHostNetwork

/// How this process keeps memory that it does not use.
public enum HostMemory {
    /// Gives blocks of at least so many bytes back to the kernel as soon as they are freed.
    ///
    /// malloc(3) begins so, with 128 KiB, but takes each such block that is freed as a sign to keep the next ones: a
    /// few large requests, and the process stays as large as they made it.
    public static func returnBlocks(ofAtLeast bytes: Int) { _ = host_return_blocks(bytes) }
}
