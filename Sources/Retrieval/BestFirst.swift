/// Gives candidates one after the other, the best first, then the newer: of hundreds hardly ten are
/// wanted, so that they are not all put in order.
struct BestFirst {
  private struct Entry {
    let relevance: Double
    let key: Int64
    let position: Int

    static func isBetter(_ a: Entry, _ b: Entry) -> Bool {
      a.relevance != b.relevance ? a.relevance > b.relevance : a.key > b.key
    }
  }

  /// A heap with the best on top.
  private var heap: [Entry]

  init(_ scores: [Score]) {
    heap = []
    heap.reserveCapacity(scores.count)
    for (position, score) in scores.enumerated() {
      heap.append(
        Entry(relevance: score.relevance, key: score.key.rawValue, position: position))
    }
    for place in stride(from: heap.count / 2 - 1, through: 0, by: -1) { sift(from: place) }
  }

  /// Where the best of those stands that were not given yet; nil when all were.
  mutating func next() -> Int? {
    guard let best = heap.first else { return nil }
    let last = heap.removeLast()
    if !heap.isEmpty {
      heap[0] = last
      sift(from: 0)
    }
    return best.position
  }

  private mutating func sift(from place: Int) {
    var parent = place
    let moved = heap[place]
    while 2 * parent + 1 < heap.count {
      var child = 2 * parent + 1
      if child + 1 < heap.count, Entry.isBetter(heap[child + 1], heap[child]) { child += 1 }
      guard Entry.isBetter(heap[child], moved) else { break }
      heap[parent] = heap[child]
      parent = child
    }
    heap[parent] = moved
  }
}
