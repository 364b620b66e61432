internal import VectorKernels

/// The rows that could be among the best, by bounds of their scores.
///
/// At least `limit` groups have a row whose score is not below its lower bound; so a row whose upper
/// bound is below the `limit`-th best of these lower bounds cannot matter. What is left is scored
/// canonically.
struct CandidateRows {
  struct Row {
    let upper: Float
    let run: Int32
    let row: Int
  }

  private let sharesGroups: Bool
  private let kernels = RowKernels()
  private var best: TopGroups
  private var rows: [Row] = []
  private var capacity: Int

  init(_ limit: Int, sharesGroups: Bool, rows: Int) {
    self.sharesGroups = sharesGroups
    best = TopGroups(limit, sharesGroups: sharesGroups, rows: rows)
    capacity = max(64, 4 * min(limit, 1 << 40))
    self.rows.reserveCapacity(min(capacity, rows, 1024))
  }

  /// What others have found to be the least that matters.
  private var floor = -Float.infinity

  /// Rows whose upper bound is below this cannot be among the best.
  var threshold: Float { max(best.threshold, floor) }

  /// Learns that rows whose upper bound is below this cannot be among the best.
  mutating func raise(to threshold: Float) { floor = max(floor, threshold) }

  /// Takes over the rows that another has found in other rows of the same runs.
  mutating func add(_ other: CandidateRows) {
    raise(to: other.threshold)
    rows += other.rows
  }

  /// The rows that are left, those with the best upper bounds first.
  consuming func sorted() -> [Row] {
    removeHopeless()
    return rows.sorted { $0.upper > $1.upper }
  }

  /// Considers rows that lie one after another in a run.
  ///
  /// - Parameters:
  ///   - lowers: a bound for each row; NaN for one that is not to be considered.
  ///   - first: the row of the first bound.
  ///   - positions: room for as many positions as there are bounds.
  mutating func offer(
    lowers: Span<Float>, uppers: Span<Float>, first: Int, of run: RowRun, number: Int,
    positions: inout MutableSpan<UInt32>
  ) throws(EngineError) {
    let raising = kernels.positions(of: lowers, atLeast: threshold, into: &positions)
    if raising > 0 { try raise(lowers, positions.span.extracting(0..<raising), first, run) }
    let found = kernels.positions(of: uppers, atLeast: threshold, into: &positions)
    for i in 0..<found {
      let position = Int(positions[i])
      rows.append(
        Row(upper: uppers[position], run: Int32(truncatingIfNeeded: number), row: first + position))
    }
    if rows.count >= capacity {
      removeHopeless()
      // Room for as many again, so that many close rows do not mean a pass for each.
      capacity = max(capacity, 2 * rows.count)
    }
  }

  private mutating func raise(
    _ lowers: Span<Float>, _ positions: Span<UInt32>, _ first: Int, _ run: RowRun
  ) throws(EngineError) {
    guard sharesGroups else {
      for i in positions.indices {
        let position = Int(positions[i])
        best.offer(Neighbor(id: UInt64(first + position), group: 0, score: lowers[position]))
      }
      return
    }
    let begin = Int(positions[0])
    let end = Int(positions[positions.count - 1]) + 1
    try run.source.withGroups((first + begin)..<(first + end)) { groups in
      for i in positions.indices {
        let position = Int(positions[i])
        best.offer(
          Neighbor(
            id: UInt64(first + position), group: groups[position - begin], score: lowers[position]))
      }
    }
  }

  private mutating func removeHopeless() {
    let limit = threshold
    rows.removeAll { $0.upper < limit }
  }
}

extension VectorSnapshot {
  /// Candidates lie anywhere: so many are fetched from memory while others are scored.
  private static let rowsAhead = 8

  /// Scores candidates canonically, until no other can be among the best.
  ///
  /// - Parameter rescored: how many were scored.
  func rescore(
    _ query: PreparedQuery, _ candidates: consuming CandidateRows, _ runs: [RowRun], count: Int,
    rescored: inout Int
  ) throws(EngineError) -> [Neighbor] {
    let scorer = CanonicalScorer(configuration.metric)
    let rows = candidates.sorted()
    for row in rows.prefix(2 * count) {
      runs[Int(row.run)].source.expectIDs(row.row..<(row.row + 1), sharesGroups: sharesGroups)
    }
    for row in rows.prefix(Self.rowsAhead) { runs[Int(row.run)].source.expectVector(row.row) }
    var best = TopGroups(count, sharesGroups: sharesGroups, rows: rows.count)
    for (number, row) in rows.enumerated() {
      if row.upper < best.threshold { break }
      if number + Self.rowsAhead < rows.count {
        let later = rows[number + Self.rowsAhead]
        runs[Int(later.run)].source.expectVector(later.row)
      }
      let run = runs[Int(row.run)]
      let score = try run.source.score(of: row.row, query.elements.span, scorer)
      rescored += 1
      guard score >= best.threshold else { continue }
      best.offer(try run.neighbor(row.row, score: score, sharesGroups: sharesGroups))
    }
    return best.sorted()
  }
}
