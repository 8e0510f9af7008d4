import ConsistentHashing
import Testing

/// Mistakes of a caller that end the process instead of giving a table that nobody asked for.
@Suite struct PreconditionTests {
    @Test("a weight outside 0...100 is refused")
    func weightRange() async {
        await #expect(processExitsWith: .failure) { _ = WeightedTarget(identity: [1], weight: -1) }
        await #expect(processExitsWith: .failure) { _ = WeightedTarget(identity: [1], weight: 101) }
    }

    @Test("an identity occurs once, also among targets of weight 0")
    func uniqueIdentities() async {
        await #expect(processExitsWith: .failure) {
            _ = CanonicalTable(targets: [
                WeightedTarget(identity: [1], weight: 1), WeightedTarget(identity: [2], weight: 1),
                WeightedTarget(identity: [1], weight: 0),
            ])
        }
    }

    @Test("a table has at most 65,535 targets")
    func tooManyTargets() async {
        await #expect(processExitsWith: .failure) {
            let identities = (0..<65_536).map { [UInt8($0 / 256), UInt8($0 % 256)] }
            _ = CanonicalTable(targets: identities.map { WeightedTarget(identity: $0, weight: 1) })
        }
    }

    @Test("a table has a slot for each target that needs one")
    func tooFewSlots() async {
        await #expect(processExitsWith: .failure) {
            _ = CanonicalTable.quotas(weights: [Int](repeating: 1, count: 252), size: .slots251)
        }
    }

    @Test("a quota needs a weight of at least 0")
    func negativeWeight() async {
        await #expect(processExitsWith: .failure) { _ = CanonicalTable.quotas(weights: [1, -1], size: .slots251) }
    }

    @Test("an overlay knows of every target whether it takes")
    func missingTakers() async {
        await #expect(processExitsWith: .failure) {
            _ = CanonicalTable(targets: [WeightedTarget(identity: [1], weight: 1)]).overlaid(takers: [])
        }
    }

    @Test("an overlay knows of every target how much it takes, and of a table before whose repair it is")
    func portions() async {
        await #expect(processExitsWith: .failure) {
            _ = CanonicalTable(targets: [WeightedTarget(identity: [1], weight: 1)]).overlaid(portions: [])
        }
        await #expect(processExitsWith: .failure) {
            let targets = [WeightedTarget(identity: [1], weight: 1)]
            let other = CanonicalTable(targets: targets, size: .slots1021)
            _ = CanonicalTable(targets: targets, size: .slots251).overlaid(portions: [.all], before: other)
        }
    }

    @Test("a step of a slow start is one of its steps")
    func steps() async {
        await #expect(processExitsWith: .failure) { _ = Portion(step: 1, of: 0) }
        await #expect(processExitsWith: .failure) { _ = Portion(step: 3, of: 2) }
        await #expect(processExitsWith: .failure) { _ = Portion(step: -1, of: 2) }
    }

    @Test("a name belongs to one owner of a table")
    func uniqueNames() async {
        await #expect(processExitsWith: .failure) { _ = NamedTable(identities: [[1], [1]], slots: [0, 1]) }
    }

    @Test("every slot of a forwarding table has a previous owner or none")
    func missingPrevious() async {
        await #expect(processExitsWith: .failure) { _ = ForwardingTable(owners: [1, 2], previous: [nil]) }
    }
}
