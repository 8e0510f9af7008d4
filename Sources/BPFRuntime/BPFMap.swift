internal import CLibBPF
internal import Glibc

/// A map whose keys and values are copied as they lie in memory.
///
/// The kernel keeps the map; this holds a descriptor of it. Calls are system calls and may be made from any thread.
public final class BPFMap<Key: BitwiseCopyable & Sendable, Value: BitwiseCopyable & Sendable>: Sendable {
    let descriptor: Descriptor
    public let name: String
    public let entriesMax: Int

    /// - Throws: `BPFError` with EINVAL when the map's key or value has another size than `Key` or `Value`.
    public init(_ descriptor: consuming Descriptor, name: String) throws(BPFError) {
        var info = bpf_map_info()
        var size = UInt32(MemoryLayout<bpf_map_info>.size)
        try check("bpf_obj_get_info_by_fd", name, bpf_obj_get_info_by_fd(descriptor.number, &info, &size))
        guard Int(info.key_size) == MemoryLayout<Key>.size, Int(info.value_size) == MemoryLayout<Value>.size else {
            throw BPFError(
                "open", name, code: EINVAL,
                details: """
                    the map's key and value have \(info.key_size) and \(info.value_size) bytes, \
                    this program's \(MemoryLayout<Key>.size) and \(MemoryLayout<Value>.size)
                    """)
        }
        self.descriptor = descriptor
        self.name = name
        entriesMax = Int(info.max_entries)
    }

    /// Opens a pinned map.
    public convenience init(pinnedAt path: String, name: String) throws(BPFError) {
        try self.init(try openPinned(path), name: name)
    }

    /// The value under a key, or `nil`.
    public func value(_ key: Key) throws(BPFError) -> Value? {
        var key = key
        return try withUnsafeTemporaryAllocation(of: Value.self, capacity: 1) { (buffer) throws(BPFError) in
            let result = bpf_map_lookup_elem(descriptor.number, &key, buffer.baseAddress!)
            if result == -ENOENT { return nil }
            try check("bpf_map_lookup_elem", name, result)
            return buffer[0]
        }
    }

    /// Adds or replaces an entry.
    public func update(_ key: Key, _ value: Value) throws(BPFError) {
        var key = key
        var value = value
        try check("bpf_map_update_elem", name, bpf_map_update_elem(descriptor.number, &key, &value, 0))
    }

    /// Removes an entry; one that is not there is a success.
    public func remove(_ key: Key) throws(BPFError) {
        var key = key
        let result = bpf_map_delete_elem(descriptor.number, &key)
        if result != -ENOENT { try check("bpf_map_delete_elem", name, result) }
    }

    /// All entries; of an array every index.
    ///
    /// - Complexity: One system call for 1,024 entries. Entries that change meanwhile may be missed or come twice.
    public func entries() throws(BPFError) -> [(key: Key, value: Value)] {
        let chunk = 1024
        let keys = UnsafeMutableBufferPointer<Key>.allocate(capacity: chunk)
        let values = UnsafeMutableBufferPointer<Value>.allocate(capacity: chunk)
        defer {
            keys.deallocate()
            values.deallocate()
        }
        var result: [(key: Key, value: Value)] = []
        // The kernel's place in the map: an index or a bucket number, at most a key.
        var place = [UInt8](repeating: 0, count: max(MemoryLayout<Key>.size, 8))
        var isFirst = true
        while true {
            var count = UInt32(chunk)
            var next = place
            let status = place.withUnsafeMutableBytes { place in
                bpf_map_lookup_batch(
                    descriptor.number, isFirst ? nil : place.baseAddress, &next, keys.baseAddress, values.baseAddress,
                    &count, nil)
            }
            if status < 0 && status != -ENOENT { try check("bpf_map_lookup_batch", name, status) }
            for index in 0..<Int(count) { result.append((keys[index], values[index])) }
            if status == -ENOENT { return result }
            place = next
            isFirst = false
        }
    }
}

extension BPFMap<UInt32, UInt32> {
    /// Puts a program into a map of programs, for tail calls.
    public func update(_ index: UInt32, to program: BPFProgram) throws(BPFError) {
        try update(index, UInt32(program.descriptor.number))
    }
}

/// An array of which every CPU has its own.
public final class BPFPerCPUArray<Value: BitwiseCopyable & Sendable>: Sendable {
    private let descriptor: Descriptor
    public let name: String

    public init(_ descriptor: consuming Descriptor, name: String) throws(BPFError) {
        var info = bpf_map_info()
        var size = UInt32(MemoryLayout<bpf_map_info>.size)
        try check("bpf_obj_get_info_by_fd", name, bpf_obj_get_info_by_fd(descriptor.number, &info, &size))
        guard Int(info.value_size) == MemoryLayout<Value>.size else {
            throw BPFError("open", name, code: EINVAL, details: "the map's value has \(info.value_size) bytes")
        }
        self.descriptor = descriptor
        self.name = name
    }

    /// The values of one index, one for each possible CPU.
    public func values(_ index: UInt32) throws(BPFError) -> [Value] {
        var index = index
        return try withBuffer { (buffer) throws(BPFError) in
            try check("bpf_map_lookup_elem", name, bpf_map_lookup_elem(descriptor.number, &index, buffer.baseAddress!))
            return (0..<Self.cpus).map { buffer.loadUnaligned(fromByteOffset: $0 * Self.stride, as: Value.self) }
        }
    }

    /// Sets the index of every CPU to one value.
    public func fill(_ index: UInt32, with value: Value) throws(BPFError) {
        var index = index
        try withBuffer { (buffer) throws(BPFError) in
            for cpu in 0..<Self.cpus { buffer.storeBytes(of: value, toByteOffset: cpu * Self.stride, as: Value.self) }
            try check(
                "bpf_map_update_elem", name, bpf_map_update_elem(descriptor.number, &index, buffer.baseAddress!, 0))
        }
    }

    /// The kernel pads each CPU's value to 8 bytes.
    private static var stride: Int { (MemoryLayout<Value>.size + 7) & ~7 }
    private static var cpus: Int { max(Int(libbpf_num_possible_cpus()), 1) }

    private func withBuffer<Result>(
        _ body: (UnsafeMutableRawBufferPointer) throws(BPFError) -> Result
    ) throws(BPFError) -> Result {
        try withUnsafeTemporaryAllocation(byteCount: Self.stride * Self.cpus, alignment: 8) {
            (buffer) throws(BPFError) in
            try body(buffer)
        }
    }
}

/// An array map that is mapped into memory: reads and writes are loads and stores, without a system call.
///
/// Stores are plain. A reader in the kernel may see them in any order until something orders them, such as the update
/// of another map that makes it look here.
public final class BPFMappedArray<Value: BitwiseCopyable & Sendable>: @unchecked Sendable {
    // Unchecked: the memory is shared with the kernel anyway; writers of one range must be one at a time, which the
    // owner of the ranges sees to.
    private let base: UnsafeMutablePointer<Value>
    private let length: Int
    public let count: Int

    /// - Throws: `BPFError` with EINVAL when the map's value has another size, or the map was not made with BPF_F_MMAPABLE.
    public init(_ descriptor: consuming Descriptor, name: String) throws(BPFError) {
        let map = try BPFMap<UInt32, Value>(descriptor, name: name)
        precondition(
            MemoryLayout<Value>.size % 8 == 0, "the kernel pads array values to 8 bytes, which would shift them")
        count = map.entriesMax
        length = count * MemoryLayout<Value>.size
        let memory = mmap(nil, length, PROT_READ | PROT_WRITE, MAP_SHARED, map.descriptor.number, 0)
        guard let memory, memory != MAP_FAILED else { throw BPFError("mmap", name, code: errno) }
        base = memory.bindMemory(to: Value.self, capacity: count)
    }

    deinit { munmap(base, length) }

    public subscript(index: Int) -> Value {
        get {
            precondition((0..<count).contains(index), "index \(index) is outside an array of \(count)")
            return base[index]
        }
        set {
            precondition((0..<count).contains(index), "index \(index) is outside an array of \(count)")
            base[index] = newValue
        }
    }

    /// Gives `body` the memory itself, which the kernel may change at any time.
    public func withUnsafeMutableBufferPointer<Result>(
        _ body: (UnsafeMutableBufferPointer<Value>) -> Result
    ) -> Result {
        body(UnsafeMutableBufferPointer(start: base, count: count))
    }
}

/// A descriptor of a pinned map, program or link.
public func openPinned(_ path: String) throws(BPFError) -> Descriptor {
    Descriptor(owning: Int32(try check("bpf_obj_get", path, bpf_obj_get(path))))
}

/// Makes a map appear as a file of a BPF file system.
public func pinMap(_ descriptor: borrowing Descriptor, at path: String) throws(BPFError) {
    try check("bpf_obj_pin", path, bpf_obj_pin(descriptor.number, path))
}
