internal import VectorKernels

/// Batches through matrix products: the rows are read once for all queries of a scope.
///
/// The products only say which rows could matter. BLAS sums in an order of its own, so its scores
/// differ from the canonical ones; but both are sums of the same products, and the distance of any
/// two such sums is bounded (Higham, "Accuracy and Stability of Numerical Algorithms", 2nd ed.,
/// §3.1): |fl(Σ xᵢqᵢ) − Σ xᵢqᵢ| ≤ γ_d · Σ |xᵢqᵢ| ≤ γ_d · ‖x‖‖q‖ with γ_n = nu/(1 − nu), u = 2⁻²⁴, for
/// every order of summation, with or without fused operations. With ε twice that, a row among the
/// best `count` by canonical score has a product of at least (the count-th best product) − 2ε: were
/// it less, `count` groups would have canonical scores above its own. In other words, product − ε and
/// product + ε bound the score, and what is done with bounds of codes is done with these: results are
/// those of a scan, bit for bit.
extension VectorSnapshot {
  /// Rows and queries of one product: 512 KiB of scores, half of a second-level cache.
  private static let rowsOfBlock = 512
  private static let queriesOfBlock = 256

  /// Answers all queries and says for each how many rows were scored a second time.
  func blasSearch(
    _ queries: [PreparedQuery], count: Int, _ runs: [RowRun], _ options: SearchOptions,
    rescored: inout [Int]
  ) throws(EngineError) -> [[Neighbor]] {
    let largest = runs.map(\.largestSquaredNorm).max() ?? 0
    var results: [[Neighbor]] = []
    for first in stride(from: 0, to: queries.count, by: Self.queriesOfBlock) {
      let block = queries[first..<min(first + Self.queriesOfBlock, queries.count)]
      let total = runs.reduce(0) { $0 + $1.range.count }
      var candidates = block.map { _ in
        CandidateRows(count, sharesGroups: sharesGroups, rows: total)
      }
      var bounds = block.map { ProductBounds(margin: margin($0, largest)) }
      let matrix = block.flatMap(\.elements)
      var products = [Float](repeating: 0, count: block.count * Self.rowsOfBlock)
      for (number, run) in runs.enumerated() {
        try forEachBlock(of: run, options) { rows throws(EngineError) in
          try multiply(matrix, run, rows, block, into: &products)
          for query in candidates.indices {
            let scores = products.span.extracting((query * rows.count)..<((query + 1) * rows.count))
            try bounds[query].offer(scores, rows, of: run, number, to: &candidates[query])
          }
        }
      }
      for (query, candidates) in zip(block, candidates) {
        var number = 0
        let found = try rescore(query, candidates, runs, count: count, rescored: &number)
        rescored[results.count] = number
        results.append(found)
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
    // A squared norm that is 0 in fp32 may have been anything up to half of its smallest number.
    let row = Double(max(largestSquaredNorm, .leastNonzeroMagnitude)).squareRoot() * (1 + 0x1p-20)
    let norm = Double(max(query.squaredNorm, .leastNonzeroMagnitude)).squareRoot() * (1 + 0x1p-20)
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
}

/// Products of one query with a block of rows, as bounds of scores.
private struct ProductBounds {
  private let kernels = RowKernels()
  private let margin: Double
  /// NaN but for the rows that could matter.
  private var lowers = [Float](repeating: .nan, count: rowsOfBlock)
  private var uppers = [Float](repeating: .nan, count: rowsOfBlock)
  private static let rowsOfBlock = 512

  init(margin: Double) { self.margin = margin }

  mutating func offer(
    _ products: Span<Float>, _ rows: Range<Int>, of run: RowRun, _ number: Int,
    to candidates: inout CandidateRows
  ) throws(EngineError) {
    let limit = Float(Double(candidates.threshold) - margin).nextDown
    var positions = InlineArray<512, UInt32>(repeating: 0)
    var room = positions.mutableSpan
    let found = kernels.positions(of: products, atLeast: limit, into: &room)
    guard found > 0 else { return }
    let chosen = (0..<found).map { Int(positions[$0]) }
    for position in chosen {
      lowers[position] = Float(Double(products[position]) - margin).nextDown
      uppers[position] = Float(Double(products[position]) + margin).nextUp
    }
    var other = positions.mutableSpan
    try candidates.offer(
      lowers: lowers.span.extracting(0..<rows.count),
      uppers: uppers.span.extracting(0..<rows.count), first: rows.lowerBound, of: run,
      number: number, positions: &other)
    for position in chosen {
      lowers[position] = .nan
      uppers[position] = .nan
    }
  }
}
