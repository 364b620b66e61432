internal import Synchronization
internal import VectorKernels

/// The queries of a search through codes, with what each has found in the parts looked at so far.
///
/// Several of these, one for each thread, can look at different parts of the same rows.
struct CodeScan: Sendable {
  private let queries: [PreparedQuery]
  private let codes: [CodeQuery]
  private let tiles: [CodeTile]
  private(set) var candidates: [CandidateRows]

  /// - Parameters:
  ///   - isTiled: whether queries are compared with rows together; otherwise one after the other.
  ///   - candidates: for each query, with nothing found.
  init(
    _ queries: [PreparedQuery], _ codes: [CodeQuery], isTiled: Bool, _ candidates: [CandidateRows]
  ) {
    self.queries = queries
    self.codes = codes
    self.candidates = candidates
    guard isTiled else {
      tiles = []
      return
    }
    tiles = stride(from: 0, to: codes.count, by: CodeTile.largestCount).map {
      CodeTile(codes[$0..<min($0 + CodeTile.largestCount, codes.count)])
    }
  }

  /// Considers the rows of a part, to which the block has turned, for every query.
  mutating func offer(_ block: inout BoundedBlock) throws(EngineError) {
    if tiles.isEmpty { return try offer(to: queries.indices, &block) }
    for (number, tile) in tiles.enumerated() {
      let first = number * CodeTile.largestCount
      var thresholds = InlineArray<6, Float>(repeating: -.infinity)
      var areSettled = !block.gathers
      for query in 0..<tile.count {
        thresholds[query] = candidates[first + query].threshold
        if thresholds[query] == -.infinity { areSettled = false }
      }
      guard areSettled else {
        try offer(to: first..<(first + tile.count), &block)
        continue
      }
      let hits = try block.look(with: tile, thresholds: thresholds.span)
      for i in hits {
        try block.offer(
          i.block, i.lanes, codes[first + i.query], to: &candidates[first + i.query])
      }
    }
  }

  private mutating func offer(
    to members: Range<Int>, _ block: inout BoundedBlock
  ) throws(EngineError) {
    for query in members {
      try block.offer(queries[query], codes[query], to: &candidates[query])
    }
  }

  /// Learns what others have found, and tells them.
  mutating func exchange(_ shared: SharedThresholds) {
    let best = shared.exchange(candidates.map(\.threshold))
    for query in candidates.indices { candidates[query].raise(to: best[query]) }
  }

  /// Takes over what another has found.
  mutating func add(_ other: CodeScan) {
    for query in candidates.indices { candidates[query].add(other.candidates[query]) }
  }
}

/// The thresholds of a search that several threads work at: whatever one of them has reached holds
/// for all.
final class SharedThresholds: Sendable {
  private let values: Mutex<[Float]>

  init(_ count: Int) { values = Mutex([Float](repeating: -.infinity, count: count)) }

  /// Raises the thresholds to these where they are lower, and returns them.
  func exchange(_ own: [Float]) -> [Float] {
    values.withLock { values in
      for i in values.indices { values[i] = max(values[i], own[i]) }
      return values
    }
  }
}
