/// What a search by word found, and how the rows of its scope stand to each other.
package struct LexicalRanking: Sendable {
  /// The best rows, the best first.
  package let matches: [LexicalMatch]

  private let scan: ScopeScan
  private let weights: TermWeights

  /// Ranks what was found in a scope; see `LexicalSnapshot.search`.
  init(
    _ scan: ScopeScan, count: Int, holdingTerms: Bool, allowing: ((UInt64) -> Bool)?
  ) {
    let weights = TermWeights(scope: scan.totals, rowsWithTerm: scan.rowsWithTerm)
    matches =
      count > 0 && scan.rowsWithTerm.contains { $0 > 0 }
      ? scan.best(count, holdingTerms: holdingTerms, by: weights, allowing: allowing) : []
    self.scan = scan
    self.weights = weights
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
    let wanted = Dictionary(uniqueKeysWithValues: zip(ids, 0...))
    // Most rows are not asked for, which a few bits tell sooner than a dictionary does.
    var marks = [Bool](repeating: false, count: 4096)
    for id in ids { marks[Int(id & 4095)] = true }
    var places = [Place?](repeating: nil, count: ids.count)
    var frequencies = [Double](repeating: 0, count: scan.rankCount)
    var first = 0
    for section in scan.sections {
      defer { first = section.end }
      var coverage: Double?
      for row in first..<section.end {
        let id = scan.rows[row].id
        guard marks[Int(id & 4095)], let position = wanted[id] else { continue }
        let rows = section.isSession ? first..<section.end : row..<row + 1
        let known = section.isSession ? coverage : nil
        let share = known ?? scan.share(of: rows, by: weights, &frequencies)
        coverage = share
        places[position] = Place(
          previous: row > rows.lowerBound ? scan.rows[row - 1].id : nil,
          next: row + 1 < rows.upperBound ? scan.rows[row + 1].id : nil,
          score: scan.score(of: row, in: rows, by: weights, &frequencies), coverage: share,
          questionShare: Double(scan.rows[row].questions) / 255)
      }
    }
    return places
  }
}

extension ScopeScan {
  /// How rare each word of the query is among the rows, by rank.
  var rarities: [Double] {
    rowsWithTerm.map { TermWeights.rarity(of: $0, among: totals.rows) }
  }
}
