internal import Records
internal import Retrieval
internal import VectorEngine

/// How near all memories of a small scope are to a query, found in one pass and kept for as long as the
/// transaction that found them: who searches asks for the nearest, and then how near others are.
final class ScopeScores {
  /// Up to so many vectors are read in full; of more, most are told from the nearest by their codes.
  private static let largestScope = 4_000

  private var scope: Scope?
  private var vector: [Float] = []
  private var scores = Scores()

  private struct Scores {
    var positions = KeyTable()
    var candidates: [Candidate] = []
    /// The nearest passage of each.
    var nearest: [Neighbor] = []

    init() {}

    init(_ rows: [Neighbor]) {
      candidates.reserveCapacity(rows.count)
      nearest.reserveCapacity(rows.count)
      positions = KeyTable(capacity: rows.count)
      for row in rows {
        let (position, isNew) = positions.insert(PassageRow(row: row.id).memory)
        if isNew {
          nearest.append(row)
          candidates.append(Self.candidate(row, passageCount: 1))
        } else {
          let count = candidates[position].passageCount + 1
          if VectorSnapshot.isNearer(row, nearest[position]) { nearest[position] = row }
          candidates[position] = Self.candidate(nearest[position], passageCount: count)
        }
      }
    }

    private static func candidate(_ row: Neighbor, passageCount: Int) -> Candidate {
      let passage = PassageRow(row: row.id)
      return Candidate(
        key: MemoryKey(rawValue: passage.memory), score: Double(row.score),
        passage: passage.passage, passageCount: passageCount)
    }

    func candidates(of keys: some Sequence<Int64>) -> [Candidate] {
      var found: [Candidate] = []
      found.reserveCapacity(keys.underestimatedCount)
      for key in keys {
        if let position = positions[key] { found.append(candidates[position]) }
      }
      return found
    }
  }

  /// The nearest memories but for some; nil when the scope is too large to look at all of it.
  func nearest(
    to vector: [Float], count: Int, in scope: Scope, _ place: SearchScope,
    _ vectors: VectorSnapshot, leavingOut expired: Set<UInt64>
  ) throws -> [Candidate]? {
    guard
      let rows = try vectors.scores(of: vector, in: place, limit: Self.largestScope)
    else { return nil }
    let scores = Scores(rows)
    self.scores = scores
    self.scope = scope
    self.vector = vector
    let eligible =
      expired.isEmpty
      ? scores.nearest
      : scores.nearest.filter { !expired.contains(UInt64(PassageRow(row: $0.id).memory)) }
    return scores.candidates(
      of: VectorSnapshot.nearest(count, of: eligible).lazy.map { PassageRow(row: $0.id).memory })
  }

  /// How near memories are; nil unless the scope was looked at with this vector.
  func similarities(of keys: [MemoryKey], to vector: [Float], in scope: Scope) -> [Candidate]? {
    guard scope == self.scope, vector == self.vector else { return nil }
    return scores.candidates(of: keys.lazy.map(\.rawValue))
  }
}
