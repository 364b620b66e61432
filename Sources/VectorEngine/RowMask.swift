/// Marks on the rows of a block or segment: the deleted ones.
///
/// The words lie in pages, so that marking a row after a snapshot was taken copies one page and a
/// list of pages, not the marks of ten million rows.
struct RowMask: Sendable {
  private static let wordsOfPage = 64
  private static let rowsOfPage = 64 * wordsOfPage

  private var pages: [[UInt64]?] = []
  /// How many rows are marked.
  private(set) var count = 0

  /// Marks a row; false when it was marked before.
  mutating func insert(_ row: Int) -> Bool {
    let page = row / Self.rowsOfPage
    if page >= pages.count {
      pages.append(contentsOf: repeatElement(nil, count: page + 1 - pages.count))
    }
    let word = row % Self.rowsOfPage / 64
    let bit: UInt64 = 1 << UInt64(row % 64)
    var words = pages[page] ?? [UInt64](repeating: 0, count: Self.wordsOfPage)
    // Leave the list's reference behind, so that an unshared page is written in place.
    pages[page] = nil
    let isNew = words[word] & bit == 0
    words[word] |= bit
    pages[page] = words
    if isNew { count += 1 }
    return isNew
  }

  /// Whether a row is marked.
  func contains(_ row: Int) -> Bool {
    let page = row / Self.rowsOfPage
    guard page < pages.count, let words = pages[page] else { return false }
    return words[row % Self.rowsOfPage / 64] >> UInt64(row % 64) & 1 == 1
  }

  /// The marks of the sixteen rows that begin at a multiple of sixteen.
  func sixteen(from row: Int) -> UInt16 {
    let page = row / Self.rowsOfPage
    guard page < pages.count, let words = pages[page] else { return 0 }
    return UInt16(truncatingIfNeeded: words[row % Self.rowsOfPage / 64] >> UInt64(row % 64))
  }

  /// How many rows of a range are marked.
  func count(in range: Range<Int>) -> Int {
    var sum = 0
    for start in stride(from: range.lowerBound / 64 * 64, to: range.upperBound, by: 64) {
      let page = start / Self.rowsOfPage
      guard page < pages.count else { break }
      guard var word = pages[page]?[start % Self.rowsOfPage / 64] else { continue }
      if start < range.lowerBound { word &= .max << UInt64(range.lowerBound - start) }
      if start + 64 > range.upperBound { word &= .max >> UInt64(start + 64 - range.upperBound) }
      sum += word.nonzeroBitCount
    }
    return sum
  }

  /// The marked rows, ascending.
  var rows: [Int] {
    pages.indices.flatMap { page -> [Int] in
      guard let words = pages[page] else { return [] }
      return words.indices.flatMap { word in
        (0..<64).filter { words[word] >> UInt64($0) & 1 == 1 }
          .map { page * Self.rowsOfPage + word * 64 + $0 }
      }
    }
  }

  /// The marked rows as ranges that do not touch, ascending.
  var ranges: [Range<Int>] {
    var ranges: [Range<Int>] = []
    for row in rows {
      if let last = ranges.last, last.upperBound == row {
        ranges[ranges.count - 1] = last.lowerBound..<(row + 1)
      } else {
        ranges.append(row..<(row + 1))
      }
    }
    return ranges
  }

  /// Whether every mark of another is one of these.
  func contains(_ other: RowMask) -> Bool {
    other.count <= count && other.rows.allSatisfy(contains)
  }
}
