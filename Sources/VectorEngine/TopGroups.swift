/// Collects the best `limit` groups of the rows that are offered to it, each by its best row.
///
/// For a limit of some hundreds the list is kept in order and the score of the last one is, at any
/// time, the threshold below which no row can matter any more. Beyond that, candidates gather in a
/// list of twice the limit, which is sorted and cut when it is full. It is no heap: a scan's
/// threshold settles after the first few blocks, and what remains is one comparison a row, made by
/// the kernel.
struct TopGroups {
  private static let largestOrderedLimit = 256

  private let limit: Int
  private let capacity: Int
  private let sharesGroups: Bool
  private var candidates: [Neighbor] = []
  /// Rows that score less than this are not among the best.
  private(set) var threshold = -Float.infinity

  /// - Parameters:
  ///   - limit: at least 1.
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
    if limit <= Self.largestOrderedLimit { return insert(neighbor) }
    candidates.append(neighbor)
    if candidates.count >= capacity { settle() }
  }

  /// The best groups, in the order of results.
  consuming func sorted() -> [Neighbor] {
    if limit > Self.largestOrderedLimit { settle() }
    return candidates
  }

  private mutating func insert(_ neighbor: Neighbor) {
    if candidates.count == limit, !Neighbor.precedes(neighbor, candidates[limit - 1]) { return }
    if sharesGroups, let same = candidates.firstIndex(where: { $0.group == neighbor.group }) {
      guard Neighbor.precedes(neighbor, candidates[same]) else { return }
      candidates.remove(at: same)
    } else if candidates.count == limit {
      candidates.removeLast()
    }
    candidates.append(neighbor)
    var place = candidates.count - 1
    while place > 0, Neighbor.precedes(neighbor, candidates[place - 1]) {
      candidates[place] = candidates[place - 1]
      place -= 1
    }
    candidates[place] = neighbor
    if candidates.count == limit { threshold = candidates[limit - 1].score }
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
