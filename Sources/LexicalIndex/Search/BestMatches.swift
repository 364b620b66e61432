/// The best of the matches that were offered, up to a fixed count.
///
/// A heap with the worst match on top: an offer that is not better than it is turned down by one
/// comparison.
struct BestMatches {
  private let count: Int
  private var heap: [LexicalMatch] = []

  init(count: Int) {
    self.count = count
    heap.reserveCapacity(count)
  }

  /// Keeps a match if it is among the best so far.
  ///
  /// - Complexity: O(log `count`).
  mutating func offer(_ match: LexicalMatch) {
    if heap.count < count {
      heap.append(match)
      siftUp()
    } else if let worst = heap.first, LexicalMatch.isBefore(match, worst) {
      heap[0] = match
      siftDown()
    }
  }

  /// The kept matches in the order of results.
  consuming func sorted() -> [LexicalMatch] {
    heap.sorted(by: LexicalMatch.isBefore)
  }

  private mutating func siftUp() {
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard LexicalMatch.isBefore(heap[parent], heap[child]) else { return }
      heap.swapAt(parent, child)
      child = parent
    }
  }

  private mutating func siftDown() {
    var parent = 0
    while true {
      var worst = parent
      for child in [2 * parent + 1, 2 * parent + 2]
      where child < heap.count && LexicalMatch.isBefore(heap[worst], heap[child]) {
        worst = child
      }
      if worst == parent { return }
      heap.swapAt(parent, worst)
      parent = worst
    }
  }
}
