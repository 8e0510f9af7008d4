import Foundation

/// States of TCP sockets, in the kernel's numbers.
enum TCPState: String {
    case established = "01"
    case synSent = "02"
    case timeWait = "06"
}

/// How many TCP sockets of this network namespace are in `state` with `port` at either end.
func tcpSockets(_ state: TCPState, port: UInt16) -> Int {
    let suffix = ":" + String(format: "%04X", port)
    return (lines(of: "/proc/net/tcp") + lines(of: "/proc/net/tcp6")).count { line in
        // Number, local address, remote address, state, and more.
        let fields = line.split(separator: " ")
        return (fields[1].hasSuffix(suffix) || fields[2].hasSuffix(suffix)) && fields[3] == state.rawValue
    }
}

/// Without the heading. Foundation's readers take a short read for the end of the file, which in /proc it is not.
private func lines(of path: String) -> [String] {
    guard let file = fopen(path, "r") else { preconditionFailure("\(path): \(String(cString: strerror(errno)))") }
    defer { fclose(file) }
    var buffer = [CChar](repeating: 0, count: 1_024)
    var lines: [String] = []
    while fgets(&buffer, CInt(buffer.count), file) != nil {
        lines.append(String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }
    return Array(lines.dropFirst())
}
