import Foundation
import TestSupport
import VectorEngine
import VectorKernels

/// The oracle: every row in an array, scored by the scalar kernel, sorted whole.
struct ExhaustiveSearch {
  struct Row {
    var id: UInt64
    var group: UInt64
    var scope: RowScope
    var time: Int64
    var vector: [Float]
  }

  let metric: Metric
  private(set) var rows: [Row] = []

  init(_ metric: Metric) { self.metric = metric }

  mutating func upsert(_ batch: VectorBatch, dimension: Int) {
    for i in batch.ids.indices {
      rows.removeAll { $0.id == batch.ids[i] }
      rows.append(
        Row(
          id: batch.ids[i], group: batch.groups[i], scope: batch.scopes[i], time: batch.times[i],
          vector: prepared(Array(batch.rows[(i * dimension)..<((i + 1) * dimension)]))))
    }
  }

  mutating func remove(where condition: (Row) -> Bool) -> Int {
    let before = rows.count
    rows.removeAll(where: condition)
    return before - rows.count
  }

  func search(
    _ query: [Float], count: Int, in scope: SearchScope, _ options: SearchOptions = SearchOptions()
  ) -> [Neighbor] {
    let query = prepared(query)
    var found: [Neighbor] = []
    for row in rows where Self.holds(scope, row.scope) {
      if let ids = options.ids, !ids.contains(row.id) { continue }
      if let times = options.times, !times.contains(row.time) { continue }
      found.append(Neighbor(id: row.id, group: row.group, score: score(query, row.vector)))
    }
    found.sort { $0.score != $1.score ? $0.score > $1.score : $0.id < $1.id }
    var seen: Set<UInt64> = []
    return Array(found.filter { seen.insert($0.group).inserted }.prefix(count))
  }

  static func holds(_ scope: SearchScope, _ row: RowScope) -> Bool {
    func same(_ a: String?, _ b: String?) -> Bool {
      a.map { Array($0.utf8) } == b.map { Array($0.utf8) }
    }
    switch scope {
    case .everything: return true
    case .user(let user): return same(row.user, user)
    case .users(let users): return users.contains { same(row.user, $0) }
    case .session(let user, let session):
      return same(row.user, user) && same(row.session, session)
    case .sessions(let scopes):
      return scopes.contains { same(row.user, $0.user) && same(row.session, $0.session) }
    }
  }

  private func score(_ query: [Float], _ row: [Float]) -> Float {
    var score: [Float] = [0]
    var target = score.mutableSpan
    if metric == .squaredEuclidean {
      RowKernels(.scalar).squaredDistances(of: query.span, with: row.span, into: &target)
      return -score[0]
    }
    RowKernels(.scalar).innerProducts(of: query.span, with: row.span, into: &target)
    return score[0]
  }

  private func prepared(_ vector: [Float]) -> [Float] {
    guard metric == .cosine else { return vector }
    let norm = RowKernels.squaredNorm(vector.span).squareRoot()
    return vector.map { Float(Double($0) / norm) }
  }
}

/// Vectors that make ties and near-ties likely: copies, small changes, few directions.
struct TrickyVectors {
  private var generator: SeededGenerator
  private let dimension: Int
  private var earlier: [[Float]] = []

  init(seed: UInt64, dimension: Int) {
    generator = SeededGenerator(seed: seed)
    self.dimension = dimension
  }

  mutating func next() -> [Float] {
    let choice = Int.random(in: 0..<10, using: &generator)
    var vector: [Float]
    if choice < 2, let copy = earlier.randomElement(using: &generator) {
      vector = copy
    } else if choice < 4, let near = earlier.randomElement(using: &generator) {
      vector = near
      let place = Int.random(in: 0..<dimension, using: &generator)
      vector[place] = vector[place].nextUp
    } else if choice == 4 {
      vector = (0..<dimension).map { _ in Float(Int.random(in: -1...1, using: &generator)) }
      if vector.allSatisfy({ $0 == 0 }) { vector[0] = 1 }
    } else if choice == 5 {
      let scale = Float(
        sign: .plus, exponent: Int.random(in: -40...40, using: &generator), significand: 1)
      vector = generator.vector(dimension).map { $0 * scale }
    } else {
      vector = generator.vector(dimension)
    }
    if RowKernels.squaredNorm(vector.span) < 1e-25 { vector[0] = 1 }
    earlier.append(vector)
    return vector
  }
}
