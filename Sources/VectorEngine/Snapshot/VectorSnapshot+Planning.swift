/// Which path answers a search.
extension VectorSnapshot {
  /// Rows of a scope that are read in full rather than bounded first: bounding them would take about
  /// as long, and most of them would be read all the same. So would a few times the wanted number.
  private static let rowsForScanning = 48
  private static let scannedRowsForOneWanted = 4

  /// A matrix product reads the rows once for many queries, but pays for copying them into BLAS's
  /// own layout; below this many queries, or with a filter (which may leave few rows), others win.
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
    if queries >= Self.fewestQueriesForBLAS && !options.filters { return .blas }
    return .codes
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
    if path == .blas {
      return try blasSearch(queries, count: count, runs, options, rescored: &rescored)
    }
    let bounding: Bounding =
      if options.path == .automatic { .automatic } else { path == .gather ? .canonical : .codes }
    var results: [[Neighbor]] = []
    for (number, query) in queries.enumerated() {
      results.append(
        path == .scan
          ? try scan(query.elements.span, count: count, runs, options)
          : try codeSearch(
            query, count: count, runs, options, bounding, rescored: &rescored[number]))
    }
    return results
  }
}
