/// One event, as the data of a server-sent event whose name is its kind.
public struct EventAnswer: Codable, Sendable, Hashable {
    /// UTC, as in `2026-11-23T12:00:00.250Z`.
    public var time: String
    /// As in `health.changed`.
    public var kind: String
    /// What it happened to, as in `service web/web-http`.
    public var subject: String
    /// A sentence.
    public var message: String
    /// Of the resources that it is about.
    public var revision: UInt64

    /// - Parameter unixMilliseconds: Since 1970.
    public init(unixMilliseconds: Int64, kind: String, subject: String, message: String, revision: UInt64) {
        let second = UTCTime.text(unixMilliseconds / 1000).dropLast()
        let fraction = "\(1000 + unixMilliseconds % 1000)".dropFirst()
        time = "\(second).\(fraction)Z"
        self.kind = kind
        self.subject = subject
        self.message = message
        self.revision = revision
    }
}
