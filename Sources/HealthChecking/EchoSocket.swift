// The system calls of an echo request, which NIO has no words for.

internal import NIOCore
internal import NIOPosix
internal import NetworkTypes

#if canImport(Glibc)
    internal import Glibc
#endif

/// Sends an echo request over a raw socket of its own, which needs CAP_NET_RAW.
///
/// The socket is not connected, and must not be: the kernel would then report ICMP errors as errors of the socket, most
/// of which make a `DatagramChannel` of NIO 2.101 end the process (it reads SO_ERROR, and then until there is an error).
/// As it is, they come as packets, with the request that they are about.
///
/// - Returns: The descriptor, which is the caller's to close; what comes to it is about `message`, or almost.
/// - Throws: What the kernel says at once: no right, no source address, no route.
func sendEcho(_ message: EchoMessage, from source: IPAddress?) throws(IOError) -> CInt {
    let (family, number) = message.isIPv6 ? (AF_INET6, IPPROTO_ICMPV6) : (AF_INET, IPPROTO_ICMP)
    let type = CInt(SOCK_RAW.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
    let descriptor = try check(socket(family, type, CInt(number)), "socket")
    do throws(IOError) {
        try attachFilter(for: message, to: descriptor)
        if let source {
            let bound = SocketAddress(source, port: 0).withSockAddr { bind(descriptor, $0, socklen_t($1)) }
            try check(bound, "bind")
        }
        let sent = SocketAddress(message.target, port: 0).withSockAddr { address, size in
            message.request.withUnsafeBytes {
                sendto(descriptor, $0.baseAddress, $0.count, 0, address, socklen_t(size))
            }
        }
        try check(CInt(sent), "sendto")
        return descriptor
    } catch {
        close(descriptor)
        throw error
    }
}

@discardableResult
private func check(_ result: CInt, _ call: String) throws(IOError) -> CInt {
    guard result >= 0 else { throw IOError(errnoCode: errno, reason: call) }
    return result
}

/// `struct sock_filter` of linux/filter.h.
private struct Instruction {
    let code: UInt16
    var ifTrue: UInt8 = 0
    var ifFalse: UInt8 = 0
    var operand: UInt32 = 0
}

/// `struct sock_fprog`.
private struct Program {
    let length: UInt16
    let instructions: UnsafePointer<Instruction>
}

/// Keeps what is about other requests in the kernel: a raw socket would hear all of the host's ICMP, and the loop would
/// wake up as often as all probes under way together have answers, squared.
private func attachFilter(for message: EchoMessage, to descriptor: CInt) throws(IOError) {
    let isIPv6 = message.isIPv6
    let (loadByte, loadHalf, jumpIfEqual, jump, done): (UInt16, UInt16, UInt16, UInt16, UInt16) =
        (0x50, 0x48, 0x15, 0x05, 0x06)
    let instructions: [Instruction] = [
        // Where the message begins: behind the IPv4 header, of that many words; that of IPv6 is not there.
        isIPv6 ? Instruction(code: 0x01) : Instruction(code: 0xb1),
        Instruction(code: loadByte, operand: 0),
        Instruction(code: jumpIfEqual, ifTrue: 3, operand: isIPv6 ? 129 : 0),
        Instruction(code: jumpIfEqual, ifTrue: 4, operand: isIPv6 ? 1 : 3),
        Instruction(code: jumpIfEqual, ifTrue: 3, operand: isIPv6 ? 3 : 11),
        Instruction(code: done, operand: 0),
        // The identifier of a reply, or that of the request in an error.
        Instruction(code: loadHalf, operand: 4),
        Instruction(code: jump, operand: 1),
        Instruction(code: loadHalf, operand: 8 + (isIPv6 ? 40 : 20) + 4),
        Instruction(code: jumpIfEqual, ifFalse: 1, operand: UInt32(message.identifier)),
        Instruction(code: done, operand: .max),
        Instruction(code: done, operand: 0),
    ]
    let attached = instructions.withUnsafeBufferPointer { buffer in
        let program = Program(length: UInt16(buffer.count), instructions: buffer.baseAddress!)
        return withUnsafeBytes(of: program) {
            setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, $0.baseAddress, socklen_t($0.count))
        }
    }
    try check(attached, "setsockopt")
}
