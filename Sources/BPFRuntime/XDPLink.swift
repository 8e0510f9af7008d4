internal import CLibBPF
internal import Glibc

/// The attachment of a program to an interface.
///
/// The kernel detaches when nothing holds the link any more: neither a descriptor nor a pin.
public final class XDPLink: Sendable {
    /// Where the program runs.
    public enum Mode: String, Sendable, Hashable {
        /// In the driver, before the kernel makes a socket buffer.
        case native
        /// In the kernel's network stack, on socket buffers: every driver can, at a price.
        case generic
    }

    private let descriptor: Descriptor

    private init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }

    /// - Parameter interface: Its index, in the calling thread's network namespace.
    /// - Throws: `BPFError`; EBUSY when another program is attached, EOPNOTSUPP or EINVAL when the driver can't do this mode.
    public static func attach(_ program: BPFProgram, to interface: UInt32, mode: Mode) throws(BPFError) -> XDPLink {
        var options = bpf_link_create_opts()
        options.sz = MemoryLayout<bpf_link_create_opts>.size
        options.flags = UInt32(mode == .native ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE)
        let link = bpf_link_create(program.descriptor.number, Int32(interface), BPF_XDP, &options)
        return XDPLink(
            Descriptor(owning: Int32(try check("attach XDP in \(mode) mode", "interface \(interface)", link))))
    }

    /// Opens a pinned link.
    public static func open(pinnedAt path: String) throws(BPFError) -> XDPLink { XDPLink(try openPinned(path)) }

    /// Replaces the program; no packet is seen by both or by neither.
    public func update(to program: BPFProgram) throws(BPFError) {
        try check("bpf_link_update", program.name, bpf_link_update(descriptor.number, program.descriptor.number, nil))
    }

    /// The interface's index; 0 when the interface is gone.
    public func interface() throws(BPFError) -> UInt32 { try info().xdp.ifindex }

    /// The kernel's id of the program that runs.
    public func programID() throws(BPFError) -> UInt32 { try info().prog_id }

    public func pin(at path: String) throws(BPFError) {
        try check("bpf_obj_pin", path, bpf_obj_pin(descriptor.number, path))
    }

    private func info() throws(BPFError) -> bpf_link_info {
        var info = bpf_link_info()
        var size = UInt32(MemoryLayout<bpf_link_info>.size)
        try check("bpf_obj_get_info_by_fd", "link", bpf_obj_get_info_by_fd(descriptor.number, &info, &size))
        return info
    }
}

extension XDPLink {
    /// In which mode a program is attached to an interface; `nil` when none is.
    public static func attachedMode(of interface: UInt32) throws(BPFError) -> Mode? {
        var options = bpf_xdp_query_opts()
        options.sz = MemoryLayout<bpf_xdp_query_opts>.size
        try check("bpf_xdp_query", "interface \(interface)", bpf_xdp_query(Int32(interface), 0, &options))
        return switch Int(options.attach_mode) {
        case XDP_ATTACHED_DRV, XDP_ATTACHED_HW: .native
        case XDP_ATTACHED_SKB: .generic
        default: nil
        }
    }
}
