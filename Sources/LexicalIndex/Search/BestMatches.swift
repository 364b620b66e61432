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
    // In place, without asking at every step whether somebody else has the heap.
    var heap = self.heap.mutableSpan
    var child = heap.count - 1
    let match = heap[child]
    while child > 0 {
      let parent = (child - 1) / 2
      guard LexicalMatch.isBefore(heap[parent], match) else { break }
      heap[child] = heap[parent]
      child = parent
    }
    heap[child] = match
  }

  private mutating func siftDown() {
    var heap = self.heap.mutableSpan
    let match = heap[0]
    var parent = 0
    while 2 * parent + 1 < heap.count {
      var child = 2 * parent + 1
      if child + 1 < heap.count, LexicalMatch.isBefore(heap[child], heap[child + 1]) { child += 1 }
      guard LexicalMatch.isBefore(match, heap[child]) else { break }
      heap[parent] = heap[child]
      parent = child
    }
    heap[parent] = match
  }
}
