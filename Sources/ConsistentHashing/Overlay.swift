extension CanonicalTable {
    /// The forwarding table: the canonical one, with the slots of targets that take no new flows lent to those that do.
    ///
    /// Every slot of a non-taker goes to the taker with the highest score for that slot, by weighted rendezvous hashing.
    /// A taker's own slots stay. So a target that stops taking moves no flow of another target, not even of those that
    /// stopped before it, and once everybody takes again the result is `slots`.
    ///
    /// - Parameter takers: For each of `targets`, whether it takes new flows.
    /// - Returns: For each slot the index of a taker of weight 1 or more. Empty when there is none; what happens then is
    ///   a policy of the service, not a matter of hashing.
    /// - Precondition: `takers` has as many elements as `targets`.
    /// - Complexity: One hash for each pair of a slot lent and a taker.
    public func overlaid(takers: [Bool]) -> [UInt16] {
        precondition(takers.count == targets.count, "\(takers.count) takers for \(targets.count) targets.")
        return overlaid(portions: takers.map { $0 ? .all : .none })
    }

    /// The forwarding table while some targets start slowly: each takes only a portion of the slots that would be its.
    ///
    /// Slots are owned and lent as in `overlaid(takers:)`, except that a target takes no slot outside its portion. When
    /// portions grow, slots go to targets whose portion grew and to nobody else, and a target that grows alone gives none
    /// of its slots back. So each slot moves once on its way to where it is in the end.
    ///
    /// Somebody has to carry what others do not take yet: as long as no target takes all, all that take anything take
    /// all. Who keeps portions should make them `.all` then, or targets lose slots again once one of them is done.
    ///
    /// - Parameters:
    ///   - portions: For each of `targets`, how much of its slots it takes.
    ///   - before: The canonical table in force before targets joined that now start. A slot that its owner does not take
    ///     stays with the owner there, if that one does. So a target that is not ready changes nothing by joining.
    /// - Returns: As for `overlaid(takers:)`.
    /// - Precondition: `portions` has as many elements as `targets`, and this table came from `before` by repairs.
    /// - Complexity: One hash for each pair of a slot lent and a taker, and one for each slot of a target that starts.
    public func overlaid(portions: [Portion], before: CanonicalTable? = nil) -> [UInt16] {
        precondition(portions.count == targets.count, "\(portions.count) portions for \(targets.count) targets.")
        let takers = takers(portions: portions)
        if takers.isEmpty { return [] }
        var takerOfTarget = [Contender?](repeating: nil, count: targets.count)
        for taker in takers { takerOfTarget[Int(taker.index)] = taker }
        let rendezvous = Rendezvous(contenders: takers)
        let standIns = before.map { indicesOfOwners(in: $0) } ?? []

        var table = slots
        for slot in table.indices {
            if takerOfTarget[Int(table[slot])]?.takes(slot) == true { continue }
            if !standIns.isEmpty, let standIn = standIns[slot], takerOfTarget[Int(standIn)]?.takes(slot) == true {
                table[slot] = standIn
            } else {
                table[slot] = rendezvous.winner(of: slot, draw: draws[slot])
            }
        }
        return table
    }

    /// The targets that take part, with the portions that they really take.
    private func takers(portions: [Portion]) -> [Contender] {
        let takers = Contender.ranked(targets).filter { portions[Int($0.index)] > .none }
        let isCarried = takers.contains { portions[Int($0.index)] == .all }
        return takers.map { taker in
            Contender(
                index: taker.index, weight: taker.weight, hash: taker.hash,
                portion: isCarried ? portions[Int(taker.index)] : .all)
        }
    }

    /// For each slot its owner in an earlier table, as an index into `targets`; `nil` where it is not among them.
    private func indicesOfOwners(in before: CanonicalTable) -> [UInt16?] {
        if before.slots.isEmpty { return [] }
        let parts = slots.count / before.slots.count
        precondition(
            slots.count == parts * before.slots.count,
            "A table of \(slots.count) slots is no repair of one with \(before.slots.count).")
        let indices = Dictionary(uniqueKeysWithValues: targets.enumerated().map { ($1.identity, UInt16($0)) })
        let indexOfTarget = before.targets.map { indices[$0.identity] }
        return slots.indices.map { indexOfTarget[Int(before.slots[$0 / parts])] }
    }
}

/// A contest of targets for single slots, in which each wins in proportion to its weight and independently of who else
/// takes part.
///
/// Highest random weight (Thaler and Ravishankar, "Using Name-Based Mappings to Increase Hit Rates", IEEE/ACM
/// Transactions on Networking 6(1), 1998): each target draws a number `u` in (0, 1) that depends on itself and the slot
/// only, and the highest draw wins. With weights, the score is `weight / -ln(u)` (the logarithmic method of Schindelhauer
/// and Schomaker, "Weighted Distributed Hash Tables", SPAA 2005): `-ln(u) / weight` is exponentially distributed with
/// rate `weight`, and the smallest of such variables is each one with a probability proportional to its rate.
package struct Rendezvous {
    /// In rank order.
    let contenders: [Contender]

    package init(contenders: [Contender]) { self.contenders = contenders }

    /// The index of the target with the highest score, the first in rank among equals.
    ///
    /// Those whose portion does not include the slot have no part in it; somebody's must.
    ///
    /// - Parameter draw: Which of the slot's draws. They have nothing to do with each other.
    package func winner(of slot: Int, draw: UInt8 = 0) -> UInt16 {
        let slotHash = mixed(UInt64(slot) | UInt64(draw) << 32)
        var winner: UInt16 = 0
        var highest = 0.0
        for contender in contenders {
            let weight = Double(contender.weight)
            let u = openUnitInterval(mixed(contender.hash ^ slotHash))
            // -ln(u) > 1 - u, so that a product rules out nearly all who can't win, without a logarithm.
            if weight <= highest * (1 - u) { continue }
            let score = weight / negativeLogarithm(u)
            if score > highest, contender.takes(slot) { (winner, highest) = (contender.index, score) }
        }
        return winner
    }
}
