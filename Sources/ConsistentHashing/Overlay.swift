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
        let rendezvous = Rendezvous(contenders: Contender.ranked(targets).filter { takers[Int($0.index)] })
        if rendezvous.contenders.isEmpty { return [] }
        var table = slots
        for slot in table.indices where !takers[Int(table[slot])] {
            table[slot] = rendezvous.winner(of: slot)
        }
        return table
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
    package func winner(of slot: Int) -> UInt16 {
        let slotHash = mixed(UInt64(slot))
        var winner: UInt16 = 0
        var highest = 0.0
        for contender in contenders {
            let weight = Double(contender.weight)
            let u = openUnitInterval(mixed(contender.hash ^ slotHash))
            // -ln(u) > 1 - u, so that a product rules out nearly all who can't win, without a logarithm.
            if weight <= highest * (1 - u) { continue }
            let score = weight / negativeLogarithm(u)
            if score > highest { (winner, highest) = (contender.index, score) }
        }
        return winner
    }
}
