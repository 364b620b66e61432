/// Which segments are merged, so that a user's rows end in few of them and a row is seldom moved.
///
/// Segments stand in the order of their age. Each is to have at least three times the living rows of
/// all younger ones together, so N rows lie in at most about 1 + log₄(N ÷ rows of a seal) segments,
/// and a row is moved about as often times three. A segment of which more than a quarter is deleted
/// is written again.
enum CompactionPolicy {
  private static let ratio = 3
  private static let largestDeadShare = 4

  struct Size {
    let rows: Int
    let dead: Int
    var live: Int { rows - dead }
  }

  /// The segments to merge next; nil when all is well.
  static func due(_ sizes: [Size]) -> Range<Int>? {
    var younger = 0
    var first: Int?
    for (number, size) in sizes.enumerated().reversed() {
      if number < sizes.count - 1, size.live < ratio * younger { first = number }
      younger += size.live
    }
    if let first { return first..<sizes.count }
    return sizes.firstIndex { $0.dead * largestDeadShare > $0.rows }.map { $0..<($0 + 1) }
  }

  /// All of them, unless they are one without deleted rows.
  static func everything(_ sizes: [Size]) -> Range<Int>? {
    sizes.count > 1 || sizes.contains { $0.dead > 0 } ? 0..<sizes.count : nil
  }
}
