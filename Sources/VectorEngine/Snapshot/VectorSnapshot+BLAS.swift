internal import VectorKernels

/// Batches through matrix products: the rows are read once for all queries of a scope.
///
/// The products only say which rows could matter. BLAS sums in an order of its own, so its scores
/// differ from the canonical ones; but both are sums of the same products, and the distance of any
/// two such sums is bounded (Higham, "Accuracy and Stability of Numerical Algorithms", 2nd ed.,
/// §3.1): |fl(Σ xᵢqᵢ) − Σ xᵢqᵢ| ≤ γ_d · Σ |xᵢqᵢ| ≤ γ_d · ‖x‖‖q‖ with γ_n = nu/(1 − nu), u = 2⁻²⁴, for
/// every order of summation, with or without fused operations. With ε twice that, a row among the
/// best `count` by canonical score has a product of at least (the count-th best product) − 2ε: were
/// it less, `count` groups would have canonical scores above its own. All such rows are scored again
/// canonically, so the results are those of a scan, bit for bit.
extension VectorSnapshot {
  /// Rows and queries of one product: 512 KiB of scores, half of a second-level cache.
  private static let rowsOfBlock = 512
  private static let queriesOfBlock = 256

  /// Answers all queries over the same runs.
  func blasSearch(
    _ queries: [PreparedQuery], count: Int, _ runs: [RowRun], _ options: SearchOptions
  ) throws(EngineError) -> [[Neighbor]] {
    var rescored = [Int](repeating: 0, count: queries.count)
    return try blasSearch(queries, count: count, runs, options, rescored: &rescored)
  }

  /// Answers all queries and says for each how many rows were scored a second time.
  func blasSearch(
    _ queries: [PreparedQuery], count: Int, _ runs: [RowRun], _ options: SearchOptions,
    rescored: inout [Int]
  ) throws(EngineError) -> [[Neighbor]] {
    let largest = runs.map(\.largestSquaredNorm).max() ?? 0
    var results: [[Neighbor]] = []
    for first in stride(from: 0, to: queries.count, by: Self.queriesOfBlock) {
      let block = queries[first..<min(first + Self.queriesOfBlock, queries.count)]
      var candidates = block.map {
        CandidateRows(count, margin: 2 * margin($0, largest), sharesGroups: sharesGroups)
      }
      let matrix = block.flatMap(\.elements)
      var products = [Float](repeating: 0, count: block.count * Self.rowsOfBlock)
      for (number, run) in runs.enumerated() {
        try forEachBlock(of: run, options) { rows throws(EngineError) in
          try multiply(matrix, run, rows, block, into: &products)
          for query in candidates.indices {
            let scores = products.span.extracting((query * rows.count)..<((query + 1) * rows.count))
            try candidates[query].offer(scores, run, number, rows)
          }
        }
      }
      for (query, candidates) in zip(block, candidates) {
        let rows = candidates.kept
        rescored[results.count] = rows.count
        results.append(try rescore(query, rows, runs, count: count))
      }
    }
    return results
  }

  private func forEachBlock(
    of run: RowRun, _ options: SearchOptions,
    _ body: (Range<Int>) throws(EngineError) -> Void
  ) throws(EngineError) {
    try run.forEachLiveRange(options) { rows throws(EngineError) in
      for start in stride(from: rows.lowerBound, to: rows.upperBound, by: Self.rowsOfBlock) {
        try body(start..<min(start + Self.rowsOfBlock, rows.upperBound))
      }
    }
  }

  /// How far a product may be from the canonical score.
  private func margin(_ query: PreparedQuery, _ largestSquaredNorm: Float) -> Double {
    // A few more terms than there are: the roundings of the norms, of the expansion of a distance,
    // and of the difference inside a canonical distance.
    let terms = Double(configuration.dimension + 16)
    let gamma = terms * 0x1p-24 / (1 - terms * 0x1p-24)
    // What products that vanish below the smallest normal number can add up to.
    let underflow = terms * 0x1p-125
    let row = Double(largestSquaredNorm).squareRoot() * (1 + 0x1p-20)
    let norm = Double(query.squaredNorm).squareRoot() * (1 + 0x1p-20)
    switch configuration.metric {
    case .cosine, .innerProduct: return 2 * gamma * row * norm + underflow
    case .squaredEuclidean: return 4 * gamma * (row + norm) * (row + norm) + underflow
    }
  }

  /// Writes the products of each query with each row: `queries × rows`, row-major; for the
  /// Euclidean metric they are expanded to −‖x‖² + 2x·q − ‖q‖².
  private func multiply(
    _ matrix: [Float], _ run: RowRun, _ rows: Range<Int>, _ queries: ArraySlice<PreparedQuery>,
    into products: inout [Float]
  ) throws(EngineError) {
    let euclidean = configuration.metric == .squaredEuclidean
    try run.source.withVectors(rows) { vectors throws(EngineError) in
      var target = products.mutableSpan
      MatrixProduct.multiply(
        matrix.span, transposing: vectors, into: &target, m: queries.count, n: rows.count,
        k: configuration.dimension, alpha: euclidean ? 2 : 1)
    }
    guard euclidean else { return }
    try run.source.withSquaredNorms(rows) { norms throws(EngineError) in
      var target = products.mutableSpan
      for (number, query) in queries.enumerated() {
        let squaredNorm = query.squaredNorm
        for i in 0..<rows.count {
          target[number * rows.count + i] -= norms[i] + squaredNorm
        }
      }
    }
  }

  private func rescore(
    _ query: PreparedQuery, _ rows: [CandidateRows.Row], _ runs: [RowRun], count: Int
  ) throws(EngineError) -> [Neighbor] {
    let scorer = CanonicalScorer(configuration.metric)
    var best = TopGroups(count, sharesGroups: sharesGroups, rows: rows.count)
    var score: [Float] = [0]
    for row in rows {
      let run = runs[Int(row.run)]
      try run.source.withVectors(row.row..<(row.row + 1)) { vector throws(EngineError) in
        var target = score.mutableSpan
        scorer.score(query.elements.span, vector, into: &target)
      }
      best.offer(try run.neighbor(row.row, score: score[0]))
    }
    return best.sorted()
  }
}

/// The rows whose products are within a margin of the `limit`-th best group's.
private struct CandidateRows {
  struct Row {
    let product: Float
    let group: UInt64
    let run: Int
    let row: Int
  }

  private let limit: Int
  private let margin: Double
  private let sharesGroups: Bool
  private var capacity: Int
  private var rows: [Row] = []
  private var threshold = -Float.infinity
  private var positions = [UInt32](repeating: 0, count: 512)

  init(_ limit: Int, margin: Double, sharesGroups: Bool) {
    self.limit = limit
    self.margin = margin
    self.sharesGroups = sharesGroups
    capacity = max(64, 2 * min(limit, 1 << 40))
  }

  var kept: [Row] {
    var settled = self
    settled.settle()
    return settled.rows
  }

  /// Considers the products of a block of live rows.
  mutating func offer(
    _ products: Span<Float>, _ run: RowRun, _ number: Int, _ block: Range<Int>
  ) throws(EngineError) {
    let found = RowKernels().positions(of: products, atLeast: threshold, into: &positions)
    for i in 0..<found {
      let position = Int(positions[i])
      guard products[position] >= threshold else { continue }
      let row = block.lowerBound + position
      let group = try run.source.withGroups(row..<(row + 1)) { groups in groups[0] }
      rows.append(Row(product: products[position], group: group, run: number, row: row))
      if rows.count >= capacity { settle() }
    }
  }

  private mutating func settle() {
    rows.sort { $0.product > $1.product }
    guard let last = productOfLastGroup() else { return grow() }
    // Rounded down, so that the comparison in fp32 keeps everything it must.
    threshold = Float(Double(last) - margin).nextDown
    let limit = threshold
    let kept = rows.partitioningIndex { $0.product < limit }
    rows.removeLast(rows.count - kept)
    grow()
  }

  /// Room for as many again, so that many rows within the margin do not mean a sort for each.
  private mutating func grow() { capacity = max(capacity, 2 * rows.count) }

  /// The product of the best row of the `limit`-th group, when there are so many.
  private func productOfLastGroup() -> Float? {
    guard rows.count >= limit else { return nil }
    guard sharesGroups else { return rows[limit - 1].product }
    var seen: Set<UInt64> = []
    for row in rows where seen.insert(row.group).inserted && seen.count == limit {
      return row.product
    }
    return nil
  }
}

extension [CandidateRows.Row] {
  /// The first position whose row satisfies a condition that no row before a satisfying one fails
  /// to be before.
  fileprivate func partitioningIndex(where isSecond: (CandidateRows.Row) -> Bool) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if isSecond(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
