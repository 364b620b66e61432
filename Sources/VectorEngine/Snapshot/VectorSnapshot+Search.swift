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
    return try answer(prepared, count: count, try runs(in: scope), options)
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
    try configuration.metric.prepare(query, into: &elements, name: name())
    return PreparedQuery(elements: elements)
  }
}

/// A query in the form in which it is compared with rows.
struct PreparedQuery: Sendable {
  let elements: [Float]

  /// Computed each time, because a scan has no need of it.
  var squaredNorm: Float { Float(RowKernels.squaredNorm(elements.span)) }
}

// MARK: - Scanning

extension VectorSnapshot {
  /// Scores every row of the runs with the canonical kernel.
  func scan(
    _ query: Span<Float>, count: Int, _ runs: [RowRun], _ options: SearchOptions
  ) throws(EngineError) -> [Neighbor] {
    let scorer = CanonicalScorer(configuration.metric)
    var best = TopGroups(
      count, sharesGroups: sharesGroups, rows: runs.reduce(0) { $0 + $1.range.count })
    var block = ScoredBlock()
    for run in runs { run.source.expectIDs(run.range, sharesGroups: sharesGroups) }
    for run in runs {
      try run.forEachLiveRange(options) { rows throws(EngineError) in
        for start in stride(from: rows.lowerBound, to: rows.upperBound, by: ScoredBlock.capacity) {
          let rows = start..<min(start + ScoredBlock.capacity, rows.upperBound)
          try block.score(rows, of: run, query, scorer)
          try block.offer(rows, of: run, to: &best, scorer.kernels, sharesGroups)
        }
      }
    }
    return best.sorted()
  }
}

extension VectorSnapshot {
  /// Every row of a scope and its score, in no particular order: what tells the nearest groups and how
  /// near any other is, in one pass.
  ///
  /// - Parameter limit: how many rows are worth reading in full.
  /// - Returns: nil for a scope of more rows.
  package func scores(
    of query: [Float], in scope: SearchScope, limit: Int
  ) throws(EngineError) -> [Neighbor]? {
    let prepared = try prepare(query.span, count: limit, name: "The query")
    let runs = try runs(in: scope)
    let count = runs.reduce(0) { $0 + $1.range.count }
    guard count <= limit else { return nil }
    let scorer = CanonicalScorer(configuration.metric)
    var neighbors: [Neighbor] = []
    neighbors.reserveCapacity(count)
    var block = ScoredBlock()
    for run in runs { run.source.expectIDs(run.range, sharesGroups: sharesGroups) }
    for run in runs {
      try run.forEachLiveRange(SearchOptions()) { rows throws(EngineError) in
        for start in stride(from: rows.lowerBound, to: rows.upperBound, by: ScoredBlock.capacity) {
          let rows = start..<min(start + ScoredBlock.capacity, rows.upperBound)
          try block.score(rows, of: run, prepared.elements.span, scorer)
          try block.add(rows, of: run, to: &neighbors, sharesGroups)
        }
      }
    }
    return neighbors
  }

  /// Whether a row comes before another in the order of results.
  package static func isNearer(_ row: Neighbor, _ other: Neighbor) -> Bool {
    Neighbor.precedes(row, other)
  }

  /// The nearest of some rows, the very nearest first, the others in no particular order.
  package static func nearest(_ count: Int, of neighbors: [Neighbor]) -> [Neighbor] {
    guard count > 0, !neighbors.isEmpty else { return [] }
    var rest = neighbors
    rest.moveFirst(count)
    if rest.count > count { rest.removeLast(rest.count - count) }
    var first = 0
    for place in rest.indices where Neighbor.precedes(rest[place], rest[first]) { first = place }
    rest.swapAt(0, first)
    return rest
  }
}

extension [Neighbor] {
  /// Moves the nearest to the front, in no particular order among themselves.
  ///
  /// - Complexity: O(n) on average (C. A. R. Hoare's "Find").
  fileprivate mutating func moveFirst(_ wanted: Int) {
    guard wanted < count else { return }
    var (low, high) = (0, count - 1)
    while low < high {
      let pivot = self[(low + high) / 2]
      var (left, right) = (low, high)
      while left <= right {
        while Neighbor.precedes(self[left], pivot) { left += 1 }
        while Neighbor.precedes(pivot, self[right]) { right -= 1 }
        guard left <= right else { break }
        swapAt(left, right)
        left += 1
        right -= 1
      }
      if wanted <= right { high = right } else if wanted > left { low = left } else { return }
    }
  }
}

/// Rows whose scores are looked at together.
///
/// Lives on the stack: a search of a small scope takes less time than a few allocations would.
private struct ScoredBlock: ~Copyable {
  /// 2 KiB of scores, which stay in the first cache.
  static let capacity = 512

  private var scores = InlineArray<512, Float>(repeating: 0)
  private var positions = InlineArray<512, UInt32>(repeating: 0)

  /// Scores as many rows as there is room for, or fewer.
  mutating func score(
    _ rows: Range<Int>, of run: RowRun, _ query: Span<Float>, _ scorer: CanonicalScorer
  ) throws(EngineError) {
    try run.source.withVectors(rows) { vectors throws(EngineError) in
      var target = scores.mutableSpan
      scorer.score(query, vectors, into: &target)
    }
  }

  /// Adds the rows and their scores.
  func add(
    _ rows: Range<Int>, of run: RowRun, to neighbors: inout [Neighbor], _ sharesGroups: Bool
  ) throws(EngineError) {
    // Of its own: elements of the block would be copied with all that is around them.
    let scores = self.scores.span
    try run.source.withIDs(rows) { ids throws(EngineError) in
      guard sharesGroups else {
        for row in ids.indices {
          neighbors.append(Neighbor(id: ids[row], group: ids[row], score: scores[row]))
        }
        return
      }
      try run.source.withGroups(rows) { groups in
        for row in ids.indices {
          neighbors.append(Neighbor(id: ids[row], group: groups[row], score: scores[row]))
        }
      }
    }
  }

  /// Offers the rows that reach the threshold.
  mutating func offer(
    _ rows: Range<Int>, of run: RowRun, to best: inout TopGroups, _ kernels: RowKernels,
    _ sharesGroups: Bool
  ) throws(EngineError) {
    var target = positions.mutableSpan
    let found = kernels.positions(
      of: scores.span.extracting(0..<rows.count), atLeast: best.threshold, into: &target)
    guard found > 0 else { return }
    let scores = self.scores.span
    let positions = self.positions.span
    try run.source.withIDs(rows) { ids throws(EngineError) in
      guard sharesGroups else {
        for i in 0..<found {
          let row = Int(positions[i])
          best.offer(Neighbor(id: ids[row], group: ids[row], score: scores[row]))
        }
        return
      }
      try run.source.withGroups(rows) { groups in
        for i in 0..<found {
          let row = Int(positions[i])
          best.offer(Neighbor(id: ids[row], group: groups[row], score: scores[row]))
        }
      }
    }
  }
}

/// Scores rows with the canonical kernel, by the convention that greater is closer.
struct CanonicalScorer {
  let kernels = RowKernels()
  private let metric: Metric

  init(_ metric: Metric) { self.metric = metric }

  /// The score of one row.
  func score(_ query: Span<Float>, _ row: Span<Float>) -> Float {
    var score = InlineArray<1, Float>(repeating: 0)
    var target = score.mutableSpan
    self.score(query, row, into: &target)
    return score[0]
  }

  /// Writes the scores of the rows to the front of a span that has room for them.
  func score(_ query: Span<Float>, _ rows: Span<Float>, into scores: inout MutableSpan<Float>) {
    switch metric {
    case .cosine, .innerProduct: kernels.innerProducts(of: query, with: rows, into: &scores)
    case .squaredEuclidean:
      kernels.squaredDistances(of: query, with: rows, into: &scores)
      for i in 0..<(rows.count / query.count) { scores[i] = -scores[i] }
    }
  }
}
