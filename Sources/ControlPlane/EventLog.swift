internal import Foundation
internal import Synchronization

/// Something that happened, for people and programs that follow along.
public struct Event: Sendable, Hashable {
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        case resourceCreated = "resource.created"
        case resourceUpdated = "resource.updated"
        case resourceDeleted = "resource.deleted"
        /// A target's health is another than before.
        case healthChanged = "health.changed"
        /// The kernel holds what is wanted.
        case installed = "tables.installed"
        /// The kernel does not hold what is wanted; tried again.
        case notInstalled = "tables.failed"
        /// A change could not be stored; resources are as they were.
        case notStored = "store.failed"
        /// All flows are with the owners of their slots.
        case settled = "tables.settled"
        /// No target of a service is usable any more, or one is again.
        case usability = "service.usability"
        case detached = "daemon.detached"
    }

    /// One more than that of the event before.
    public let number: UInt64
    /// Milliseconds since 1970.
    public let unixMilliseconds: Int64
    public let kind: Kind
    /// What it happened to, as in `service web/web-http`.
    public let subject: String
    /// A sentence.
    public let message: String
    /// Of the resources that it is about.
    public let revision: UInt64
}

/// The latest events of this daemon, and a way to wait for the next.
///
/// Readers keep a place in the log and no events of their own, so that a slow one costs no memory: it misses what the
/// log has forgotten, and is told so.
public final class EventLog: Sendable {
    /// Where a reader is.
    public struct Place: Sendable, Hashable {
        /// Of the last event that was read; 0 before the first.
        public let number: UInt64

        public init(number: UInt64) { self.number = number }
    }

    /// What a reader finds.
    public struct Reading: Sendable, Hashable {
        public let events: [Event]
        /// Whether events between the reader's place and these are forgotten.
        public let isGap: Bool
        /// Before these events.
        public let start: Place
        /// After these events.
        public let end: Place
    }

    /// Some hours of an ordinary day, and less than 2 MB.
    public static let eventsMax = 4096

    /// When the log began, in milliseconds since 1970: places of another log mean nothing in this one.
    public let startedAt: Int64

    private struct State {
        var events: [Event] = []
        var last: UInt64 = 0
        var wakers: [UUID: AsyncStream<Void>.Continuation] = [:]
    }
    private let state = Mutex(State())

    public init() { startedAt = Self.now() }

    private static func now() -> Int64 { Int64(Date().timeIntervalSince1970 * 1000) }

    /// The place of whoever wants only what is to come.
    public var end: Place { state.withLock { Place(number: $0.last) } }

    package func append(_ kind: Event.Kind, _ subject: String, _ message: String, revision: UInt64) {
        let now = Self.now()
        state.withLock { state in
            state.last += 1
            state.events.append(
                Event(
                    number: state.last, unixMilliseconds: now, kind: kind, subject: subject, message: message,
                    revision: revision))
            // A quarter at once, so that most calls move nothing.
            if state.events.count > Self.eventsMax + Self.eventsMax / 4 {
                state.events.removeFirst(state.events.count - Self.eventsMax)
            }
            for waker in state.wakers.values { waker.yield() }
        }
    }

    /// What happened after a place, as far as it is remembered.
    public func read(after place: Place) -> Reading {
        state.withLock { state in
            // A place ahead of the log is none.
            let asked = place.number > state.last ? 0 : place.number
            let first = max(asked, state.last - UInt64(state.events.count))
            return Reading(
                events: Array(state.events.suffix(Int(state.last - first))), isGap: first != place.number,
                start: Place(number: first), end: Place(number: state.last))
        }
    }

    /// Says that there may be something to read: once for any number of new events. Ends with the task that iterates.
    public func news() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let id = UUID()
        state.withLock { $0.wakers[id] = continuation }
        continuation.onTermination = { [weak self] _ in
            // The stream is ended by the reader, so nobody holds the lock here.
            self?.state.withLock { $0.wakers[id] = nil }
        }
        return stream
    }
}
