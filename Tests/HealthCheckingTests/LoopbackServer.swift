import Foundation
import NetworkTypes

/// A TCP server on a loopback address, written against the kernel: a library would hide how connections end.
///
/// It serves until the process ends, so that no test needs to hold on to it.
struct LoopbackServer: Sendable {
    enum Manner {
        /// Bound without listening, so that the kernel refuses and nobody else gets the port.
        case refuses
        /// Listening with a full backlog, so that the kernel drops every further SYN.
        case ignores
        case accepts
    }

    struct Connection: Sendable {
        let peer: IPAddress
        let time: SuspendingClock.Instant
        /// `ECONNRESET` after RST, 0 after FIN, `ETIMEDOUT` when it stayed open for a second.
        let ending: CInt
    }

    let endpoint: Endpoint
    /// Each connection after its end, in the order of arrival.
    let connections: AsyncStream<Connection>

    init(_ manner: Manner, on address: IPAddress = .loopbackIPv4) {
        let (connections, arrived) = AsyncStream.makeStream(of: Connection.self)
        let listener = Self.socket(address.family)
        require(SocketName(address, port: 0).with { bind(listener, $0, $1) } == 0, "bind")
        let port = SocketName(of: listener).port
        if manner != .refuses { require(listen(listener, manner == .ignores ? 0 : 128) == 0, "listen") }
        switch manner {
        case .refuses: break
        case .ignores:
            let filler = Self.socket(address.family)
            require(SocketName(address, port: port).with { connect(filler, $0, $1) } == 0, "connect")
        case .accepts:
            Thread.detachNewThread { while true { arrived.yield(Self.accept(listener)) } }
        }
        endpoint = Endpoint(address: address, port: port, transport: .tcp)
        self.connections = connections
    }

    private static func accept(_ listener: CInt) -> Connection {
        var name = SocketName()
        let descriptor = name.withMutable { Glibc.accept(listener, $0, $1) }
        require(descriptor >= 0, "accept")
        let time = SuspendingClock.now
        defer { close(descriptor) }
        return Connection(peer: name.address, time: time, ending: ending(of: descriptor))
    }

    private static func ending(of descriptor: CInt) -> CInt {
        var watched = pollfd(fd: descriptor, events: CShort(POLLIN), revents: 0)
        guard poll(&watched, 1, 1_000) == 1 else { return ETIMEDOUT }
        var byte: UInt8 = 0
        return read(descriptor, &byte, 1) < 0 ? errno : 0
    }

    private static func socket(_ family: IPAddress.Family) -> CInt {
        let descriptor = Glibc.socket(family == .ipv4 ? AF_INET : AF_INET6, CInt(SOCK_STREAM.rawValue), 0)
        require(descriptor >= 0, "socket")
        return descriptor
    }
}

extension IPAddress {
    static let loopbackIPv4 = IPAddress("127.0.0.1")!
    static let loopbackIPv6 = IPAddress("::1")!
}

private func require(_ isTrue: Bool, _ call: String) {
    precondition(isTrue, "\(call): \(String(cString: strerror(errno)))")
}

/// `struct sockaddr_in` or `sockaddr_in6`, as bytes: family, port, and the address from byte 4 or 8 on.
private struct SocketName {
    private var bytes = [UInt8](repeating: 0, count: MemoryLayout<sockaddr_in6>.size)
    private var size = socklen_t(MemoryLayout<sockaddr_in6>.size)

    init() {}

    init(_ address: IPAddress, port: UInt16) {
        let (family, offset, size) =
            address.family == .ipv4
            ? (AF_INET, 4, MemoryLayout<sockaddr_in>.size) : (AF_INET6, 8, MemoryLayout<sockaddr_in6>.size)
        bytes[0] = UInt8(family)
        bytes[2] = UInt8(port >> 8)
        bytes[3] = UInt8(port & 0xff)
        bytes.replaceSubrange(offset..<offset + address.wireBytes.count, with: address.wireBytes)
        self.size = socklen_t(size)
    }

    init(of descriptor: CInt) {
        require(withMutable { getsockname(descriptor, $0, $1) } == 0, "getsockname")
    }

    var port: UInt16 { UInt16(bytes[2]) << 8 | UInt16(bytes[3]) }

    var address: IPAddress {
        bytes[0] == UInt8(AF_INET)
            ? IPAddress(ipv4: bytes[4..<8].reduce(0) { $0 << 8 | UInt32($1) }) : IPAddress(bytes: Array(bytes[8..<24]))
    }

    func with<Value>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Value) -> Value {
        bytes.withUnsafeBytes { body($0.baseAddress!.assumingMemoryBound(to: sockaddr.self), size) }
    }

    mutating func withMutable<Value>(
        _ body: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Value
    ) -> Value {
        bytes.withUnsafeMutableBytes { body($0.baseAddress!.assumingMemoryBound(to: sockaddr.self), &size) }
    }
}
