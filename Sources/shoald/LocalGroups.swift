internal import Authentication
internal import HostNetwork

extension LocalAccess {
    /// Whom this host's groups `shoal` and `shoal-read` let in; without such a group nobody but root.
    ///
    /// A group that is made later counts from the next start.
    static func ofThisHost() -> LocalAccess {
        LocalAccess(writersGroup: number(ofGroup: "shoal"), readersGroup: number(ofGroup: "shoal-read"))
    }

    private static func number(ofGroup name: String) -> UInt32? { try? HostNetwork().groupID(named: name) }
}
