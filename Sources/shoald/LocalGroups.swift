internal import Authentication
internal import Foundation

extension LocalAccess {
    /// Whom this host's groups `shoal` and `shoal-read` let in; without such a group nobody but root.
    ///
    /// A group that is made later counts from the next start.
    static func ofThisHost() -> LocalAccess {
        LocalAccess(writersGroup: number(ofGroup: "shoal"), readersGroup: number(ofGroup: "shoal-read"))
    }

    /// To be called before other threads look up groups: `getgrnam` shares one result.
    private static func number(ofGroup name: String) -> UInt32? { getgrnam(name)?.pointee.gr_gid }
}
