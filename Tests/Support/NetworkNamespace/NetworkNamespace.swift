// Network namespaces for tests: what they change there is seen nowhere else and goes with them.

internal import CNetworkNamespace
internal import Foundation

/// Runs `body` in an empty network namespace, on a thread of its own, which both end with `body`.
///
/// The namespace has nothing but `lo`, and that is down. Programs that `body` starts run in it too. Needs root.
/// One at a time: the kernel has one lock for the links, addresses and routes of all namespaces, and whoever waits for
/// it in a crowd waits for seconds.
///
/// - Parameter body: Must stay on its thread: what it hands to other threads happens in their namespace.
public func inNewNetworkNamespace<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
    try await withCheckedThrowingContinuation { continuation in
        Thread {
            continuation.resume(
                with: Result {
                    try oneAtATime.withLock {
                        try check(shoal_unshare_network(), "unshare")
                        return try body()
                    }
                })
        }.start()
    }
}

private let oneAtATime = NSLock()

/// A network namespace that lives until this value goes, for the other end of a cable.
public struct NetworkNamespace: ~Copyable {
    // The one owner of the descriptor.
    private let descriptor: Int32

    /// Makes a new one; the calling thread stays in its own.
    public init() throws {
        let home = try Self(path: Self.ofThread)
        try check(shoal_unshare_network(), "unshare")
        let result = Result { try Self.open(Self.ofThread) }
        try check(shoal_enter_network(home.descriptor), "setns")
        descriptor = try result.get()
    }

    private init(path: String) throws { descriptor = try Self.open(path) }

    deinit { close(descriptor) }

    /// Names it to `ip link set DEVICE netns PATH` and `nsenter --net=PATH`.
    public var path: String { "/proc/\(getpid())/fd/\(descriptor)" }

    /// Runs `body` there, on the calling thread.
    @discardableResult
    public func run<T>(_ body: () throws -> T) throws -> T {
        let home = try Self(path: Self.ofThread)
        try check(shoal_enter_network(descriptor), "setns")
        let result = Result { try body() }
        try check(shoal_enter_network(home.descriptor), "setns")
        return try result.get()
    }

    private static let ofThread = "/proc/thread-self/ns/net"

    private static func open(_ path: String) throws -> Int32 {
        let descriptor = Foundation.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw NamespaceError(call: "open", errorNumber: errno) }
        return descriptor
    }
}

/// A system call that a namespace needs failed; without root that is the first one.
public struct NamespaceError: Error, CustomStringConvertible {
    let call: String
    let errorNumber: Int32

    public var description: String { "\(call): \(String(cString: strerror(errorNumber)))" }
}

private func check(_ result: Int32, _ call: String) throws {
    guard result == 0 else { throw NamespaceError(call: call, errorNumber: -result) }
}

/// Runs a shell script in the network namespace of the calling thread and returns what it prints.
///
/// By popen(3): Foundation's `Process` waits on a run loop, which threads that come and go do not have.
/// - Throws: `CommandFailed` when a command of it fails.
@discardableResult
public func shell(_ script: String) throws -> String {
    guard let pipe = popen("set -e; \(script)", "r") else { throw CommandFailed(script: script) }
    var output: [UInt8] = []
    while case let byte = fgetc(pipe), byte != EOF { output.append(UInt8(byte)) }
    guard pclose(pipe) == 0 else { throw CommandFailed(script: script) }
    return String(decoding: output, as: UTF8.self)
}

public struct CommandFailed: Error {
    public let script: String
}
