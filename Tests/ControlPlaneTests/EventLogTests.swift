import ControlPlane
import Testing

@Suite("event log")
struct EventLogTests {
    private func log(_ count: Int) -> EventLog {
        let log = EventLog()
        for number in 0..<count { log.append(.installed, "tables", "\(number + 1)", revision: UInt64(number + 1)) }
        return log
    }

    @Test("a reader finds what came after its place, and nothing twice")
    func read() {
        let log = log(3)
        let first = log.read(after: .init(number: 1))
        #expect(first.events.map(\.message) == ["2", "3"] && !first.isGap)
        #expect(log.read(after: first.end).events.isEmpty)
        log.append(.installed, "tables", "4", revision: 4)
        #expect(log.read(after: first.end).events.map(\.message) == ["4"])
    }

    @Test("a reader behind what is remembered is told so, and goes on with the oldest")
    func gap() {
        let log = log(3 * EventLog.eventsMax)
        let reading = log.read(after: .init(number: 1))
        #expect(reading.isGap)
        #expect(reading.events.count >= EventLog.eventsMax && reading.events.count < 2 * EventLog.eventsMax)
        #expect(reading.start.number + 1 == reading.events.first?.number)
        #expect(reading.end == log.end)
        #expect(!log.read(after: reading.start).isGap)
    }

    @Test("a place ahead of the log is none")
    func ahead() {
        let reading = log(2).read(after: .init(number: 99))
        #expect(reading.isGap && reading.events.count == 2)
    }

    @Test("news wakes a reader that waits, once for any number of events")
    func news() async {
        let log = log(0)
        var news = log.news().makeAsyncIterator()
        for number in 0..<100 { log.append(.installed, "tables", "\(number)", revision: 1) }
        await news.next()
        #expect(log.read(after: .init(number: 0)).events.count == 100)
        async let next: Void? = news.next()
        log.append(.installed, "tables", "last", revision: 1)
        #expect(await next != nil)
    }
}
