import ConsistentHashing
import Foundation
import SeededGenerator
import Testing

/// What each event moves: against what has to move, what a table built anew would move, and what was measured on
/// re-implementations of others' tables. The goals are expectations in every run.
@Suite struct FiguresTests {
    @Test("one of some targets fails and recovers: nothing of the others moves", arguments: [10, 100])
    func failure(count: Int) { _ = figuresOfFailure(count: count) }

    @Test("weights change, targets come and go: exactly the slots move that have to")
    func changes() { _ = figuresOfChanges() }

    @Test("a target that failed is removed: few of its flows move a second time", arguments: [10, 100])
    func removal(count: Int) { _ = figureOfRemoval(count: count) }

    @Test("shares are exact, and fair after failures, in a new table and in one with a history")
    func shares() { _ = figuresOfShares() }

    @Test(
        "all figures as a table",
        .enabled(if: ProcessInfo.processInfo.environment["SHOAL_FIGURES"] != nil, "set SHOAL_FIGURES"))
    func printed() {
        var figures = [10, 100].flatMap(figuresOfFailure) + figuresOfChanges()
        figures += [10, 100].map(figureOfRemoval) + figuresOfShares()
        let rows = figures.map { "| \($0.event) | \($0.needed) | \($0.rebuild) | \($0.others) | \($0.here) |" }
        let head = ["| event | has to move | a rebuild moves | others | here |", "|---|---|---|---|---|"]
        print((head + rows).joined(separator: "\n"))
    }

    private struct Figure {
        let event: String
        let needed: String
        let rebuild: String
        let others: String
        let here: String

        init(_ event: String, needed: String, rebuild: String = "–", others: String = "–", here: String) {
            (self.event, self.needed, self.rebuild, self.others, self.here) = (event, needed, rebuild, others, here)
        }
    }

    private func figuresOfFailure(count: Int) -> [Figure] {
        let targets = equal(count, weight: 100)
        let table = CanonicalTable(targets: targets, size: .slots65537)
        func own(_ target: Int) -> Int { table.slotCounts(in: table.slots)[target] }
        let rebuild = mean { failed in
            let anew = CanonicalTable(targets: targets.without(failed), size: .slots65537)
            return TableChange(from: table.named, to: anew.named).moved - Double(own(failed)) / 65_537
        }
        let here = mean { failed in
            let overlaid = table.overlaid(takers: targets.indices.map { $0 != failed })
            return Double(differences(table.slots, overlaid).count - own(failed)) / 65_537
        }
        #expect(here == 0)
        let recovered = table.overlaid(takers: targets.map { _ in true })
        let difference = Double(differences(table.slots, recovered).count)
        #expect(difference == 0)
        return [
            Figure(
                "one of \(count) targets fails: flows of the others", needed: percent(0), rebuild: percent(rebuild),
                others: count == 10 ? "0.16–0.42 %" : "0.52–0.57 %", here: percent(here)),
            Figure(
                "it recovers: difference from before", needed: percent(0), rebuild: percent(0), others: percent(0),
                here: percent(difference)),
        ]
    }

    private func figuresOfChanges() -> [Figure] {
        let newcomer = WeightedTarget(identity: [1], weight: 100)
        func weight(of count: Int, from old: Int, to new: Int, others: String, goal: Double) -> Figure {
            let before = equal(count, weight: old)
            return figure(
                "one of \(count) targets from weight \(old) to \(new)", from: before,
                size: count == 1_000 ? .slots131071 : .slots65537, others: others, goal: goal
            ) { changed in
                before.indices.map {
                    $0 == changed ? WeightedTarget(identity: before[$0].identity, weight: new) : before[$0]
                }
            }
        }
        let before = equal(100, weight: 100)
        return [
            // Weights end at 100, so 50 to 55 stands for 100 to 110.
            weight(of: 100, from: 100, to: 50, others: "0.90–0.96 %, IPVS 1.04–1.11 %", goal: 0.004_97),
            weight(of: 100, from: 50, to: 55, others: "0.40–0.43 %, IPVS 1.83–1.96 %", goal: 0.000_99),
            weight(of: 1_000, from: 50, to: 55, others: "0.09–0.10 %, IPVS 7.0–7.2 %", goal: 0.000_1),
            figure("one of 100 targets is removed", from: before) { before.without($0) },
            figure("one joins 100 targets", from: before) { _ in before + [newcomer] },
            figure("one of 100 targets is replaced", from: before) { before.without($0) + [newcomer] },
            figure("one joins 5 targets, 251 slots become 1,004", from: equal(5, weight: 10), size: .slots251) { _ in
                equal(6, weight: 10)
            },
        ]
    }

    private func figureOfRemoval(count: Int) -> Figure {
        let targets = equal(count, weight: 100)
        let table = CanonicalTable(targets: targets, size: .slots65537)
        func moved(by change: (_ remaining: [WeightedTarget]) -> CanonicalTable) -> Double {
            mean { failed in
                let overlaid = table.overlaid(takers: targets.indices.map { $0 != failed })
                return TableChange(from: table.named(overlaid), to: change(targets.without(failed)).named).moved
            }
        }
        let here = moved(by: table.repaired)
        #expect(here < 0.2 / Double(count))
        return Figure(
            "one of \(count) targets, failed before, is removed", needed: percent(0),
            rebuild: percent(moved(by: table.rebuilt)), here: percent(here))
    }

    private func figuresOfShares() -> [Figure] {
        let oneToTwo = CanonicalTable(targets: WeightedTarget.list(weights: [1, 2]), size: .slots65537)
        let counts = oneToTwo.slotCounts(in: oneToTwo.slots)
        #expect(counts == [21_846, 43_691])
        let quotas = CanonicalTable.quotas(weights: [2, 13, 111, 10], size: .slots1021)
        #expect(zip(quotas, [15.01, 97.60, 833.32, 75.07]).allSatisfy { abs(Double($0) - $1) < 1 })

        var generator = SeededGenerator(seed: 1)
        let new = CanonicalTable(targets: equal(100, weight: 100), size: .slots65537)
        let old = CanonicalTable.withHistory(steps: 50, using: &generator)
        func shares(in table: CanonicalTable) -> String {
            let counts = table.slotCounts(in: table.overlaid(takers: (0..<100).map { $0 % 10 != 3 }))
            let shares = counts.filter { $0 > 0 }.map { Double($0) / (65_537 / 90.0) }
            #expect(shares.count == 90)
            #expect(shares.allSatisfy { (0.96...1.04).contains($0) })
            return String(format: "%.3f–%.3f", shares.min() ?? 0, shares.max() ?? 0)
        }
        return [
            Figure(
                "weights 1:2 at 65,537 slots", needed: "1:2", others: "katran, Cilium 1:1 by default",
                here: counts.map { "\($0)" }.joined(separator: " : ")),
            Figure(
                "weights 2, 13, 111, 10 at 1,021 slots", needed: "15.01 97.60 833.32 75.07",
                others: "Cilium 16 98 832 75", here: quotas.map { "\($0)" }.joined(separator: " ")),
            Figure("10 of 100 targets fail, share of ideal, new table", needed: "1", here: shares(in: new)),
            Figure("the same after 50 repairs", needed: "1", here: shares(in: old)),
        ]
    }

    /// The means of what ten changes move by repairs, which have to be the least.
    private func figure(
        _ event: String, from before: [WeightedTarget], size: TableSize = .slots65537, others: String = "–",
        goal: Double? = nil, to targets: (_ chosen: Int) -> [WeightedTarget]
    ) -> Figure {
        let table = CanonicalTable(targets: before, size: size)
        let ideal = mean { idealMoves(from: before, to: targets($0)) }
        let rebuild = mean { TableChange(from: table.named, to: table.rebuilt(for: targets($0)).named).moved }
        let here = mean { chosen in
            let change = TableChange(from: table.named, to: table.repaired(for: targets(chosen)).named)
            #expect(change.moved == change.needed, "\(event)")
            return change.moved
        }
        // Rounding to whole slots costs less than one of each target that changes by itself.
        #expect(here < ideal + 2 / Double(size.rawValue), "\(event)")
        if let goal { #expect(here < goal + 0.000_005, "\(event)") }
        return Figure(event, needed: percent(ideal), rebuild: percent(rebuild), others: others, here: percent(here))
    }

    /// The share that moves when slots could be cut as finely as one likes.
    private func idealMoves(from before: [WeightedTarget], to after: [WeightedTarget]) -> Double {
        let sums = [before, after].map { Double($0.reduce(0) { $0 + $1.weight }) }
        let weights = Dictionary(uniqueKeysWithValues: after.map { ($0.identity, Double($0.weight)) })
        return before.reduce(0) {
            $0 + max(0, Double($1.weight) / sums[0] - weights[$1.identity, default: 0] / sums[1])
        }
    }

    /// The mean over ten choices of a target.
    private func mean(_ figure: (_ chosen: Int) -> Double) -> Double { (0..<10).reduce(0) { $0 + figure($1) } / 10 }

    private func percent(_ share: Double) -> String {
        share == 0 ? "0" : String(format: share < 0.001 ? "%.4f %%" : "%.3f %%", share * 100)
    }

    private func equal(_ count: Int, weight: Int) -> [WeightedTarget] {
        WeightedTarget.list(weights: [Int](repeating: weight, count: count))
    }
}

extension [WeightedTarget] {
    fileprivate func without(_ index: Int) -> [WeightedTarget] {
        indices.filter { $0 != index }.map { self[$0] }
    }
}
