import Authentication
import Testing

@Suite("Dates of signatures")
struct UnixTimeTests {
    @Test(
        "seconds since 1970, leap days included",
        arguments: [
            ("19700101T000000Z", 0), ("20000229T235959Z", 951_868_799), ("20000301T000000Z", 951_868_800),
            ("20261123T113849Z", 1_795_433_929), ("20280229T120000Z", 1_835_438_400),
            ("21000301T000000Z", 4_107_542_400), ("19691231T235959Z", -1),
        ] as [(String, Int64)])
    func seconds(text: String, seconds: Int64) {
        #expect(UnixTime(basicFormat: text)?.seconds == seconds)
    }

    @Test("days follow each other for two hundred years")
    func days() {
        var expected: Int64 = 0
        for year in 1970...2170 {
            for month in 1...12 {
                for day in 1...31 {
                    let text = "\(year)\(month < 10 ? "0" : "")\(month)\(day < 10 ? "0" : "")\(day)T000000Z"
                    guard let time = UnixTime(basicFormat: text) else { continue }
                    #expect(time.seconds == expected)
                    expected += 86_400
                }
            }
        }
        // date -ud 2171-01-01 +%s
        #expect(expected == 6_342_969_600)
    }

    @Test(
        "other spellings and impossible moments are refused",
        arguments: [
            "", "20261123T113849", "20261123T113849z", "20261123 113849Z", "2026-11-23T11:38Z", "20261323T000000Z",
            "20260023T000000Z", "20260230T000000Z", "20270229T000000Z", "21000229T000000Z", "20260431T000000Z",
            "20261100T000000Z", "20261123T240000Z", "20261123T116000Z", "20261123T113860Z", "+0261123T113849Z",
            "２0261123T11384Z", "20261123T113849ZZ",
        ])
    func refused(text: String) {
        #expect(UnixTime(basicFormat: text) == nil)
    }
}
