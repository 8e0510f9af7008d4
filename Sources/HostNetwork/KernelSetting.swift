/// The name of a sysctl (sysctl(8)), in the form with slashes: names of interfaces may contain dots.
public struct KernelSetting: Sendable, Hashable {
    /// Under /proc/sys, such as `net/ipv4/conf/eth0.100/rp_filter`.
    public let path: String

    /// A setting by its path under /proc/sys, such as `net/ipv4/ip_forward` or `net/ipv4/conf/all/rp_filter`.
    public init(_ path: String) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        precondition(
            parts.allSatisfy { !["", ".", ".."].contains($0) }, "\(path) is not the path of a setting below /proc/sys")
        self.path = path
    }

    /// A setting that IPv4 has for each interface, such as `rp_filter`.
    public static func ipv4(_ key: String, on interface: Interface) -> Self {
        Self("net/ipv4/conf/\(interface.name)/\(key)")
    }

    /// A setting that IPv6 has for each interface, such as `disable_ipv6`.
    public static func ipv6(_ key: String, on interface: Interface) -> Self {
        Self("net/ipv6/conf/\(interface.name)/\(key)")
    }
}

extension KernelSetting: CustomStringConvertible {
    public var description: String { path }
}
