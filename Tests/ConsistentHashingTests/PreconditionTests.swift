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
}
