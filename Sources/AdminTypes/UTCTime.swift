/// Times as the public API writes them.
enum UTCTime {
    /// `2026-11-23T12:00:00Z` (RFC 3339); empty for what has no time yet.
    ///
    /// - Parameter unixSeconds: Of the years 0 to 9999.
    static func text(_ unixSeconds: Int64?) -> String {
        guard let unixSeconds else { return "" }
        let days = (Double(unixSeconds) / 86_400).rounded(.down)
        let seconds = unixSeconds - Int64(days) * 86_400
        let date = date(Int64(days))
        let clock = [seconds / 3600, seconds / 60 % 60, seconds % 60].map { digits($0, 2) }.joined(separator: ":")
        return "\(digits(date.year, 4))-\(digits(date.month, 2))-\(digits(date.day, 2))T\(clock)Z"
    }

    /// What `unixSeconds` reads, for people.
    static let rule = "a time in UTC from 1970 on, as in 2026-11-23T12:00:00Z"

    /// Reads what `text` writes, from 1970 on; `nil` for every other spelling and for moments that no calendar has.
    static func unixSeconds(_ text: String) -> Int64? {
        let numbers = text.utf8.split { !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard numbers.map(\.count) == [4, 2, 2, 2, 2, 2] else { return nil }
        let parts = numbers.compactMap { Int64(Substring($0)) }
        // Years counted from 1 March put the leap day last; 1970-01-01 is day 719,468 of that count.
        let year = parts[1] > 2 ? parts[0] : parts[0] - 1
        let dayOfYear = (153 * ((parts[1] + 9) % 12) + 2) / 5 + parts[2] - 1
        let days = 365 * year + year / 4 - year / 100 + year / 400 + dayOfYear - 719_468
        let seconds = days * 86_400 + parts[3] * 3600 + parts[4] * 60 + parts[5]
        return seconds >= 0 && self.text(seconds) == text ? seconds : nil
    }

    /// The Gregorian date of a day since 1970, by eras of 400 years that begin on the first of March, so that the leap
    /// day is the last of its year.
    private static func date(_ day: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = day + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }

    private static func digits(_ number: Int64, _ count: Int) -> String {
        let text = "\(number)"
        return String(repeating: "0", count: max(0, count - text.count)) + text
    }
}
