internal import VectorKernels

/// Rows whose bounds are looked at together.
///
/// Lives on the stack: a search of a small scope takes less time than a few allocations would.
struct BoundedBlock: ~Copyable {
  /// How rows that are considered are bounded.
  enum Bounding {
    /// From codes, or canonically where only few rows of many are considered.
    case automatic
    /// Always from codes.
    case codes
    /// Always canonically: both bounds are the score.
    case canonical
  }

  /// A row read in full costs as much as four of codes; one that lies alone costs about four times
  /// as much again, because nothing reads ahead.
  private static let rowsForOneGathered = 16

  private let kernels = CodeKernels()
  private let scorer: CanonicalScorer
  private let bounding: Bounding
  private let run: RowRun
  private let number: Int
  private var blocks = 0..<0
  private var live = LaneMasks()
  private var lowers = InlineArray<512, Float>(repeating: 0)
  private var uppers = InlineArray<512, Float>(repeating: 0)
  private var positions = InlineArray<512, UInt32>(repeating: 0)

  /// Begins with a run, which has this number among those of the search.
  init(_ run: RowRun, _ number: Int, _ metric: Metric, _ bounding: Bounding) {
    self.run = run
    self.number = number
    scorer = CanonicalScorer(metric)
    self.bounding = bounding
  }

  /// Whether so few of so many rows are considered that reading them in full is cheaper.
  static func gathers(_ considered: Int, of rows: Int) -> Bool {
    considered * rowsForOneGathered < rows
  }

  /// Turns to some blocks; false when none of their rows is considered.
  mutating func look(at blocks: Range<Int>, _ options: SearchOptions) throws(EngineError) -> Bool {
    self.blocks = blocks
    try live.look(at: blocks, of: run, options)
    return live.count > 0
  }

  /// Whether the rows are scored instead of bounded.
  var gathers: Bool {
    switch bounding {
    case .canonical: true
    case .codes: false
    case .automatic: Self.gathers(live.count, of: blocks.count * CodeLayout.lanes)
    }
  }

  /// Finds where rows may reach the thresholds of a tile's queries.
  func look(
    with tile: CodeTile, thresholds: Span<Float>
  ) throws(EngineError) -> [CodeTile.Hit] {
    try run.source.withCodes(blocks) { codes in tile.look(at: codes, thresholds: thresholds) }
  }

  /// The same from prefixes, which the source must have.
  func look(
    withPrefixes tile: CodeTile, thresholds: Span<Float>
  ) throws(EngineError) -> [CodeTile.Hit] {
    try run.source.withPrefixes(blocks) { codes in tile.look(at: codes, thresholds: thresholds) }
  }

  /// Looks once more, by the codes, where prefixes have left rows.
  func narrow(
    _ hits: inout [CodeTile.Hit], with tile: CodeTile, thresholds: Span<Float>
  ) throws(EngineError) {
    try run.source.withCodes(blocks) { codes in
      tile.narrow(&hits, in: codes, thresholds: thresholds)
    }
  }

  /// How many blocks it has turned to.
  var blockCount: Int { blocks.count }

  /// Considers all rows for a query.
  mutating func offer(
    _ query: PreparedQuery, _ code: CodeQuery, to candidates: inout CandidateRows
  ) throws(EngineError) {
    if gathers {
      try score(query)
    } else {
      try run.source.withCodes(blocks) { codes in bound(codes, code) }
    }
    try offer(blocks, to: &candidates)
  }

  private mutating func bound(_ codes: Span<UInt8>, _ code: CodeQuery) {
    var lowers = lowers.mutableSpan
    var uppers = uppers.mutableSpan
    kernels.bounds(of: code, in: codes, live: live.masks.span, lowers: &lowers, uppers: &uppers)
  }

  /// Considers some rows of one block for a query.
  ///
  /// - Parameters:
  ///   - block: counted from the first of those that were turned to.
  ///   - lanes: the rows; others of the block are known not to matter.
  mutating func offer(
    _ block: Int, _ lanes: UInt16, _ code: CodeQuery, to candidates: inout CandidateRows
  ) throws(EngineError) {
    let considered = InlineArray<1, UInt16>(repeating: lanes & live.masks[block])
    guard considered[0] != 0 else { return }
    let one = (blocks.lowerBound + block)..<(blocks.lowerBound + block + 1)
    try run.source.withCodes(one) { codes in
      var lowers = lowers.mutableSpan
      var uppers = uppers.mutableSpan
      kernels.bounds(of: code, in: codes, live: considered.span, lowers: &lowers, uppers: &uppers)
    }
    try offer(one, to: &candidates)
  }

  /// Scores the rows that are considered, which bounds them from both sides.
  private mutating func score(_ query: PreparedQuery) throws(EngineError) {
    let first = blocks.lowerBound * CodeLayout.lanes
    for i in 0..<(blocks.count * CodeLayout.lanes) { lowers[i] = .nan }
    let masks = live
    try masks.forEachStretch(from: first) { rows throws(EngineError) in
      try run.source.withVectors(rows) { vectors throws(EngineError) in
        // The upper bounds are the last thing that is written, so their room is free.
        var target = uppers.mutableSpan
        scorer.score(query.elements.span, vectors, into: &target)
      }
      for i in 0..<rows.count { lowers[rows.lowerBound - first + i] = uppers[i] }
    }
    uppers = lowers
  }

  private mutating func offer(
    _ blocks: Range<Int>, to candidates: inout CandidateRows
  ) throws(EngineError) {
    let count = blocks.count * CodeLayout.lanes
    var room = positions.mutableSpan
    try candidates.offer(
      lowers: lowers.span.extracting(0..<count), uppers: uppers.span.extracting(0..<count),
      first: blocks.lowerBound * CodeLayout.lanes, of: run, number: number, positions: &room)
  }
}
