package import ServiceModel

/// When each check is probed, and how many probes there are at once. Pure: the caller tells the time.
///
/// First probes are spread by a hash of the check's id, so that many checks make no burst. From then on a check keeps
/// its beat: a probe is due one interval after the previous one was due, and a late one does not shift those behind it.
/// A probe that takes longer than the interval is followed by the next at once.
package struct ProbeSchedule {
    package typealias Instant = SuspendingClock.Instant

    /// Probes at once. Each has a file descriptor, and the usual limit of a process is 1,024; with a timeout of 2 s
    /// this still allows 256 silent targets a second. What is due beyond that waits its turn, oldest first.
    package static let inFlightMax = 512
    /// Fewer new checks than this make no burst worth spreading, and start within `promptWindow`.
    package static let promptMax = 100
    package static let promptWindow = Duration.seconds(1)

    /// A probe to be made.
    package struct Probe: Sendable {
        /// Never used twice.
        package let number: UInt64
        package let check: Check
    }

    private struct Entry {
        var check: Check
        /// When the next probe is due, or the one that is under way was.
        var due: Instant
        var underWay: (number: UInt64, started: Instant)?
    }

    private let inFlightMax: Int
    private var entries: [TargetKey: Entry] = [:]
    /// The checks that have no probe under way.
    private var queue = DueQueue()
    /// By number; abandoned probes stay until they end, for they still hold a file descriptor.
    private var inFlight: [UInt64: TargetKey] = [:]
    private var lastNumber: UInt64 = 0

    package init(inFlightMax: Int = Self.inFlightMax) {
        self.inFlightMax = inFlightMax
    }

    /// When the next probe can start; `nil` as long as there is none or no room for it.
    package var nextStart: Instant? { inFlight.count < inFlightMax ? queue.first : nil }

    /// Makes `checks` the ones to probe. One that is probed as before notices nothing; one that has changed is due
    /// as soon as a new one would be, or earlier if it was. Of two checks with one id the first counts.
    ///
    /// - Returns: The numbers of the probes under way whose outcome no longer matters.
    package mutating func update(_ checks: [Check], at now: Instant) -> [UInt64] {
        var wanted = Set<TargetKey>(minimumCapacity: checks.count)
        var changed: [(check: Check, old: Entry?)] = []
        for check in checks where wanted.insert(check.id).inserted {
            let old = entries[check.id]
            if let old, old.check.probesLike(check) {
                if old.check != check { entries[check.id]?.check = check }
            } else {
                changed.append((check, old))
            }
        }
        let staying = wanted.count - changed.count { $0.old == nil }
        // Mostly all stay, and then nobody needs to be looked for.
        let gone = staying == entries.count ? [] : entries.values.filter { !wanted.contains($0.check.id) }

        for entry in gone { entries[entry.check.id] = nil }
        let isBurst = changed.count >= Self.promptMax
        let news = changed.map { check, old in
            Entry(check: check, due: firstDue(of: check, after: old, isBurst: isBurst, at: now))
        }
        for entry in news { entries[entry.check.id] = entry }
        let former = gone + changed.compactMap(\.old)
        queue.update(removing: Set(former.map(\.check.id)), adding: news.map { ($0.due, $0.check.id) })
        return former.compactMap { $0.underWay?.number }
    }

    private func firstDue(of check: Check, after old: Entry?, isBurst: Bool, at now: Instant) -> Instant {
        let window = isBurst ? check.interval : min(check.interval, Self.promptWindow)
        let soon = now + window * check.id.fraction
        guard let old else { return soon }
        return min(old.underWay == nil ? old.due : old.due + check.interval, soon)
    }

    /// Takes what is due and has room. Each probe must end in a call of `finish`.
    package mutating func start(at now: Instant) -> [Probe] {
        var probes: [Probe] = []
        while let due = nextStart, due <= now {
            let id = queue.removeFirst()
            lastNumber += 1
            inFlight[lastNumber] = id
            entries[id]!.underWay = (lastNumber, now)
            probes.append(Probe(number: lastNumber, check: entries[id]!.check))
        }
        return probes
    }

    /// - Returns: The check that the outcome belongs to; `nil` when it no longer matters.
    package mutating func finish(_ number: UInt64, at now: Instant) -> TargetKey? {
        guard let id = inFlight.removeValue(forKey: number), var entry = entries[id],
            let underWay = entry.underWay, underWay.number == number
        else { return nil }
        // Beats missed are skipped, not caught up with: failures in a row shall be about an interval apart, and
        // checks that were late together shall not stay together.
        let missed = ((underWay.started - entry.due) / entry.check.interval).rounded()
        entry.due = max(entry.due + entry.check.interval * (1 + Int(missed)), now)
        entry.underWay = nil
        entries[id] = entry
        queue.insert((entry.due, id))
        return id
    }
}

extension TargetKey {
    /// A number in 0..<1 that depends on nothing but the text of the key.
    fileprivate var fraction: Double {
        // FNV-1a, whose upper bits need the mixing at the end (that of MurmurHash3) when ids differ in few letters.
        var hash = description.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        hash = (hash ^ hash >> 33) &* 0xff51_afd7_ed55_8ccd
        hash = (hash ^ hash >> 33) &* 0xc4ce_b9fe_1a85_ec53
        hash ^= hash >> 33
        return Double(hash >> 11) / Double(1 << 53 as UInt64)
    }
}
