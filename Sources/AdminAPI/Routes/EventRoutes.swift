internal import AdminTypes
internal import Authentication
internal import ControlPlane
internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import ServiceLifecycle

extension Endpoint {
    static let events: [Endpoint] = [Endpoint(.watchEvents, .get, "/v1/events", AdminAPI.watchEvents)]
}

extension HTTPField.Name {
    fileprivate static let lastEventID = HTTPField.Name("Last-Event-ID")!
}

extension AdminAPI {
    /// Between two signs of life, so that both ends notice when the other is gone.
    private static let heartbeat: Duration = .seconds(15)

    /// Events as they happen, and first those since `Last-Event-ID` (HTML Standard, section 9.2).
    func watchEvents(_ call: Call) async throws -> Reply {
        let log = controller.events
        // News is asked for before the place is taken: nothing falls in between.
        let news = log.news()
        let last = call.headers[.lastEventID].map { EventID($0) }
        let start =
            if let last, let last, last.log == log.startedAt { EventLog.Place(number: last.number) } else { log.end }
        // An id of another log, say of the daemon before a restart, leads nowhere.
        let isLost = last.map { $0?.log != log.startedAt } ?? false
        let body = ResponseBody { writer in
            // The head of the answer goes out with this, before anything happens.
            try await writer.write(ByteBuffer(string: isLost ? Self.reset(to: start, in: log) : ": shoald\n\n"))
            try await Self.write(log, after: start, news: news, to: &writer)
            try await writer.finish(nil)
        }
        return .response(
            Response(
                status: .ok, headers: [.contentType: "text/event-stream", .cacheControl: "no-store"], body: body))
    }

    private static func write(
        _ log: EventLog, after start: EventLog.Place, news: AsyncStream<Void>, to writer: inout any ResponseBodyWriter
    ) async throws {
        var place = start
        for await _ in ticking(news, every: heartbeat).cancelOnGracefulShutdown() {
            let reading = log.read(after: place)
            if reading.isGap { try await writer.write(ByteBuffer(string: reset(to: reading.start, in: log))) }
            for event in reading.events { try await writer.write(ByteBuffer(string: try text(event, in: log))) }
            if reading.events.isEmpty { try await writer.write(ByteBuffer(string: ": alive\n\n")) }
            place = reading.end
        }
    }

    /// Tells a client to read everything anew, since it missed something.
    private static func reset(to place: EventLog.Place, in log: EventLog) -> String {
        "id: \(EventID(log: log.startedAt, number: place.number))\nevent: reset\ndata: {}\n\n"
    }

    private static func text(_ event: Event, in log: EventLog) throws -> String {
        let answer = EventAnswer(
            unixMilliseconds: event.unixMilliseconds, kind: event.kind.rawValue, subject: event.subject,
            message: event.message, revision: event.revision)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let data = String(decoding: try encoder.encode(answer), as: UTF8.self)
        let id = EventID(log: log.startedAt, number: event.number)
        return "id: \(id)\nevent: \(event.kind.rawValue)\ndata: \(data)\n\n"
    }

    /// The news, and one more at the start and whenever nothing was new for a while.
    private static func ticking(_ news: AsyncStream<Void>, every period: Duration) -> AsyncStream<Void> {
        AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
            continuation.yield()
            let forwarding = Task {
                for await _ in news { continuation.yield() }
                continuation.finish()
            }
            let ticking = Task {
                while (try? await Task.sleep(for: period)) != nil { continuation.yield() }
            }
            continuation.onTermination = { _ in
                forwarding.cancel()
                ticking.cancel()
            }
        }
    }
}

/// `LOG-NUMBER`: an event and the log that it stands in, which is another one after a restart.
private struct EventID: CustomStringConvertible {
    let log: Int64
    let number: UInt64

    init(log: Int64, number: UInt64) {
        self.log = log
        self.number = number
    }

    init?(_ text: String) {
        let parts = text.split(separator: "-")
        guard parts.count == 2, let log = Int64(parts[0]), let number = UInt64(parts[1]) else { return nil }
        self.init(log: log, number: number)
    }

    var description: String { "\(log)-\(number)" }
}
