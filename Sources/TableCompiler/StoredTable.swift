// A canonical table as bytes, which are for the store and the same on every machine:
//
//     1 byte        form, 1
//     varint        number of targets; of each
//       varint        length of its identity
//       bytes         identity
//       1 byte        weight
//     varint        number of slots
//     1 or 2 bytes  of each slot: the index of its owner, low byte first; 1 for up to 256 targets
//     1 byte        form of the draws
//       0             all are 0, and no byte follows
//       1             runs: 1 byte for the draw, a varint for how many slots in a row have it
//       2             1 byte of each slot
//     8 bytes       FNV-1a of all before, low byte first
//
// A varint is LEB128, up to 28 bits. 131,071 slots of 1,000 targets are 262 KB, 20 KB of targets, and what the draws
// need: nothing before targets have left, a few KB for some that did, 131 KB at most.

package import ConsistentHashing

extension CanonicalTable {
    /// - Complexity: A step for each slot and byte.
    package var bytes: [UInt8] {
        let width = ownerWidth(targetCount: targets.count)
        var bytes: [UInt8] = [formNumber]
        bytes.reserveCapacity(32 + targets.count * 24 + slots.count * width)
        bytes.append(varint: targets.count)
        for target in targets {
            bytes.append(varint: target.identity.count)
            bytes += target.identity
            bytes.append(UInt8(target.weight))
        }
        bytes.append(varint: slots.count)
        for owner in slots {
            bytes.append(UInt8(truncatingIfNeeded: owner))
            if width == 2 { bytes.append(UInt8(truncatingIfNeeded: owner >> 8)) }
        }
        bytes.append(draws: draws)
        let sum = fnv1a(bytes[...])
        for shift in stride(from: 0, to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: sum >> UInt64(shift))) }
        return bytes
    }

    /// - Returns: `nil` for what `bytes` never gave. The sum finds damage; what was forged as well is a table, too, and
    ///   none that a repair would trap on.
    /// - Complexity: A step for each byte and slot.
    package init?(bytes: [UInt8]) {
        guard bytes.count > sumLength else { return nil }
        let content = bytes.dropLast(sumLength)
        guard fnv1a(content) == bytes[content.endIndex...].reversed().reduce(0, { $0 << 8 | UInt64($1) }) else {
            return nil
        }
        var reader = Reader(rest: content)
        guard reader.byte() == formNumber, let targets = reader.targets(),
            let slots = reader.slots(targetCount: targets.count), let draws = reader.draws(slotCount: slots.count),
            reader.rest.isEmpty
        else { return nil }
        self.init(targets: targets, slots: slots, draws: draws)
    }
}

private let formNumber: UInt8 = 1
private let sumLength = 8

private enum DrawForm: UInt8 { case zeros, runs, plain }

private func ownerWidth(targetCount: Int) -> Int { targetCount <= 256 ? 1 : 2 }

/// FNV-1a with 64 bits (Fowler, Noll, Vo; RFC 9923). Each step is a bijection, so that one damaged byte always shows.
private func fnv1a(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return hash
}

extension [UInt8] {
    fileprivate mutating func append(varint number: Int) {
        var number = number
        while number > 0x7f {
            append(UInt8(truncatingIfNeeded: number) | 0x80)
            number >>= 7
        }
        append(UInt8(number))
    }

    fileprivate mutating func append(draws: [UInt8]) {
        if draws.allSatisfy({ $0 == 0 }) {
            append(DrawForm.zeros.rawValue)
            return
        }
        let start = count
        append(DrawForm.runs.rawValue)
        var rest = draws[...]
        while let draw = rest.first {
            let end = rest.firstIndex { $0 != draw } ?? rest.endIndex
            append(draw)
            append(varint: end - rest.startIndex)
            rest = rest[end...]
        }
        if count - start <= draws.count { return }
        removeSubrange(start...)
        append(DrawForm.plain.rawValue)
        self += draws
    }
}

/// Takes a table from bytes of which nothing is known; each step gives `nil` where they cannot be meant.
private struct Reader {
    private(set) var rest: ArraySlice<UInt8>

    mutating func byte() -> UInt8? { rest.popFirst() }

    mutating func targets() -> [WeightedTarget]? {
        guard let count = varint(), count <= UInt16.max else { return nil }
        var targets: [WeightedTarget] = []
        var identities: Set<[UInt8]> = []
        for _ in 0..<count {
            guard let length = varint(), let identity = bytes(length), let weight = byte(), weight <= 100,
                identities.insert(Array(identity)).inserted
            else { return nil }
            targets.append(WeightedTarget(identity: Array(identity), weight: Int(weight)))
        }
        return targets
    }

    mutating func slots(targetCount: Int) -> [UInt16]? {
        let width = ownerWidth(targetCount: targetCount)
        guard let count = varint(), let owners = bytes(count * width) else { return nil }
        if width == 1 { return owners.map { UInt16($0) } }
        return stride(from: owners.startIndex, to: owners.endIndex, by: 2).map {
            UInt16(owners[$0]) | UInt16(owners[$0 + 1]) << 8
        }
    }

    mutating func draws(slotCount: Int) -> [UInt8]? {
        switch byte().flatMap(DrawForm.init(rawValue:)) {
        case nil: return nil
        case .zeros: return [UInt8](repeating: 0, count: slotCount)
        case .plain: return bytes(slotCount).map { Array($0) }
        case .runs:
            var draws: [UInt8] = []
            draws.reserveCapacity(slotCount)
            while draws.count < slotCount {
                guard let draw = byte(), let length = varint(), length > 0, length <= slotCount - draws.count else {
                    return nil
                }
                draws += repeatElement(draw, count: length)
            }
            return draws
        }
    }

    private mutating func bytes(_ count: Int) -> ArraySlice<UInt8>? {
        guard count <= rest.count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    private mutating func varint() -> Int? {
        var number = 0
        for shift in stride(from: 0, to: 28, by: 7) {
            guard let byte = byte() else { return nil }
            number |= Int(byte & 0x7f) << shift
            if byte < 0x80 { return number }
        }
        return nil
    }
}
