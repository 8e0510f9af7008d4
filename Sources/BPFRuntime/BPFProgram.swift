internal import CLibBPF
internal import Glibc

/// A loaded program.
public final class BPFProgram: Sendable {
    let descriptor: Descriptor
    public let name: String

    init(descriptor: consuming Descriptor, name: String) {
        self.descriptor = descriptor
        self.name = name
    }

    /// What a run of a program on one packet gave.
    public struct TestRun: Sendable, Hashable {
        /// The XDP action.
        public let result: UInt32
        /// The packet afterwards.
        public let packet: [UInt8]
        /// Mean time of one run.
        public let nanoseconds: UInt32
    }

    /// Runs the program on a packet without sending it (BPF_PROG_TEST_RUN), in the calling thread's network namespace.
    ///
    /// - Parameters:
    ///   - packet: A whole frame from its Ethernet header, at least 14 bytes.
    ///   - repeats: How often; the packet is not restored between runs.
    public func testRun(packet: [UInt8], repeats: Int32 = 1) throws(BPFError) -> TestRun {
        var output = [UInt8](repeating: 0, count: packet.count + 512)
        var options = bpf_test_run_opts()
        options.sz = MemoryLayout<bpf_test_run_opts>.size
        options.repeat = repeats
        let result = packet.withUnsafeBytes { input in
            output.withUnsafeMutableBytes { output in
                options.data_in = input.baseAddress
                options.data_size_in = UInt32(input.count)
                options.data_out = output.baseAddress
                options.data_size_out = UInt32(output.count)
                return bpf_prog_test_run_opts(descriptor.number, &options)
            }
        }
        try check("BPF_PROG_TEST_RUN", name, result)
        return TestRun(
            result: options.retval, packet: Array(output.prefix(Int(options.data_size_out))),
            nanoseconds: options.duration)
    }

    /// Makes the program appear as a file of a BPF file system.
    public func pin(at path: String) throws(BPFError) {
        try check("bpf_obj_pin", path, bpf_obj_pin(descriptor.number, path))
    }
}
