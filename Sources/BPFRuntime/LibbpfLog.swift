internal import CLibBPF
internal import Glibc
internal import Synchronization

/// What libbpf prints, kept for error messages instead of going to stderr.
enum LibbpfLog {
    private static let linesMax = 40
    private static let lines = Mutex<[String]>([])

    /// Once for the process: libbpf has one print function.
    static let install: Void = {
        libbpf_set_print { level, format, arguments in
            guard let format, let arguments, level != LIBBPF_DEBUG else { return 0 }
            // The verifier's log comes as one message; its end says what was refused.
            let text = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 1 << 20) { buffer in
                _ = vsnprintf(buffer.baseAddress, buffer.count, format, arguments)
                return String(cString: buffer.baseAddress!)
            }
            LibbpfLog.append(text)
            return Int32(text.utf8.count)
        }
    }()

    private static func append(_ text: String) {
        lines.withLock { lines in
            lines += text.split(separator: "\n").map(String.init)
            lines.removeFirst(max(lines.count - linesMax, 0))
        }
    }

    /// The last lines since the last call.
    static func takeTail() -> String {
        lines.withLock { lines in
            defer { lines = [] }
            return lines.suffix(12).joined(separator: "\n")
        }
    }
}
