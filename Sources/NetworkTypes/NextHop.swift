/// The way of a packet as far as this host decides it: the interface that it leaves by and the neighbour that takes it.
public struct NextHop: Sendable, Hashable {
    /// The kernel's index of an Ethernet interface.
    public let interface: UInt32
    /// The interface's own address.
    public let source: MACAddress
    /// The neighbour's: the destination itself or a gateway.
    public let destination: MACAddress

    public init(interface: UInt32, source: MACAddress, destination: MACAddress) {
        self.interface = interface
        self.source = source
        self.destination = destination
    }
}
