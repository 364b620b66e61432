/// Collects the best `limit` groups of the rows that are offered to it, each by its best row.
///
/// Candidates gather in a list of about twice the limit; when it is full it is sorted and cut, and
/// the score of the last one kept becomes the threshold below which no row can matter any more. It
/// is no heap, because a scan's threshold settles after the first few blocks and what remains is one
/// comparison a row, made by the kernel.
struct TopGroups {
  private let limit: Int
  private let capacity: Int
  private let sharesGroups: Bool
  private var candidates: [Neighbor] = []
  /// Rows that score less than this are not among the best.
  private(set) var threshold = -Float.infinity

  /// - Parameters:
  ///   - sharesGroups: false when every row is known to be a group of its own.
  ///   - rows: how many rows will be offered at most.
  init(_ limit: Int, sharesGroups: Bool, rows: Int) {
    self.limit = limit
    self.sharesGroups = sharesGroups
    // Beyond a few thousand the list is cut by its own doubling, not by the limit.
    capacity = max(16, 2 * min(limit, 1 << 40))
    candidates.reserveCapacity(min(capacity, rows, 1024))
  }

  /// Considers a row.
  mutating func offer(_ neighbor: Neighbor) {
    guard neighbor.score >= threshold else { return }
    candidates.append(neighbor)
    if candidates.count >= capacity { settle() }
  }

  /// The best groups, in the order of results.
  consuming func sorted() -> [Neighbor] {
    settle()
    return candidates
  }

  private mutating func settle() {
    candidates.sort(by: Neighbor.precedes)
    if sharesGroups { removeRepeatedGroups() }
    guard candidates.count >= limit else { return }
    candidates.removeLast(candidates.count - limit)
    if let last = candidates.last { threshold = last.score }
  }

  private mutating func removeRepeatedGroups() {
    var seen: Set<UInt64> = []
    candidates.removeAll { !seen.insert($0.group).inserted }
  }
}
