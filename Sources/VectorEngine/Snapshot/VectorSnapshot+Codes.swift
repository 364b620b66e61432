internal import VectorKernels

/// Searches through codes: every row's score is bounded from a byte a dimension, and only rows that
/// could be among the best are read in full. Results are those of a scan, bit for bit; the article
/// *ExactFromInt8* has the proof.
extension VectorSnapshot {
  /// Finds the nearest groups of the runs for one query, with both of its planes.
  func codeSearch(
    _ query: PreparedQuery, count: Int, _ runs: [RowRun], _ options: SearchOptions,
    _ bounding: BoundedBlock.Bounding, rescored: inout Int
  ) throws(EngineError) -> [Neighbor] {
    let code = code(of: query)
    var candidates = CandidateRows(
      count, sharesGroups: sharesGroups, rows: runs.reduce(0) { $0 + $1.range.count })
    for (number, run) in runs.enumerated() {
      var block = BoundedBlock(run, number, configuration.metric, bounding)
      try forEachPart(of: run) { part throws(EngineError) in
        guard try block.look(at: part, options) else { return }
        try block.offer(query, code, to: &candidates)
      }
    }
    return try rescore(query, candidates, runs, count: count, rescored: &rescored)
  }

  /// Finds the nearest groups of the runs for several queries: rows are read once for all.
  ///
  /// A part of the rows, which fits into the second cache, is compared with a tile of queries after
  /// the other. A tile knows the queries by their first planes alone and tells in which blocks there
  /// may be rows that matter; their bounds are then found with both planes. Before a query has a
  /// threshold, it looks at all rows with both.
  func tileSearch(
    _ queries: [PreparedQuery], count: Int, _ runs: [RowRun], _ options: SearchOptions,
    _ bounding: BoundedBlock.Bounding, rescored: inout [Int]
  ) throws(EngineError) -> [[Neighbor]] {
    let total = runs.reduce(0) { $0 + $1.range.count }
    var batch = TiledQueries(
      queries, queries.map(code),
      queries.map { _ in CandidateRows(count, sharesGroups: sharesGroups, rows: total) })
    for (number, run) in runs.enumerated() {
      var block = BoundedBlock(run, number, configuration.metric, bounding)
      try forEachPart(of: run) { part throws(EngineError) in
        guard try block.look(at: part, options) else { return }
        try run.source.withCodes(part) { codes throws(EngineError) in
          try batch.offer(codes, &block)
        }
      }
    }
    var results: [[Neighbor]] = []
    for (number, query) in queries.enumerated() {
      results.append(
        try rescore(
          query, batch.candidates[number], runs, count: count, rescored: &rescored[number]))
    }
    return results
  }

  private func code(of query: PreparedQuery) -> CodeQuery {
    CodeQuery(query.elements.span, euclidean: configuration.metric == .squaredEuclidean)
  }

  /// Bytes of a part: a quarter of a second-level cache of a megabyte.
  private static let bytesOfPart = 256 << 10

  private func forEachPart(
    of run: RowRun, _ body: (Range<Int>) throws(EngineError) -> Void
  ) throws(EngineError) {
    let length = CodeLayout(dimension: configuration.dimension).blockLength
    let size = max(1, min(LaneMasks.capacity, Self.bytesOfPart / length))
    let blocks = CodeLayout.blocks(run.range)
    for start in stride(from: blocks.lowerBound, to: blocks.upperBound, by: size) {
      try body(start..<min(start + size, blocks.upperBound))
    }
  }
}

/// The queries of a batch in tiles, with what each has found.
private struct TiledQueries {
  private let queries: [PreparedQuery]
  private let codes: [CodeQuery]
  private let tiles: [CodeTile]
  private(set) var candidates: [CandidateRows]

  init(_ queries: [PreparedQuery], _ codes: [CodeQuery], _ candidates: [CandidateRows]) {
    self.queries = queries
    self.codes = codes
    self.candidates = candidates
    tiles = stride(from: 0, to: codes.count, by: CodeTile.largestCount).map {
      CodeTile(codes[$0..<min($0 + CodeTile.largestCount, codes.count)])
    }
  }

  /// Considers the rows of a part for every query.
  mutating func offer(_ rows: Span<UInt8>, _ block: inout BoundedBlock) throws(EngineError) {
    for (number, tile) in tiles.enumerated() {
      let first = number * CodeTile.largestCount
      var thresholds = InlineArray<6, Float>(repeating: -.infinity)
      var areSettled = !block.gathers
      for query in 0..<tile.count {
        thresholds[query] = candidates[first + query].threshold
        if thresholds[query] == -.infinity { areSettled = false }
      }
      guard areSettled else {
        for query in first..<(first + tile.count) {
          try block.offer(queries[query], codes[query], to: &candidates[query])
        }
        continue
      }
      for i in 0..<tile.look(at: rows, thresholds: thresholds.span) {
        let hit = tile.hit(i)
        try block.offer(
          hit.block, hit.lanes, codes[first + hit.query], to: &candidates[first + hit.query])
      }
    }
  }
}
