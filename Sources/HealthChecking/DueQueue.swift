internal import ServiceModel

/// Checks by the time when they are due: a binary heap, for there may be 100,000 of them.
struct DueQueue {
    typealias Element = (due: ProbeSchedule.Instant, id: TargetKey)

    /// No element is due before its parent, at half its index.
    private var heap: [Element] = []

    /// When the first check is due.
    var first: ProbeSchedule.Instant? { heap.first?.due }

    mutating func insert(_ element: Element) {
        var index = heap.count
        heap.append(element)
        while index > 0, heap[index].due < heap[(index - 1) / 2].due {
            heap.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    mutating func removeFirst() -> TargetKey {
        heap.swapAt(0, heap.count - 1)
        let first = heap.removeLast()
        sink(0)
        return first.id
    }

    /// - Complexity: Linear in the length of the queue.
    mutating func update(removing ids: Set<TargetKey>, adding elements: [Element]) {
        guard !ids.isEmpty || !elements.isEmpty else { return }
        heap.removeAll { ids.contains($0.id) }
        heap += elements
        for index in (0..<heap.count / 2).reversed() { sink(index) }
    }

    private mutating func sink(_ start: Int) {
        var index = start
        while let child = earlierChild(of: index), heap[child].due < heap[index].due {
            heap.swapAt(index, child)
            index = child
        }
    }

    private func earlierChild(of index: Int) -> Int? {
        let left = 2 * index + 1
        guard left < heap.count else { return nil }
        return left + 1 < heap.count && heap[left + 1].due < heap[left].due ? left + 1 : left
    }
}
