/// A moment by the wall clock, in whole seconds since 1970-01-01 00:00:00 UTC.
///
/// Signatures name the moment they were made, so this is the clock that clients and the daemon share.
public struct UnixTime: Sendable, Hashable {
    public let seconds: Int64

    public init(seconds: Int64) { self.seconds = seconds }

    /// Reads the form that signed requests carry, `20261123T113849Z`; `nil` for every other spelling and for moments
    /// that no calendar has.
    public init?(basicFormat text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 16, bytes[8] == UInt8(ascii: "T"), bytes[15] == UInt8(ascii: "Z"),
            let year = decimal(bytes[0..<4]), let month = decimal(bytes[4..<6]), let day = decimal(bytes[6..<8]),
            let hour = decimal(bytes[9..<11]), let minute = decimal(bytes[11..<13]),
            let second = decimal(bytes[13..<15]), (1...12).contains(month),
            (1...daysOf(month: month, year: year)).contains(day), hour < 24, minute < 60, second < 60
        else { return nil }
        seconds = days(year: year, month: month, day: day) * 86400 + hour * 3600 + minute * 60 + second
    }

    package static func + (time: Self, seconds: Int64) -> Self { Self(seconds: time.seconds + seconds) }
    package static func - (time: Self, seconds: Int64) -> Self { Self(seconds: time.seconds - seconds) }
}

extension UnixTime: Comparable {
    public static func < (left: Self, right: Self) -> Bool { left.seconds < right.seconds }
}

private func decimal(_ digits: ArraySlice<UInt8>) -> Int64? {
    digits.reduce(0) { (number: Int64?, digit) in
        guard let number, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
        return number * 10 + Int64(digit - UInt8(ascii: "0"))
    }
}

private func daysOf(month: Int64, year: Int64) -> Int64 {
    if month == 2 { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28 }
    return [4, 6, 9, 11].contains(month) ? 30 : 31
}

/// Days from 1970-01-01 to that day of the Gregorian calendar.
private func days(year: Int64, month: Int64, day: Int64) -> Int64 {
    // Years counted from 1 March put the leap day last; 1970-01-01 is day 719,468 of that count.
    let marchYear = month > 2 ? year : year - 1
    let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
    return 365 * marchYear + marchYear / 4 - marchYear / 100 + marchYear / 400 + dayOfYear - 719_468
}
