import Foundation
import HealthChecking
import ServiceModel
import Testing

@Suite struct HealthRecordTests {
    @Test("the time of a record is that of its last change of health")
    func since() throws {
        var ledger = HealthLedger()
        ledger.update([.sample(1)], restoring: [:], at: 100)
        #expect(ledger.snapshot.records[.sample(1)]?.sinceUnixSeconds == 100)
        #expect(ledger.receive(.success, of: .sample(1), at: 105)?.to == .healthy)
        #expect(ledger.receive(.success, of: .sample(1), at: 110) == nil)
        #expect(ledger.snapshot.records[.sample(1)]?.sinceUnixSeconds == 105)
    }

    @Test("a record tells why the latest probe said nothing, until one does")
    func obstacle() {
        var ledger = HealthLedger()
        ledger.update([.sample(1)], restoring: [:], at: 0)
        _ = ledger.receive(.inconclusive("Too many open files"), of: .sample(1), at: 1)
        #expect(ledger.snapshot.records[.sample(1)]?.obstacle == "Too many open files")
        _ = ledger.receive(.refused, of: .sample(1), at: 2)
        #expect(ledger.snapshot.records[.sample(1)]?.obstacle == nil)
        #expect(ledger.snapshot.records[.sample(1)]?.lastFailure?.kind == .connectRefused)
    }

    @Test("a check that is still there keeps its record, whatever else of it changed")
    func kept() {
        var ledger = HealthLedger()
        ledger.update([.sample(1), .sample(2)], restoring: [:], at: 0)
        _ = ledger.receive(.success, of: .sample(1), at: 1)
        _ = ledger.receive(.refused, of: .sample(1), at: 2)

        let changed = Check.sample(1, endpoint: .sample(9), timeout: .seconds(60), unhealthyThreshold: 5)
        ledger.update([changed, .sample(3)], restoring: [:], at: 3)

        let record = ledger.snapshot.records[.sample(1)]
        #expect(record?.health == .healthy)
        #expect(record?.tracker.failures == 1)
        #expect(record?.tracker.unhealthyThreshold == 5)
        #expect(record?.sinceUnixSeconds == 1)
        #expect(Set(ledger.snapshot.records.keys) == [.sample(1), .sample(3)])
        #expect(ledger.receive(.success, of: .sample(2), at: 4) == nil)
    }

    @Test("a restored record counts for a check that is new, and takes its thresholds")
    func restored() {
        let stored = HealthRecord.unhealthy(unhealthyThreshold: 1, sinceUnixSeconds: 50)
        var ledger = HealthLedger()
        ledger.update([.sample(1)], restoring: [.sample(1): stored, .sample(2): stored], at: 100)
        #expect(ledger.snapshot.records.keys.map(\.description) == [TargetKey.sample(1).description])
        #expect(ledger.snapshot.records[.sample(1)]?.health == .unhealthy)
        #expect(ledger.snapshot.records[.sample(1)]?.sinceUnixSeconds == 50)
        #expect(ledger.snapshot.records[.sample(1)]?.tracker.unhealthyThreshold == Check.sample(1).unhealthyThreshold)

        _ = ledger.receive(.success, of: .sample(1), at: 101)
        ledger.update([.sample(1)], restoring: [.sample(1): stored], at: 102)
        #expect(ledger.snapshot.records[.sample(1)]?.tracker.successes == 1)
    }

    @Test("the healthy targets are those of which the record says so, through results and updates")
    func healthy() {
        var ledger = HealthLedger()
        var good = HealthTracker(unhealthyThreshold: 2, healthyThreshold: 2)
        _ = good.receive(.success)
        let stored = HealthRecord(tracker: good, sinceUnixSeconds: 1)
        ledger.update([.sample(1), .sample(2), .sample(3)], restoring: [.sample(3): stored], at: 0)
        #expect(ledger.snapshot.healthy == [.sample(3)])
        for number in 1...2 { _ = ledger.receive(.success, of: .sample(number), at: 1) }
        #expect(ledger.snapshot.healthy == [.sample(1), .sample(2), .sample(3)])
        for _ in 0..<2 { _ = ledger.receive(.refused, of: .sample(1), at: 2) }
        #expect(ledger.snapshot.healthy == [.sample(2), .sample(3)])
        ledger.update([.sample(1), .sample(2, unhealthyThreshold: 5)], restoring: [:], at: 3)
        #expect(ledger.snapshot.healthy == [.sample(2)])
        for _ in 0..<2 { _ = ledger.receive(.success, of: .sample(1), at: 4) }
        #expect(ledger.snapshot.healthy == [.sample(1), .sample(2)])
    }

    @Test("a record reads back as it was written")
    func codable() throws {
        var record = HealthRecord.unhealthy(unhealthyThreshold: 3, sinceUnixSeconds: 1_770_000_000)
        var tracker = record.tracker
        _ = tracker.receive(.success)
        record = HealthRecord(tracker: tracker, sinceUnixSeconds: 1_770_000_000)
        #expect(try JSONDecoder().decode(HealthRecord.self, from: JSONEncoder().encode(record)) == record)
    }

    @Test("a tracker with a health that no probe leads to does not decode")
    func impossibleHealth() throws {
        let tracker = HealthTracker(unhealthyThreshold: 1, healthyThreshold: 1)
        let text = String(decoding: try JSONEncoder().encode(tracker), as: UTF8.self)
        let wrong = text.replacingOccurrences(of: "\"initial\"", with: "\"N/A\"")
        #expect(wrong != text)
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(HealthTracker.self, from: Data(wrong.utf8))
        }
    }
}

extension HealthRecord {
    static func unhealthy(unhealthyThreshold: Int, sinceUnixSeconds: Int64) -> HealthRecord {
        var tracker = HealthTracker(unhealthyThreshold: unhealthyThreshold, healthyThreshold: 3)
        for _ in 0..<unhealthyThreshold { _ = tracker.receive(.refused) }
        return HealthRecord(tracker: tracker, sinceUnixSeconds: sinceUnixSeconds)
    }
}
