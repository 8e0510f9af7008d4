internal import CLibBPF
internal import Glibc

/// A BPF object file: opened, prepared, then loaded once.
///
/// Not `Sendable`: libbpf's object has no lock. What it yields, maps and programs, owns descriptors and may go anywhere.
public final class BPFObject {
    private let pointer: OpaquePointer
    private let name: String

    /// - Parameter bytes: An ELF file as clang's BPF target writes it.
    public init(bytes: [UInt8], name: String) throws(BPFError) {
        _ = LibbpfLog.install
        let opened: OpaquePointer? = bytes.withUnsafeBytes { buffer in
            name.withCString { cName in
                var options = bpf_object_open_opts()
                options.sz = MemoryLayout<bpf_object_open_opts>.size
                options.object_name = cName
                return bpf_object__open_mem(buffer.baseAddress, buffer.count, &options)
            }
        }
        guard let opened else { throw BPFError("bpf_object__open_mem", name, result: -1) }
        pointer = opened
        self.name = name
    }

    deinit { bpf_object__close(pointer) }

    /// The names of all maps, in the order of the object file.
    public var mapNames: [String] {
        var names: [String] = []
        var map: OpaquePointer?
        while let next = bpf_object__next_map(pointer, map) {
            names.append(String(cString: bpf_map__name(next)))
            map = next
        }
        return names
    }

    /// Sets a `const volatile` variable of the program, before `load()`.
    /// - Parameter offset: Where the variable lies in `.rodata`, in bytes; 0 for the only one.
    public func setConstant<Value: BitwiseCopyable>(_ value: Value, offset: Int = 0) throws(BPFError) {
        guard let section = mapNames.first(where: { $0.hasSuffix(".rodata") }) else {
            throw BPFError("bpf_object__find_map_by_name", ".rodata", code: ENOENT)
        }
        let map = try pointerToMap(section)
        var size = 0
        guard let start = bpf_map__initial_value(map, &size), size >= offset + MemoryLayout<Value>.size else {
            throw BPFError("bpf_map__initial_value", section, code: ERANGE)
        }
        UnsafeMutableRawPointer(mutating: start).storeBytes(of: value, toByteOffset: offset, as: Value.self)
    }

    /// Makes the object use a map that exists instead of creating one, before `load()`.
    public func reuse(_ descriptor: borrowing Descriptor, for name: String) throws(BPFError) {
        try check("bpf_map__reuse_fd", name, bpf_map__reuse_fd(try pointerToMap(name), descriptor.number))
    }

    /// Creates the maps and has the kernel verify the programs.
    /// - Throws: `BPFError` with the end of the verifier's log in `details`.
    public func load() throws(BPFError) { try check("bpf_object__load", name, bpf_object__load(pointer)) }

    /// A descriptor of a map, after `load()`.
    public func map(_ name: String) throws(BPFError) -> Descriptor {
        let number = Int32(try check("bpf_map__fd", name, bpf_map__fd(try pointerToMap(name))))
        return Descriptor(owning: Int32(try check("fcntl(F_DUPFD_CLOEXEC)", name, fcntl(number, F_DUPFD_CLOEXEC, 0))))
    }

    /// A program, after `load()`.
    public func program(_ name: String) throws(BPFError) -> BPFProgram {
        guard let program = bpf_object__find_program_by_name(pointer, name) else {
            throw BPFError("bpf_object__find_program_by_name", name, code: ENOENT)
        }
        let number = Int32(try check("bpf_program__fd", name, bpf_program__fd(program)))
        return BPFProgram(
            descriptor: Descriptor(
                owning: Int32(try check("fcntl(F_DUPFD_CLOEXEC)", name, fcntl(number, F_DUPFD_CLOEXEC, 0)))),
            name: name)
    }

    private func pointerToMap(_ name: String) throws(BPFError) -> OpaquePointer {
        guard let map = bpf_object__find_map_by_name(pointer, name) else {
            throw BPFError("bpf_object__find_map_by_name", name, code: ENOENT)
        }
        return map
    }
}
