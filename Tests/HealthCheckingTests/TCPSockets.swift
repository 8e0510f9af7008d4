import Foundation

/// States of TCP sockets, in the kernel's numbers.
enum TCPState: String {
    case established = "01"
    case synSent = "02"
    case timeWait = "06"
}

/// How many TCP sockets of this network namespace are in `state` with `port` at either end.
func tcpSockets(_ state: TCPState, port: UInt16) throws -> Int {
    let suffix = ":" + String(format: "%04X", port)
    return try ["/proc/net/tcp", "/proc/net/tcp6"].reduce(0) { count, path in
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").dropFirst()
        // Fields: number, local address, remote address, state, and more.
        return count
            + lines.map { $0.split(separator: " ") }.count {
                ($0[1].hasSuffix(suffix) || $0[2].hasSuffix(suffix)) && $0[3] == state.rawValue
            }
    }
}
