internal import VectorKernels

/// Which path answers a search.
extension VectorSnapshot {
  /// Rows of a scope that are read in full rather than bounded first. The planes of a query, the bounds
  /// and the candidates scattered over the scope take as long as reading some hundred rows of 384
  /// dimensions in order (measured); and of a few times the wanted number most are read all the same.
  private static let rowsForScanning = 128
  private static let scannedRowsForOneWanted = 4

  /// A matrix product is for machines whose kernels are plain loops: where there are instructions for
  /// bytes, tiles are three times as fast. It pays for copying the rows into BLAS's own layout; below
  /// this many queries, or with a filter (which may leave few rows), others win.
  private static let fewestQueriesForBLAS = 4

  /// The path that so many queries over the same runs take; never `automatic`.
  func path(
    queries: Int, count: Int, _ runs: [RowRun], _ options: SearchOptions
  ) -> SearchOptions.Path {
    guard options.path == .automatic else { return options.path }
    let rows = runs.reduce(0) { $0 + $1.range.count }
    if rows <= max(Self.rowsForScanning, Self.scannedRowsForOneWanted * min(count, rows)) {
      return .scan
    }
    if let ids = options.ids, BoundedBlock.gathers(ids.count, of: rows) { return .gather }
    if InstructionSet.detected == .scalar, queries >= Self.fewestQueriesForBLAS, !options.filters {
      return .blas
    }
    if runs.contains(where: { usesPrefixes($0, options) && $0.source.prefixes != nil }) {
      return .prefixes
    }
    return queries > 1 ? .tiles : .codes
  }

  /// Answers one query.
  func answer(
    _ query: PreparedQuery, count: Int, _ runs: [RowRun], _ options: SearchOptions
  ) throws(EngineError) -> [Neighbor] {
    let path = path(queries: 1, count: count, runs, options)
    if path == .scan { return try scan(query.elements.span, count: count, runs, options) }
    var rescored = [0]
    return try answer([query], count: count, runs, options, path, rescored: &rescored)[0]
  }

  /// Answers queries over the same runs.
  func answer(
    _ queries: [PreparedQuery], count: Int, _ runs: [RowRun], _ options: SearchOptions
  ) throws(EngineError) -> [[Neighbor]] {
    var rescored = [Int](repeating: 0, count: queries.count)
    let path = path(queries: queries.count, count: count, runs, options)
    return try answer(queries, count: count, runs, options, path, rescored: &rescored)
  }

  /// Answers queries over the same runs by a path, and says for each how many rows were scored a
  /// second time.
  func answer(
    _ queries: [PreparedQuery], count: Int, _ runs: [RowRun], _ options: SearchOptions,
    _ path: SearchOptions.Path, rescored: inout [Int]
  ) throws(EngineError) -> [[Neighbor]] {
    let bounding: BoundedBlock.Bounding =
      if options.path == .automatic { .automatic } else { path == .gather ? .canonical : .codes }
    switch path {
    case .blas:
      return try blasSearch(queries, count: count, runs, options, rescored: &rescored)
    case .tiles, .codes, .prefixes, .gather, .automatic:
      return try codeSearch(
        queries, count: count, runs, options, bounding,
        isTiled: path == .tiles || path == .prefixes && queries.count > 1,
        rescored: &rescored)
    case .scan: break
    }
    var results: [[Neighbor]] = []
    for query in queries {
      results.append(try scan(query.elements.span, count: count, runs, options))
    }
    return results
  }
}
