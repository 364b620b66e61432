internal import VectorKernels

/// Rows that lie one after another: a block of the buffer, or a segment.
///
/// A source lends its planes by closure; what it lends never changes while it lives. A segment
/// verifies the bytes it lends the first time it does, which is why lending can fail.
protocol RowSource: AnyObject, Sendable {
  func withVectors<R>(
    _ range: Range<Int>, _ body: (Span<Float>) throws(EngineError) -> R
  ) throws(EngineError) -> R
  /// The canonical score of one row. Scores of single rows are asked for many times in a search, and
  /// a closure for each would take as long as the score.
  func score(
    of row: Int, _ query: Span<Float>, _ scorer: CanonicalScorer
  ) throws(EngineError) -> Float
  /// One row's id.
  func id(of row: Int) throws(EngineError) -> UInt64
  /// One row's group.
  func group(of row: Int) throws(EngineError) -> UInt64
  /// Says that a row will be read soon.
  func expectVector(_ row: Int)
  /// Says that ids will be read soon, and the groups of these rows if they have any of their own.
  func expectIDs(_ rows: Range<Int>, sharesGroups: Bool)
  /// Lends blocks of codes; see `CodeLayout`.
  func withCodes<R>(
    _ blocks: Range<Int>, _ body: (Span<UInt8>) throws(EngineError) -> R
  ) throws(EngineError) -> R
  /// What there is of prefixes; without, the next two are not called.
  var prefixes: PrefixCodes? { get }
  /// Lends blocks of prefixes.
  func withPrefixes<R>(
    _ blocks: Range<Int>, _ body: (Span<UInt8>) throws(EngineError) -> R
  ) throws(EngineError) -> R
  /// Lends the directions of the prefixes.
  func withBasis<R>(
    _ body: (Span<Float>) throws(EngineError) -> R
  ) throws(EngineError) -> R
  func withIDs<R>(
    _ range: Range<Int>, _ body: (Span<UInt64>) throws(EngineError) -> R
  ) throws(EngineError) -> R
  func withGroups<R>(
    _ range: Range<Int>, _ body: (Span<UInt64>) throws(EngineError) -> R
  ) throws(EngineError) -> R
  func withTimes<R>(
    _ range: Range<Int>, _ body: (Span<Int64>) throws(EngineError) -> R
  ) throws(EngineError) -> R
  func withSquaredNorms<R>(
    _ range: Range<Int>, _ body: (Span<Float>) throws(EngineError) -> R
  ) throws(EngineError) -> R
}

/// A range of a source's rows that lies in the scope of a search.
struct RowRun: Sendable {
  let source: any RowSource
  let range: Range<Int>
  /// The source's deleted rows.
  let dead: RowMask
  /// No row of the run is longer.
  let largestSquaredNorm: Float
}

extension RowRun {
  /// How many rows of the run are not deleted.
  ///
  /// - Complexity: O(rows of the run ÷ 64), O(1) when no row of the source is deleted.
  var liveCount: Int {
    guard dead.count > 0 else { return range.count }
    return range.count - dead.count(in: range)
  }

  /// How many rows are looked at together for marks and filters.
  private static let rowsOfBlock = 4096

  /// Calls the body for each stretch of rows that are neither deleted nor filtered out.
  func forEachLiveRange(
    _ options: SearchOptions, _ body: (Range<Int>) throws(EngineError) -> Void
  ) throws(EngineError) {
    guard options.filters || dead.count > 0 else { return try body(range) }
    var live: [Bool] = []
    for start in stride(from: range.lowerBound, to: range.upperBound, by: Self.rowsOfBlock) {
      let block = start..<min(start + Self.rowsOfBlock, range.upperBound)
      live.removeAll(keepingCapacity: true)
      for row in block { live.append(!dead.contains(row)) }
      try applyFilters(options, block, &live)
      var first: Int?
      for (offset, isLive) in live.enumerated() {
        if isLive {
          if first == nil { first = start + offset }
        } else if let begin = first {
          try body(begin..<(start + offset))
          first = nil
        }
      }
      if let first { try body(first..<block.upperBound) }
    }
  }

  private func applyFilters(
    _ options: SearchOptions, _ block: Range<Int>, _ live: inout [Bool]
  ) throws(EngineError) {
    if let wanted = options.ids {
      try source.withIDs(block) { ids in
        for i in ids.indices where live[i] { live[i] = wanted.contains(ids[i]) }
      }
    }
    if let wanted = options.times {
      try source.withTimes(block) { times in
        for i in times.indices where live[i] { live[i] = wanted.contains(times[i]) }
      }
    }
  }

  /// Whether some of the rows have a group that is not their id.
  func sharesGroups(_ rows: Range<Int>) throws(EngineError) -> Bool {
    try source.withIDs(rows) { ids throws(EngineError) in
      try source.withGroups(rows) { groups in
        ids.indices.contains { ids[$0] != groups[$0] }
      }
    }
  }

  /// A row as a result.
  ///
  /// - Parameter sharesGroups: false when every row's group is known to be its id.
  func neighbor(_ row: Int, score: Float, sharesGroups: Bool) throws(EngineError) -> Neighbor {
    let id = try source.id(of: row)
    return Neighbor(id: id, group: sharesGroups ? try source.group(of: row) : id, score: score)
  }
}
