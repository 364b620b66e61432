internal import VectorKernels

/// Single queries through codes: every row's score is bounded from a byte a dimension, and only rows
/// that could be among the best are read in full. Results are those of a scan, bit for bit; the
/// article *ExactFromInt8* has the proof.
extension VectorSnapshot {
  /// How rows that are considered are bounded.
  enum Bounding {
    /// From codes, or canonically where only few rows of many are considered.
    case automatic
    /// Always from codes.
    case codes
    /// Always canonically: both bounds are the score.
    case canonical
  }

  /// Finds the nearest groups of the runs.
  func codeSearch(
    _ query: PreparedQuery, count: Int, _ runs: [RowRun], _ options: SearchOptions,
    _ bounding: Bounding, rescored: inout Int
  ) throws(EngineError) -> [Neighbor] {
    let code = CodeQuery(
      query.elements.span, euclidean: configuration.metric == .squaredEuclidean)
    var candidates = CandidateRows(
      count, sharesGroups: sharesGroups, rows: runs.reduce(0) { $0 + $1.range.count })
    var block = BoundedBlock(configuration.metric, bounding)
    for (number, run) in runs.enumerated() {
      let blocks = CodeLayout.blocks(run.range)
      for start in stride(from: blocks.lowerBound, to: blocks.upperBound, by: LaneMasks.capacity) {
        let part = start..<min(start + LaneMasks.capacity, blocks.upperBound)
        if try block.bound(part, of: run, options, query, code) {
          try block.offer(part, of: run, number, to: &candidates)
        }
      }
    }
    return try rescore(query, candidates, runs, count: count, rescored: &rescored)
  }
}

/// Rows whose bounds are looked at together.
///
/// Lives on the stack: a search of a small scope takes less time than a few allocations would.
struct BoundedBlock: ~Copyable {
  /// A row read in full costs as much as four of codes; one that lies alone costs about four times
  /// as much again, because nothing reads ahead.
  private static let rowsForOneGathered = 16

  private let kernels = CodeKernels()
  private let scorer: CanonicalScorer
  private let bounding: VectorSnapshot.Bounding
  private var live = LaneMasks()
  private var lowers = InlineArray<512, Float>(repeating: 0)
  private var uppers = InlineArray<512, Float>(repeating: 0)
  private var positions = InlineArray<512, UInt32>(repeating: 0)

  init(_ metric: Metric, _ bounding: VectorSnapshot.Bounding) {
    scorer = CanonicalScorer(metric)
    self.bounding = bounding
  }

  /// Whether so few of so many rows are considered that reading them in full is cheaper.
  static func gathers(_ considered: Int, of rows: Int) -> Bool {
    considered * rowsForOneGathered < rows
  }

  /// Bounds the rows of some blocks; false when none of them is considered.
  mutating func bound(
    _ blocks: Range<Int>, of run: RowRun, _ options: SearchOptions, _ query: PreparedQuery,
    _ code: CodeQuery
  ) throws(EngineError) -> Bool {
    try live.look(at: blocks, of: run, options)
    guard live.count > 0 else { return false }
    let gathers =
      switch bounding {
      case .canonical: true
      case .codes: false
      case .automatic:
        Self.gathers(live.count, of: blocks.count * CodeLayout.lanes)
      }
    if gathers {
      try score(blocks, of: run, query)
    } else {
      try run.source.withCodes(blocks) { codes throws(EngineError) in
        var lowers = lowers.mutableSpan
        var uppers = uppers.mutableSpan
        kernels.bounds(
          of: code, in: codes, live: live.masks.span, lowers: &lowers, uppers: &uppers)
      }
    }
    return true
  }

  /// Scores the rows that are considered, which bounds them from both sides.
  private mutating func score(
    _ blocks: Range<Int>, of run: RowRun, _ query: PreparedQuery
  ) throws(EngineError) {
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

  /// Offers the rows that were bounded last.
  mutating func offer(
    _ blocks: Range<Int>, of run: RowRun, _ number: Int, to candidates: inout CandidateRows
  ) throws(EngineError) {
    let count = blocks.count * CodeLayout.lanes
    var room = positions.mutableSpan
    try candidates.offer(
      lowers: lowers.span.extracting(0..<count), uppers: uppers.span.extracting(0..<count),
      first: blocks.lowerBound * CodeLayout.lanes, of: run, number: number, positions: &room)
  }
}
