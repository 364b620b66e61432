import Foundation
import TestSupport
import Testing
import VectorEngine

private let users = ["ana", "ben", "cleo", "Ana", "", "\u{e9}", "e\u{301}"]
private let sessions: [String?] = [nil, "s1", "s2", "s3", ""]

private func bits(_ neighbors: [Neighbor]) -> [String] {
  neighbors.map { "\($0.id)/\($0.group)/\($0.score.bitPattern)" }
}

/// A collection and its oracle, changed alike.
private struct Twins {
  let collection: VectorCollection
  var oracle: ExhaustiveSearch
  let dimension: Int
  var generator: SeededGenerator
  var vectors: TrickyVectors
  var owners: [UInt64: String] = [:]

  init(_ metric: Metric, dimension: Int, seed: UInt64, at url: URL?) throws {
    let configuration = try VectorCollection.Configuration(dimension: dimension, metric: metric)
    collection =
      if let url { try VectorCollection(at: url, configuration) } else {
        VectorCollection(configuration)
      }
    oracle = ExhaustiveSearch(metric)
    self.dimension = dimension
    generator = SeededGenerator(seed: seed)
    vectors = TrickyVectors(seed: seed &+ 1, dimension: dimension)
  }

  mutating func change() throws {
    switch Int.random(in: 0..<10, using: &generator) {
    case 0:
      let ids = (0..<5).map { _ in UInt64.random(in: 0..<400, using: &generator) }
      let expected = oracle.remove { ids.contains($0.id) }
      #expect(try collection.remove(ids: ids) == expected)
    case 1 where Bool.random(using: &generator):
      let scope = scope()
      let expected = oracle.remove { ExhaustiveSearch.holds(scope, $0.scope) }
      #expect(try collection.remove(in: scope) == expected)
    case 2: try collection.flush()
    default: try upsert(Int.random(in: 1...30, using: &generator))
    }
  }

  mutating func upsert(_ count: Int) throws {
    var batch = VectorBatch(ids: [], scopes: [], rows: [])
    for _ in 0..<count {
      let id = UInt64.random(in: 0..<400, using: &generator)
      let user = owners[id] ?? users.randomElement(using: &generator)!
      owners[id] = user
      batch.ids.append(id)
      batch.groups.append(Bool.random(using: &generator) ? id : id / 3)
      batch.scopes.append(
        RowScope(user: user, session: sessions.randomElement(using: &generator)!))
      batch.times.append(Int64.random(in: 0..<50, using: &generator))
      batch.rows += vectors.next()
    }
    try collection.upsert(batch)
    oracle.upsert(batch, dimension: dimension)
  }

  mutating func scope() -> SearchScope {
    let user = users.randomElement(using: &generator)!
    let scopes = (0..<3).map { _ in
      RowScope(
        user: users.randomElement(using: &generator)!,
        session: sessions.randomElement(using: &generator)!)
    }
    switch Int.random(in: 0..<6, using: &generator) {
    case 0: return .everything
    case 1: return .user(user)
    case 2: return .users([user, users.randomElement(using: &generator)!, "nobody", user])
    case 3:
      return .session(user: user, session: ["s1", "s2", ""].randomElement(using: &generator)!)
    case 4: return .sessions(scopes)
    default: return .user("nobody")
    }
  }

  mutating func options() -> SearchOptions {
    var options = SearchOptions()
    if Int.random(in: 0..<3, using: &generator) == 0 {
      let density = [2, 10, 350].randomElement(using: &generator)!
      options.ids = IDSet((0..<density).map { _ in UInt64.random(in: 0..<400, using: &generator) })
    }
    if Int.random(in: 0..<4, using: &generator) == 0 {
      let start = Int64.random(in: 0..<50, using: &generator)
      options.times = start...(start + 15)
    }
    return options
  }
}

@Suite struct ExactnessTests {
  /// The nearest groups by way of the scores of all rows.
  private func nearest(
    _ query: [Float], _ count: Int, in scope: SearchScope, _ snapshot: VectorSnapshot
  ) throws -> [Neighbor] {
    let rows = try #require(try snapshot.scores(of: query, in: scope, limit: 2_000))
    var best: [UInt64: Neighbor] = [:]
    for row in rows {
      if let other = best[row.group], VectorSnapshot.isNearer(other, row) { continue }
      best[row.group] = row
    }
    let nearest = VectorSnapshot.nearest(count, of: Array(best.values))
    let ordered = nearest.sorted { VectorSnapshot.isNearer($0, $1) }
    #expect(nearest.first == ordered.first)
    return ordered
  }

  @Test func `a scope of more rows than are worth it is not looked at`() throws {
    let collection = VectorCollection(try .init(dimension: 2))
    try collection.upsert(
      VectorBatch(
        ids: [1, 2, 3], scopes: (0..<3).map { _ in RowScope(user: "u") }, rows: [1, 0, 0, 1, 1, 1]))
    let snapshot = collection.snapshot()
    #expect(try snapshot.scores(of: [1, 0], in: .user("u"), limit: 2) == nil)
    #expect(try snapshot.scores(of: [1, 0], in: .user("u"), limit: 3)?.count == 3)
    #expect(try snapshot.scores(of: [1, 0], in: .user("v"), limit: 0) == [])
  }

  /// 3 metrics × 4 dimensions × 2 places × (60 rounds × 2 batches × 4 queries) × 2 paths and singles.
  @Test(arguments: Metric.allCases, [1, 7, 48, 384])
  func `scan, BLAS batches and the scalar oracle return the same ids and bit-equal scores`(
    metric: Metric, dimension: Int
  ) throws {
    let directory = try TemporaryDirectory()
    var searches = 0
    for place in [nil, directory.url.appendingPathComponent("index")] {
      let seed = UInt64(dimension * 31 + metric.rawValue.count)
      var twins = try Twins(metric, dimension: dimension, seed: seed, at: place)
      for round in 0..<60 {
        try twins.change()
        let snapshot = twins.collection.snapshot()
        #expect(snapshot.count == twins.oracle.rows.count)
        for _ in 0..<2 {
          let options = twins.options()
          let queries = (0..<4).map { _ in twins.vectors.next() }
          let shared = twins.scope()
          let scopes = queries.map { _ in
            Bool.random(using: &twins.generator) ? shared : twins.scope()
          }
          let count = [1, 3, 10, 1000].randomElement(using: &twins.generator)!
          let expected = zip(queries, scopes).map {
            bits(twins.oracle.search($0, count: count, in: $1, options))
          }
          for path in SearchOptions.Path.allCases {
            var options = options
            options.path = path
            let batch = try snapshot.search(
              batch: queries.flatMap { $0 }, count: count, in: scopes, options)
            #expect(
              batch.map(bits) == expected,
              "\(metric), dimension \(dimension), round \(round), seed \(seed), \(path)")
            searches += queries.count
          }
          for (number, query) in queries.enumerated() {
            let single = try snapshot.search(query, count: count, in: scopes[number], options)
            #expect(bits(single) == expected[number], "round \(round), seed \(seed)")
            if options.ids == nil, options.times == nil {
              let nearest = try nearest(query, count, in: scopes[number], snapshot)
              #expect(bits(nearest) == expected[number], "round \(round), seed \(seed)")
            }
            searches += 1
          }
        }
      }
    }
    #expect(searches >= 1900)  // × 12 cases: more than 20,000
  }

  @Test func `many equal rows beyond the limit are ordered by id on every path`() throws {
    let collection = VectorCollection(try .init(dimension: 3, metric: .innerProduct))
    let ids = (0..<3000).map { UInt64(2999 - $0) }
    try collection.upsert(
      VectorBatch(
        ids: ids, scopes: ids.map { _ in RowScope(user: "u") },
        rows: ids.flatMap { _ in [1, 2, 3] as [Float] }))
    for path in SearchOptions.Path.allCases {
      let found = try collection.snapshot().search(
        [1, 1, 1], count: 5, in: .user("u"), SearchOptions(path: path))
      #expect(found.map(\.id) == [0, 1, 2, 3, 4])
    }
  }

  @Test func `a count beyond the rows gives all of them, and 0 gives none`() throws {
    let collection = VectorCollection(try .init(dimension: 2))
    try collection.upsert(
      VectorBatch(
        ids: [1, 2, 3], groups: [7, 7, 8], scopes: (0..<3).map { _ in RowScope(user: "u") },
        rows: [1, 0, 0, 1, 1, 1]))
    let found = try collection.search([1, 0], count: 100, in: .user("u"))
    #expect(found.map(\.group) == [7, 8])
    #expect(found.map(\.id) == [1, 3])
    #expect(try collection.search([1, 0], count: 0, in: .everything).isEmpty)
    #expect(try collection.search([1, 0], count: 3, in: .user("v")).isEmpty)
  }

  @Test func `twin contents of two users never meet`() throws {
    var generator = SeededGenerator(seed: 9)
    let collection = VectorCollection(try .init(dimension: 16))
    let rows = generator.vector(16 * 200)
    for (user, first) in [("twin", UInt64(0)), ("Twin", 1000)] {
      try collection.upsert(
        VectorBatch(
          ids: (0..<200).map { first + $0 },
          scopes: (0..<200).map { RowScope(user: user, session: "s\($0 % 5)") }, rows: rows))
    }
    for _ in 0..<100 {
      let query = generator.vector(16)
      for path in SearchOptions.Path.allCases {
        let options = SearchOptions(path: path)
        let ours = try collection.snapshot().search(query, count: 300, in: .user("twin"), options)
        let theirs = try collection.snapshot().search(query, count: 300, in: .user("Twin"), options)
        #expect(ours.count == 200 && ours.allSatisfy { $0.id < 1000 })
        #expect(theirs.map(\.id) == ours.map { $0.id + 1000 })
        let session = try collection.snapshot().search(
          query, count: 300, in: .session(user: "twin", session: "s3"), options)
        #expect(session.count == 40 && session.allSatisfy { $0.id % 5 == 3 && $0.id < 1000 })
      }
    }
  }
}
