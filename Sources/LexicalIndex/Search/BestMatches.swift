/// The best of the matches that were offered, up to a fixed count.
///
/// All that come are gathered, and what cannot be among the best is parted from the rest when it is
/// asked for: of a user's rows hundreds are wanted, so keeping them in order all the time would cost
/// more.
struct BestMatches {
  private let count: Int
  private var matches: [LexicalMatch] = []

  /// - Parameter offers: how many matches will be offered at most.
  init(count: Int, offers: Int) {
    self.count = count
    matches.reserveCapacity(offers)
  }

  /// Keeps a match if it is among the best.
  mutating func offer(_ match: LexicalMatch) { matches.append(match) }

  /// The kept matches in the order of results.
  ///
  /// - Complexity: O(offers + `count` log `count`) on average.
  consuming func sorted() -> [LexicalMatch] {
    part()
    if matches.count > count { matches.removeLast(matches.count - count) }
    matches.sort { LexicalMatch.isBefore($0, $1) }
    return matches
  }

  /// Moves the best to the front (C. A. R. Hoare's "Find").
  private mutating func part() {
    guard count < matches.count else { return }
    var (low, high) = (0, matches.count - 1)
    while low < high {
      let pivot = matches[(low + high) / 2]
      var (left, right) = (low, high)
      while left <= right {
        while LexicalMatch.isBefore(matches[left], pivot) { left += 1 }
        while LexicalMatch.isBefore(pivot, matches[right]) { right -= 1 }
        guard left <= right else { break }
        matches.swapAt(left, right)
        left += 1
        right -= 1
      }
      if count <= right { high = right } else if count > left { low = left } else { return }
    }
  }
}
