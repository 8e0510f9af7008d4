internal import Glibc

/// A call into libbpf or the kernel that failed: what was tried, on what, and what the kernel said.
public struct BPFError: Error, Sendable, Hashable {
    /// The C function or system call.
    public let operation: String
    /// The map, program, interface or file.
    public let subject: String
    /// `errno`, positive.
    public let code: Int32
    /// What libbpf or the verifier printed, its last lines; empty when it was silent.
    public let details: String

    public init(_ operation: String, _ subject: String, code: Int32, details: String = "") {
        self.operation = operation
        self.subject = subject
        self.code = code
        self.details = details
    }

    /// Of a call that returned -1 and set `errno`, or returned the negative error itself, as libbpf's do.
    init(_ operation: String, _ subject: String, result: Int) {
        self.init(operation, subject, code: result == -1 ? errno : Int32(-result), details: LibbpfLog.takeTail())
    }
}

extension BPFError: CustomStringConvertible {
    public var description: String {
        let message = "\(operation) \(subject): \(String(cString: strerror(code))) (errno \(code))"
        return details.isEmpty ? message : message + "\n" + details
    }
}

/// Returns a call's result, or throws when it is negative.
@discardableResult
func check(
    _ operation: String, _ subject: @autoclosure () -> String, _ result: some FixedWidthInteger
) throws(BPFError) -> Int {
    guard result < 0 else { return Int(result) }
    throw BPFError(operation, subject(), result: Int(result))
}
