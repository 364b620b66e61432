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
  private let euclidean: Bool
  /// For each tile that of the prefixes of the source that is looked at; none without.
  private var prefixTiles: [PrefixTile] = []

  /// - Parameters:
  ///   - isTiled: whether queries are compared with rows together; otherwise one after the other.
  ///   - candidates: for each query, with nothing found.
  init(
    _ queries: [PreparedQuery], isTiled: Bool, _ candidates: [CandidateRows], euclidean: Bool
  ) {
    self.queries = queries
    codes = queries.map { CodeQuery($0.elements.span, euclidean: euclidean) }
    self.candidates = candidates
    self.euclidean = euclidean
    tiles = isTiled ? Self.tiles(codes) : []
  }

  private static func tiles(_ codes: [CodeQuery]) -> [CodeTile] {
    stride(from: 0, to: codes.count, by: CodeTile.largestCount).map {
      CodeTile(codes[$0..<min($0 + CodeTile.largestCount, codes.count)])
    }
  }

  /// Turns to a source, and to its prefixes when they are wanted and there are any.
  mutating func begin(_ source: any RowSource, usesPrefixes: Bool) throws(EngineError) {
    prefixTiles = []
    guard usesPrefixes, let prefixes = source.prefixes else { return }
    let (queries, euclidean) = (queries, euclidean)
    prefixTiles = try source.withBasis { basis in
      var codes: [CodeQuery] = []
      for query in queries {
        codes.append(
          prefixes.code(of: query.elements.span, basis: basis, euclidean: euclidean))
      }
      return Self.tiles(codes).map(PrefixTile.init)
    }
  }

  /// Considers the rows of a part, to which the block has turned, for every query.
  mutating func offer(_ block: inout BoundedBlock) throws(EngineError) {
    if prefixTiles.isEmpty && tiles.isEmpty { return try offer(to: queries.indices, &block) }
    for first in stride(from: 0, to: queries.count, by: CodeTile.largestCount) {
      let members = first..<min(first + CodeTile.largestCount, queries.count)
      let number = first / CodeTile.largestCount
      var thresholds = InlineArray<6, Float>(repeating: -.infinity)
      var areSettled = !block.gathers
      for query in members {
        thresholds[query - first] = candidates[query].threshold
        if candidates[query].threshold == -.infinity { areSettled = false }
      }
      if areSettled, !prefixTiles.isEmpty, prefixTiles[number].isOfUse() {
        var hits = try block.look(
          withPrefixes: prefixTiles[number].tile, thresholds: thresholds.span)
        prefixTiles[number].judge(hits.count, of: members.count * block.blockCount, tiles.isEmpty)
        if !tiles.isEmpty, !hits.isEmpty {
          try block.narrow(&hits, with: tiles[number], thresholds: thresholds.span)
        }
        try offer(hits, first, &block)
      } else if areSettled, !tiles.isEmpty {
        try offer(try block.look(with: tiles[number], thresholds: thresholds.span), first, &block)
      } else {
        try offer(to: members, &block)
      }
    }
  }

  private mutating func offer(
    _ hits: [CodeTile.Hit], _ first: Int, _ block: inout BoundedBlock
  ) throws(EngineError) {
    for hit in hits {
      try block.offer(
        hit.block, hit.lanes, codes[first + hit.query], to: &candidates[first + hit.query])
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

/// A tile of prefixes, and whether it is worth looking with it.
///
/// Where many blocks lead to a second look, at the start, while thresholds are low, or with queries
/// of which the directions see little, it costs more than it saves; then it pauses for some parts,
/// and each time that is found again for twice as many.
private struct PrefixTile: Sendable {
  /// The share of second looks from which on it does not pay, beside a look at all codes by a tile,
  /// and with both planes (measured).
  private static let largestShare = (ofTile: 0.25, ofPlanes: 0.4)
  private static let pauses = 2...32

  let tile: CodeTile
  private var partsToPause = 0
  private var nextPause = pauses.lowerBound

  init(_ tile: CodeTile) { self.tile = tile }

  /// Asked once for each part.
  mutating func isOfUse() -> Bool {
    guard partsToPause > 0 else { return true }
    partsToPause -= 1
    return false
  }

  mutating func judge(_ hits: Int, of looks: Int, _ isWithoutTiles: Bool) {
    let limit = isWithoutTiles ? Self.largestShare.ofPlanes : Self.largestShare.ofTile
    if Double(hits) > limit * Double(looks) {
      partsToPause = nextPause
      nextPause = min(2 * nextPause, Self.pauses.upperBound)
    } else {
      nextPause = Self.pauses.lowerBound
    }
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
