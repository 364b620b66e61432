import Foundation
import TestSupport
import Testing
import VectorEngine
import VectorKernels

/// Collections made to break the certified paths, and what an exhaustive canonical scan finds there.
///
/// The scores of one query against all rows are computed once, by the scalar kernel, and serve many
/// searches: other counts, scopes, filters, paths and places.
private struct Trial {
  struct Row {
    let id: UInt64
    let group: UInt64
    let session: String
    let time: Int64
    let vector: [Float]
  }

  struct Question {
    var count: Int
    var session: String?
    var options: SearchOptions
  }

  let metric: Metric
  let dimension: Int
  private(set) var rows: [Row] = []
  private(set) var places: [VectorCollection] = []
  private var generator: SeededGenerator
  private var vectors: TrickyVectors

  init(_ seed: UInt64, folder: URL?) throws {
    generator = SeededGenerator(seed: seed)
    metric = Metric.allCases.randomElement(using: &generator)!
    dimension = Self.dimension(&generator)
    vectors = TrickyVectors(seed: seed ^ 0xC0DE, dimension: dimension)
    let sizes = [1...40, 41...120, 121...700]
    let count = Int.random(
      in: dimension > 1000 ? 1...60 : sizes.randomElement(using: &generator)!, using: &generator)
    let sharesGroups = Bool.random(using: &generator)
    for number in 0..<count {
      let id = UInt64(number) &* 7919 % 65_536
      rows.append(
        Row(
          id: id, group: sharesGroups ? id / 5 : id,
          session: "s\(Int.random(in: 0..<3, using: &generator))",
          time: Int64.random(in: 0..<100, using: &generator), vector: vector()))
    }
    try store(folder)
  }

  private static func dimension(_ generator: inout SeededGenerator) -> Int {
    switch Int.random(in: 0..<40, using: &generator) {
    case 0: [256, 384, 768].randomElement(using: &generator)!
    case 1: [1024, 1536, 3072].randomElement(using: &generator)!
    default: Int.random(in: 1...130, using: &generator)
    }
  }

  private mutating func vector() -> [Float] {
    if metric != .cosine {
      switch Int.random(in: 0..<30, using: &generator) {
      case 0: return [Float](repeating: 0, count: dimension)
      case 1:
        return (0..<dimension).map { _ in
          Float(Int.random(in: -9...9, using: &generator)) * .leastNonzeroMagnitude
        }
      case 3, 4:
        // Lengths that no float can square, too.
        let scale = Float(
          sign: .plus, exponent: Int.random(in: -149...40, using: &generator), significand: 1)
        return generator.vector(dimension).map { $0 * scale }
      case 2:
        let long = generator.vector(dimension)
        let scale = 0.999e15 / RowKernels.squaredNorm(long.span).squareRoot()
        return long.map { Float(Double($0) * scale) }
      default: break
      }
    }
    return vectors.next()
  }

  private mutating func store(_ folder: URL?) throws {
    let configuration = try VectorCollection.Configuration(dimension: dimension, metric: metric)
    places.append(VectorCollection(configuration))
    if let folder { places.append(try VectorCollection(at: folder, configuration)) }
    let doomed = rows.filter { _ in Int.random(in: 0..<5, using: &generator) == 0 }
    let half = rows.count / 2
    for (number, place) in places.enumerated() {
      for part in [rows[..<half], rows[half...]] {
        try place.upsert(
          VectorBatch(
            ids: part.map(\.id), groups: part.map(\.group),
            scopes: part.map { RowScope(user: "u", session: $0.session) },
            times: part.map(\.time), rows: part.flatMap(\.vector)))
        if number == 1, part.startIndex == 0 { try place.flush() }
      }
      _ = try place.remove(ids: doomed.map(\.id))
      if number == 1 { try place.flush() }
    }
    let dead = Set(doomed.map(\.id))
    rows.removeAll { dead.contains($0.id) }
  }

  mutating func queries() -> [[Float]] {
    (0..<Int.random(in: 1...9, using: &generator)).map { _ in query() }
  }

  private mutating func query() -> [Float] {
    guard let row = rows.randomElement(using: &generator) else { return vectors.next() }
    switch Int.random(in: 0..<4, using: &generator) {
    case 0: return row.vector
    case 1: return restOfCode(row.vector)
    default: return vector()
    }
  }

  /// The direction in which the code of a row is most wrong.
  private func restOfCode(_ vector: [Float]) -> [Float] {
    let largest = vector.map(abs).max() ?? 0
    guard largest > 1e-10 else { return vectors(like: vector) }
    let step = Double(largest) / 127
    let rest = vector.map { Float(Double($0) - (Double($0) / step).rounded() * step) }
    return RowKernels.squaredNorm(rest.span) > 1e-20 ? rest : vector
  }

  private func vectors(like vector: [Float]) -> [Float] {
    metric == .cosine ? [1] + [Float](repeating: 0, count: dimension - 1) : vector
  }

  mutating func question() -> Question {
    let counts = [1, 2, 3, 10, 10, 50, rows.count - 1, rows.count, rows.count + 5, 1000]
    var question = Question(
      count: max(1, counts.randomElement(using: &generator)!), session: nil,
      options: SearchOptions(path: SearchOptions.Path.allCases.randomElement(using: &generator)!))
    if Int.random(in: 0..<4, using: &generator) == 0 {
      question.session = "s\(Int.random(in: 0..<4, using: &generator))"
    }
    if Int.random(in: 0..<4, using: &generator) == 0 {
      let share = Int.random(in: 1...30, using: &generator)
      question.options.ids = IDSet(
        rows.filter { _ in Int.random(in: 0..<share, using: &generator) == 0 }.map(\.id) + [3])
    }
    if Int.random(in: 0..<4, using: &generator) == 0 {
      let start = Int64.random(in: 0..<100, using: &generator)
      question.options.times = start...(start + 40)
    }
    return question
  }

  /// The score of each row, by the scalar kernel.
  func scores(_ query: [Float]) -> [Float] {
    let query = prepared(query)
    return rows.map { row in
      var score: [Float] = [0]
      var target = score.mutableSpan
      let vector = prepared(row.vector)
      if metric == .squaredEuclidean {
        RowKernels(.scalar).squaredDistances(of: query.span, with: vector.span, into: &target)
        return -score[0]
      }
      RowKernels(.scalar).innerProducts(of: query.span, with: vector.span, into: &target)
      return score[0]
    }
  }

  private func prepared(_ vector: [Float]) -> [Float] {
    guard metric == .cosine else { return vector }
    let norm = RowKernels.squaredNorm(vector.span).squareRoot()
    return vector.map { Float(Double($0) / norm) }
  }

  func expected(_ scores: [Float], _ question: Question) -> [Neighbor] {
    var found: [Neighbor] = []
    for (row, score) in zip(rows, scores) {
      if let session = question.session, session != row.session { continue }
      if let ids = question.options.ids, !ids.contains(row.id) { continue }
      if let times = question.options.times, !times.contains(row.time) { continue }
      found.append(Neighbor(id: row.id, group: row.group, score: score))
    }
    found.sort { $0.score != $1.score ? $0.score > $1.score : $0.id < $1.id }
    var seen: Set<UInt64> = []
    return Array(found.filter { seen.insert($0.group).inserted }.prefix(question.count))
  }
}

@Suite struct CertifiedSearchTests {
  /// `RECOLLECT_TEST_EXACT_SEARCHES` searches, `RECOLLECT_TEST_EXACT_SEED` the first seed.
  @Test func `every path finds what an exhaustive canonical scan finds, bit for bit`() throws {
    let environment = ProcessInfo.processInfo.environment
    let wanted = Int(environment["RECOLLECT_TEST_EXACT_SEARCHES"] ?? "") ?? 20_000
    let first = UInt64(environment["RECOLLECT_TEST_EXACT_SEED"] ?? "") ?? 1
    var searches = 0
    var seed = first
    while searches < wanted {
      let directory = try TemporaryDirectory()
      // Files take time: a place on disk for every fourth trial.
      let folder = seed % 4 == 0 ? directory.url.appendingPathComponent("index") : nil
      var trial = try Trial(seed, folder: folder)
      let snapshots = trial.places.map { $0.snapshot() }
      for _ in 0..<8 {
        let queries = trial.queries()
        let scores = queries.map(trial.scores)
        for _ in 0..<12 {
          let question = trial.question()
          let scope: SearchScope =
            question.session.map { .session(user: "u", session: $0) } ?? .user("u")
          let expected = scores.map { trial.expected($0, question) }
          for snapshot in snapshots {
            let found = try snapshot.search(
              batch: queries.flatMap { $0 }, count: question.count,
              in: queries.map { _ in scope }, question.options)
            searches += queries.count
            guard !same(found, expected) else { continue }
            Issue.record(
              """
              seed \(seed): \(trial.metric), dimension \(trial.dimension), \(trial.rows.count) rows, \
              \(queries.count) queries, path \(question.options.path), count \(question.count)
              """)
            return
          }
        }
      }
      seed += 1
    }
    if wanted > 100_000 { print("\(searches) searches, seeds \(first)…\(seed - 1)") }
  }

  private func same(_ a: [[Neighbor]], _ b: [[Neighbor]]) -> Bool {
    guard a.count == b.count else { return false }
    return zip(a, b).allSatisfy { a, b in
      a.count == b.count
        && zip(a, b).allSatisfy {
          $0.id == $1.id && $0.group == $1.group && $0.score.bitPattern == $1.score.bitPattern
        }
    }
  }

  /// Squared norms that are 0 in fp32 are no norms of 0.
  @Test(arguments: [(-80, 0), (0, -80), (-80, 43), (-140, 40)])
  func `rows and queries too short to be squared are told apart`(row: Int, query: Int) throws {
    func scaled(_ exponent: Int, _ vector: [Float]) -> [Float] {
      vector.map { $0 * Float(sign: .plus, exponent: exponent, significand: 1) }
    }
    var generator = SeededGenerator(seed: UInt64(200 + query))
    for dimension in [2, 384] {
      for _ in 0..<40 {
        let centre = generator.vector(dimension)
        var rows: [Float] = []
        for _ in 0..<60 {
          var near = centre
          let place = Int.random(in: 0..<dimension, using: &generator)
          near[place] = near[place].nextUp
          rows += scaled(row, near)
        }
        let collection = VectorCollection(
          try .init(dimension: dimension, metric: .innerProduct))
        try collection.upsert(
          VectorBatch(
            ids: (0..<60).map { UInt64($0) }, scopes: (0..<60).map { _ in RowScope(user: "u") },
            rows: rows))
        let asked = scaled(query, generator.vector(dimension))
        let expected = try collection.search(asked, count: 5, in: .everything, .init(path: .scan))
        for path in SearchOptions.Path.allCases {
          #expect(
            try collection.search(asked, count: 5, in: .everything, .init(path: path)) == expected,
            "\(path), dimension \(dimension)")
        }
      }
    }
  }

  /// A row whose code is wrong exactly where the query points is worth more than its code says; rows
  /// whose codes are exact lie just below its true score.
  @Test(arguments: [2, 8, 33, 64, 384])
  func `the row that its code underestimates most is found`(dimension: Int) throws {
    var generator = SeededGenerator(seed: UInt64(dimension))
    for round in 0..<50 {
      let row = generator.vector(dimension)
      let step = Double(row.map(abs).max()!) / 127
      let code = row.map { (Double($0) / step).rounded() }
      let both = zip(row, code).reduce(0.0) { $0 + Double($1.0) * $1.1 }
      let scale = Double(Float(both / code.reduce(0) { $0 + $1 * $1 }))
      let query = zip(row, code).map { Float((Double($0) - scale * $1) * 1000) }
      let score = zip(row, query).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
      let gained = query.reduce(0.0) { $0 + Double($1) * Double($1) } / 1000
      guard gained > 1e-4 * max(1, abs(score)) else { continue }
      var rows = row
      for filler in 1...20 {
        let exact = (0..<dimension).map { _ in Double(Int.random(in: -127...127, using: &generator))
        }
        let own = zip(exact, query).reduce(0.0) { $0 + $1.0 * Double($1.1) }
        let target = score - gained * Double(filler) * 0.04
        rows += exact.map { Float(abs(own) > 1 ? $0 * target / own : 0) }
      }
      let collection = VectorCollection(try .init(dimension: dimension, metric: .innerProduct))
      try collection.upsert(
        VectorBatch(
          ids: (0..<21).map { UInt64(100 - $0) }, scopes: (0..<21).map { _ in RowScope(user: "u") },
          rows: rows))
      for path in SearchOptions.Path.allCases {
        let found = try collection.search(
          query, count: 1, in: .everything, SearchOptions(path: path))
        #expect(found.map(\.id) == [100], "round \(round), \(path)")
      }
    }
  }

  @Test func `threads find the same, also when rows tie, are deleted or share groups`() throws {
    var generator = SeededGenerator(seed: 21)
    let collection = VectorCollection(try .init(dimension: 3, metric: .innerProduct))
    // Small integers: thousands of rows tie.
    for user in 0..<4 as Range<UInt64> {
      let ids = (0..<40_000).map { user * 40_000 + $0 }
      try collection.upsert(
        VectorBatch(
          ids: ids.reversed(), groups: ids.map { $0 / 3 },
          scopes: ids.map { _ in RowScope(user: "u\(user)") },
          rows: (0..<120_000).map { _ in Float(Int.random(in: -20...20, using: &generator)) }))
    }
    _ = try collection.remove(ids: (0..<160_000).filter { $0 % 7 == 0 })
    let snapshot = collection.snapshot()
    for round in 0..<6 {
      let queries = (0..<27).map { _ in Float(Int.random(in: -5...5, using: &generator)) }
      let scopes = [SearchScope](repeating: .everything, count: 9)
      let count = [1, 10, 300][round % 3]
      let expected = try snapshot.search(
        batch: queries, count: count, in: scopes, SearchOptions(path: .scan))
      for path in [SearchOptions.Path.automatic, .codes, .tiles] {
        for threads in [1, 2, 3, 8] {
          let options = SearchOptions(path: path, threads: threads)
          let batch = try snapshot.search(batch: queries, count: count, in: scopes, options)
          #expect(batch == expected, "round \(round), \(path), \(threads) threads")
          let single = try snapshot.search(
            Array(queries[0..<3]), count: count, in: .everything, options)
          #expect(single == expected[0], "round \(round), \(path), \(threads) threads")
        }
      }
    }
  }

  /// Large sealed files of rows with few directions have prefixes.
  @Test(arguments: Metric.allCases)
  func `a sealed file with prefixes is searched through them and finds the same`(
    metric: Metric
  ) throws {
    var generator = SeededGenerator(seed: 41)
    let directory = try TemporaryDirectory()
    let (dimension, rows) = (128, 33_000)
    let collection = try VectorCollection(
      at: directory.url, .init(dimension: dimension, metric: metric))
    func vector() -> [Float] {
      let plain = generator.vector(dimension)
      return plain.indices.map { plain[$0] / Float(1 + $0 / 2) }
    }
    let copied = vector()
    try collection.upsert(
      VectorBatch(
        ids: (0..<UInt64(rows)).reversed(), groups: (0..<UInt64(rows)).map { $0 / 2 },
        scopes: (0..<rows).map { _ in RowScope(user: "u") }, times: (0..<Int64(rows)).map { $0 },
        rows: (0..<rows).flatMap { $0 % 1000 == 0 ? copied : vector() }))
    try collection.flush()
    _ = try collection.remove(ids: (0..<UInt64(rows)).filter { $0 % 11 == 0 })
    #expect(try (collection.inspection().bytes["prefixes"] ?? 0) > rows * 32)
    let snapshot = try VectorCollection(opening: directory.url).snapshot()
    try collection.flush()
    for snapshot in [snapshot, collection.snapshot()] {
      let queries = (0..<8).flatMap { _ in vector() } + copied
      let scopes = [SearchScope](repeating: .user("u"), count: 9)
      let filters = [SearchOptions(), SearchOptions(times: 500...20_000)]
      for (count, filter) in zip([10, 1, 200], filters + [SearchOptions()]) {
        var options = filter
        options.path = .scan
        let expected = try snapshot.search(batch: queries, count: count, in: scopes, options)
        for (path, threads) in [(SearchOptions.Path.prefixes, 1), (.prefixes, 3), (.automatic, 1)] {
          options.path = path
          options.threads = threads
          let batch = try snapshot.search(batch: queries, count: count, in: scopes, options)
          #expect(batch == expected, "\(count), \(path), \(threads) threads")
          let one = Array(queries[0..<dimension])
          let single = try snapshot.search(one, count: count, in: .user("u"), options)
          #expect(single == expected[0], "\(count), \(path)")
        }
      }
      let report = try snapshot.explain(batch: queries.span, count: 10, in: scopes)
      #expect(report.allSatisfy { $0.rescoredRows < rows / 10 })
      guard InstructionSet.detected != .scalar else { continue }
      #expect(report.allSatisfy { $0.path == .prefixes })
    }
  }
}
