internal import VectorKernels

extension VectorSnapshot {
  /// Finds the nearest groups of a scope.
  ///
  /// - Parameters:
  ///   - query: `dimension` elements.
  ///   - count: how many groups are wanted, 0 or more.
  ///   - scope: where to look.
  ///   - options: filters, evaluated inside the scan.
  /// - Returns: min(`count`, groups in scope that pass the filters) neighbours, one for each group,
  ///   by score descending, then id ascending.
  /// - Complexity: O(rows in scope × `dimension`), whatever the total.
  /// - Throws: `invalidArgument` for a query of another dimension, with NaN or infinity, or without
  ///   a direction under the cosine; `corrupt` when a file is damaged.
  public func search(
    _ query: Span<Float>, count: Int, in scope: SearchScope = .everything,
    _ options: SearchOptions = SearchOptions()
  ) throws(EngineError) -> [Neighbor] {
    let prepared = try prepare(query, count: count, name: "The query")
    guard count > 0 else { return [] }
    let runs = try runs(in: scope)
    if options.path == .blas {
      return try blasSearch([prepared], count: count, runs, options)[0]
    }
    return try scan(prepared.elements.span, count: count, runs, options)
  }

  /// Finds the nearest groups of a scope; see `search(_:count:in:_:)` above.
  public func search(
    _ query: [Float], count: Int, in scope: SearchScope = .everything,
    _ options: SearchOptions = SearchOptions()
  ) throws(EngineError) -> [Neighbor] {
    try search(query.span, count: count, in: scope, options)
  }

  /// Finds the nearest groups for several queries at once, each in the same scope.
  ///
  /// - Parameter queries: `n × dimension` elements, row-major.
  /// - Returns: the results of each query, in the order of the queries; the same as one by one.
  public func search(
    batch queries: Span<Float>, count: Int, in scope: SearchScope = .everything,
    _ options: SearchOptions = SearchOptions()
  ) throws(EngineError) -> [[Neighbor]] {
    let number = queries.count / configuration.dimension
    return try search(
      batch: queries, count: count, in: Array(repeating: scope, count: number), options)
  }

  /// Finds the nearest groups for several queries at once, each in a scope of its own.
  ///
  /// Queries of the same scope are answered together: the rows are read once for all of them.
  ///
  /// - Parameters:
  ///   - queries: `n × dimension` elements, row-major.
  ///   - scopes: one for each query.
  /// - Returns: the results of each query, in the order of the queries; the same as one by one.
  public func search(
    batch queries: Span<Float>, count: Int, in scopes: [SearchScope],
    _ options: SearchOptions = SearchOptions()
  ) throws(EngineError) -> [[Neighbor]] {
    let prepared = try prepare(batch: queries, count: count, scopes)
    var results = [[Neighbor]](repeating: [], count: scopes.count)
    guard count > 0 else { return results }
    for (scope, members) in Dictionary(grouping: scopes.indices, by: { scopes[$0] }) {
      let runs = try runs(in: scope)
      let found = try answer(members.map { prepared[$0] }, count: count, runs, options)
      for (member, neighbors) in zip(members, found) { results[member] = neighbors }
    }
    return results
  }

  /// Finds the nearest groups for several queries at once; see `search(batch:count:in:_:)` above.
  public func search(
    batch queries: [Float], count: Int, in scopes: [SearchScope],
    _ options: SearchOptions = SearchOptions()
  ) throws(EngineError) -> [[Neighbor]] {
    try search(batch: queries.span, count: count, in: scopes, options)
  }

  /// A matrix product reads the rows once for many queries, but pays for copying them into BLAS's
  /// own layout; below this many queries, or with a filter (which may leave few rows), scanning wins.
  private static let fewestQueriesForBLAS = 4

  private func answer(
    _ queries: [PreparedQuery], count: Int, _ runs: [RowRun], _ options: SearchOptions
  ) throws(EngineError) -> [[Neighbor]] {
    if usesBLAS(queries: queries.count, options) {
      return try blasSearch(queries, count: count, runs, options)
    }
    var results: [[Neighbor]] = []
    for query in queries {
      results.append(try scan(query.elements.span, count: count, runs, options))
    }
    return results
  }

  /// Whether so many queries over the same rows are answered by matrix products.
  func usesBLAS(queries: Int, _ options: SearchOptions) -> Bool {
    switch options.path {
    case .blas: true
    case .scan: false
    case .automatic: queries >= Self.fewestQueriesForBLAS && !options.filters
    }
  }

  func prepare(
    batch queries: Span<Float>, count: Int, _ scopes: [SearchScope]
  ) throws(EngineError) -> [PreparedQuery] {
    let dimension = configuration.dimension
    guard queries.count == scopes.count * dimension else {
      throw EngineError(
        .invalidArgument,
        "\(scopes.count) queries of dimension \(dimension) have \(scopes.count * dimension) "
          + "elements; there are \(queries.count).")
    }
    var prepared: [PreparedQuery] = []
    for i in scopes.indices {
      let query = queries.extracting((i * dimension)..<((i + 1) * dimension))
      prepared.append(try prepare(query, count: count, name: "Query \(i)"))
    }
    return prepared
  }

  private func prepare(
    _ query: Span<Float>, count: Int, name: @autoclosure () -> String
  ) throws(EngineError) -> PreparedQuery {
    guard count >= 0 else {
      throw EngineError(.invalidArgument, "A search finds 0 or more groups, not \(count).")
    }
    guard query.count == configuration.dimension else {
      throw EngineError(
        .invalidArgument,
        "\(name()) has \(query.count) elements; the collection's dimension is "
          + "\(configuration.dimension).")
    }
    var elements: [Float] = []
    elements.reserveCapacity(query.count)
    let squaredNorm = try configuration.metric.prepare(query, into: &elements, name: name())
    return PreparedQuery(elements: elements, squaredNorm: squaredNorm)
  }
}

/// A query in the form in which it is compared with rows.
struct PreparedQuery: Sendable {
  let elements: [Float]
  let squaredNorm: Float
}

// MARK: - Scanning

extension VectorSnapshot {
  /// How many rows are scored before their scores are looked at: 2 KiB of scores, which stay in the
  /// first cache.
  private static let rowsOfBlock = 512

  /// Scores every row of the runs with the canonical kernel.
  func scan(
    _ query: Span<Float>, count: Int, _ runs: [RowRun], _ options: SearchOptions
  ) throws(EngineError) -> [Neighbor] {
    let scorer = CanonicalScorer(configuration.metric)
    var best = TopGroups(count, sharesGroups: sharesGroups)
    var scores = [Float](repeating: 0, count: Self.rowsOfBlock)
    var positions = [UInt32](repeating: 0, count: Self.rowsOfBlock)
    for run in runs {
      try run.forEachLiveRange(options) { rows throws(EngineError) in
        for start in stride(from: rows.lowerBound, to: rows.upperBound, by: Self.rowsOfBlock) {
          let block = start..<min(start + Self.rowsOfBlock, rows.upperBound)
          try run.source.withVectors(block) { vectors throws(EngineError) in
            scorer.score(query, vectors, into: &scores)
          }
          let found = scorer.kernels.positions(
            of: scores.span.extracting(0..<block.count), atLeast: best.threshold, into: &positions)
          for i in 0..<found {
            let position = Int(positions[i])
            best.offer(try run.neighbor(start + position, score: scores[position]))
          }
        }
      }
    }
    return best.sorted()
  }
}

/// Scores rows with the canonical kernel, by the convention that greater is closer.
struct CanonicalScorer {
  let kernels = RowKernels()
  private let metric: Metric

  init(_ metric: Metric) { self.metric = metric }

  /// Writes the scores of the rows to the front of an array that has room for them.
  func score(_ query: Span<Float>, _ rows: Span<Float>, into scores: inout [Float]) {
    var target = scores.mutableSpan
    switch metric {
    case .cosine, .innerProduct: kernels.innerProducts(of: query, with: rows, into: &target)
    case .squaredEuclidean:
      kernels.squaredDistances(of: query, with: rows, into: &target)
      for i in 0..<(rows.count / query.count) { target[i] = -target[i] }
    }
  }
}
