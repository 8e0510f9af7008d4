import ConsistentHashing
import SeededGenerator
import Testing

@Suite struct TableChangeTests {
    @Test("a change counts the slots that move, those that had to, and each target's share")
    func example() {
        let before = NamedTable(identities: [[1], [2]], slots: [0, 0, 1, 1])
        // [1] loses a slot to [3], and exchanges one with [2].
        let after = NamedTable(identities: [[3], [2], [1]], slots: [0, 1, 2, 1])

        let change = TableChange(from: before, to: after)

        #expect(change.moved == 0.75)
        #expect(change.needed == 0.25)
        #expect(change.targets.map(\.identity) == [[1], [2], [3]])
        #expect(change.targets.map(\.before) == [0.5, 0.5, 0])
        #expect(change.targets.map(\.after) == [0.25, 0.5, 0.25])
    }

    @Test("tables of two sizes are compared by the hashes that fall into their slots")
    func twoSizes() {
        for var random in RandomCase.thousand {
            let small = CanonicalTable(targets: random.targets, size: .slots251)
            let large = CanonicalTable(targets: random.targets.changed(using: &random.generator), size: .slots1021)
            if small.slots.isEmpty || large.slots.isEmpty { continue }
            let change = TableChange(from: small.named, to: large.named)

            let (left, right) = (small.owners(of: small.slots), large.owners(of: large.slots))
            let hashes = (0..<2_000).map { _ in UInt64(UInt32.random(in: 0 ... .max, using: &random.generator)) }
            let moved = hashes.count { left[Int(($0 * 251) >> 32)] != right[Int(($0 * 1021) >> 32)] }
            // Five standard deviations.
            #expect(abs(Double(moved) / 2_000 - change.moved) < 0.056, random.label)
            #expect(change.needed <= change.moved, random.label)
        }
    }

    @Test("a table without slots belongs to nobody")
    func nobody() {
        let empty = NamedTable(identities: [], slots: [])
        let table = NamedTable(identities: [[1]], slots: [0, 0])
        #expect(TableChange(from: empty, to: empty).moved == 0)
        let first = TableChange(from: empty, to: table)
        #expect(first.moved == 1 && first.needed == 1)
        #expect(first.targets.map(\.before) == [0])
        #expect(first.targets.map(\.after) == [1])
        let last = TableChange(from: table, to: empty)
        #expect(last.moved == 1 && last.needed == 1)
    }

    @Test("no change moves less than it needs to, and shares add up")
    func bounds() {
        for var random in RandomCase.thousand {
            let before = random.table
            let after = CanonicalTable(targets: random.targets.changed(using: &random.generator), size: random.size)
            let change = TableChange(from: before.named, to: after.named)
            #expect((0...1).contains(change.moved) && change.needed <= change.moved, random.label)
            if before.slots.isEmpty || after.slots.isEmpty { continue }
            #expect(abs(change.targets.reduce(0) { $0 + $1.before } - 1) < 1e-9, random.label)
            #expect(abs(change.targets.reduce(0) { $0 + $1.after } - 1) < 1e-9, random.label)
        }
    }
}

@Suite struct NamedTableTests {
    @Test("tables are equal when the same identities own the same slots")
    func equality() {
        let table = NamedTable(identities: [[1], [2]], slots: [0, 0, 1])
        #expect(table == NamedTable(identities: [[2], [9], [1]], slots: [2, 2, 0]))
        #expect(table != NamedTable(identities: [[1], [2]], slots: [0, 1, 1]))
        #expect(table != NamedTable(identities: [[1], [3]], slots: [0, 0, 1]))
        #expect(table.identities == [[1], [2]])
    }

    @Test("digests are equal for equal tables, in whatever order their targets are")
    func digestIgnoresOrder() {
        for var random in RandomCase.thousand {
            let shuffled = CanonicalTable(targets: random.targets.shuffled(using: &random.generator), size: random.size)
            #expect(random.table.named.digest == shuffled.named.digest, random.label)
        }
    }

    @Test("a slot with another owner changes the digest, and so does an owner with another name")
    func digestDiffers() {
        for var random in RandomCase.thousand {
            let table = random.table
            guard var slots = Optional(table.slots), let slot = slots.indices.randomElement(using: &random.generator)
            else { continue }
            let other = UInt16.random(in: 0..<UInt16(table.targets.count), using: &random.generator)
            if slots[slot] != other {
                slots[slot] = other
                #expect(table.named(slots).digest != table.named.digest, random.label)
            }
            var identities = table.targets.map(\.identity)
            identities[Int(table.slots[0])].append(0)
            #expect(NamedTable(identities: identities, slots: table.slots).digest != table.named.digest, random.label)
        }
    }
}
