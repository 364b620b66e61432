/// What a search by word found, and how the rows of its scope stand to each other.
package struct LexicalRanking: Sendable {
  /// The best rows, the best first.
  package let matches: [LexicalMatch]

  private let scan: ScopeScan
  private let weights: TermWeights
  /// Of all rows of the scope.
  private let scores: [Double]

  /// Ranks what was found in a scope; see `LexicalSnapshot.search`.
  init(
    _ scan: ScopeScan, count: Int, holdingTerms: Bool, allowing: ((UInt64) -> Bool)?
  ) {
    let weights = TermWeights(scope: scan.totals, rowsWithTerm: scan.rowsWithTerm)
    let scores = scan.scores(by: weights)
    matches =
      count > 0 && scan.rowsWithTerm.contains { $0 > 0 }
      ? scan.best(count, holdingTerms: holdingTerms, scores, allowing: allowing) : []
    self.scan = scan
    self.weights = weights
    self.scores = scores
  }

  /// How many rows live in the scope.
  package var rowCount: Int { scan.rows.count }

  /// What is around a row.
  package struct Place: Hashable, Sendable {
    /// The living rows just before and after it in its session; nil at its ends, and for a row without
    /// a session.
    package let previous: UInt64?
    package let next: UInt64?
    /// The row's own score, whether it is among the matches or not; 0 when it is no match.
    package let score: Double
    /// Which share of the query's terms the session holds (a row without one: the row), rare terms
    /// weighing more, 0 to 1.
    package let coverage: Double
    /// See `QuestionShare`.
    package let questionShare: Double
  }

  /// Where rows stand, in the order asked; nil for those that are not of the scope.
  ///
  /// - Parameter ids: each once.
  /// - Complexity: O(rows of the scope).
  package func places(of ids: [UInt64]) -> [Place?] {
    let wanted = IDPositions(ids)
    var places = [Place?](repeating: nil, count: ids.count)
    var marks = [Double](repeating: 0, count: scan.rankCount)
    let all = scan.rows.span
    let scores = self.scores.span
    var first = 0
    for section in scan.sections {
      defer { first = section.end }
      var coverage: Double?
      for row in first..<section.end {
        guard let position = wanted[all[row].id] else { continue }
        let rows = section.isSession ? first..<section.end : row..<row + 1
        let known = section.isSession ? coverage : nil
        let share = known ?? scan.share(of: rows, by: weights, &marks)
        coverage = share
        places[position] = Place(
          previous: row > rows.lowerBound ? all[row - 1].id : nil,
          next: row + 1 < rows.upperBound ? all[row + 1].id : nil,
          score: scores[row], coverage: share, questionShare: Double(all[row].questions) / 255)
      }
    }
    return places
  }
}

/// Where ids stand in a list: a table with open places, because a scan asks it for every row.
private struct IDPositions {
  private var ids: [UInt64]
  /// One more than the position; 0 where nothing is.
  private var positions: [UInt32]
  private let shift: UInt64

  /// - Parameter list: each id once.
  init(_ list: [UInt64]) {
    // At most half full, so that looks end soon.
    let bits = max(4, UInt64.bitWidth - (2 * list.count).leadingZeroBitCount)
    shift = UInt64(UInt64.bitWidth - bits)
    ids = Array(repeating: 0, count: 1 << bits)
    positions = Array(repeating: 0, count: 1 << bits)
    for (position, id) in list.enumerated() {
      var place = start(of: id)
      while positions[place] != 0 { place = (place + 1) & (ids.count - 1) }
      ids[place] = id
      positions[place] = UInt32(position + 1)
    }
  }

  subscript(id: UInt64) -> Int? {
    var place = start(of: id)
    while positions[place] != 0 {
      if ids[place] == id { return Int(positions[place]) - 1 }
      place = (place + 1) & (ids.count - 1)
    }
    return nil
  }

  private func start(of id: UInt64) -> Int {
    Int(truncatingIfNeeded: (id &* 0x9E37_79B9_7F4A_7C15) >> shift)
  }
}

extension ScopeScan {
  /// How rare each word of the query is among the rows, by rank.
  var rarities: [Double] {
    rowsWithTerm.map { TermWeights.rarity(of: $0, among: totals.rows) }
  }
}
