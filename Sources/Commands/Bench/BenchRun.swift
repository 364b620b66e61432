internal import Foundation
internal import VectorEngine

/// Builds an index of made-up users and measures it; every kind of answer is checked against an
/// exhaustive scan.
struct BenchRun {
  let profile: BenchProfile
  let population: BenchPopulation
  let progress: (String) -> Void

  /// How many neighbours are asked for.
  private static let count = 10
  /// How many answers of each case are held against the scan.
  private static let checked = 20

  /// The cases of one run, in their order.
  func run(at folder: URL) throws -> [BenchResult] {
    let collection = try VectorCollection(
      at: folder, .init(dimension: population.dimension, metric: .cosine))
    var results = [try build(collection)]
    let snapshot = collection.snapshot()
    results.append(try searchEverything(snapshot))
    results.append(try searchEverything(snapshot, batch: 100))
    var generator = BenchGenerator(seed: population.seed &+ 17)
    results.append(
      try searchScopes(snapshot, "search a user, users drawn evenly") { _ in
        Int.random(in: 0..<population.users, using: &generator)
      })
    results.append(
      try searchScopes(snapshot, "search a user, users drawn by their rows") { _ in
        population.user(of: Int.random(in: 0..<population.rows, using: &generator))
      })
    for size in [100, 1_000, 10_000, 100_000] {
      let users = (0..<population.users).filter {
        let count = population.rows(of: $0).count
        return count * 5 >= size * 4 && count * 4 <= size * 5
      }
      guard !users.isEmpty else { continue }
      results.append(
        try searchScopes(
          snapshot, "search a user of about \(size) rows",
          searches: size < 10_000 ? profile.searches : profile.fullSearches
        ) { users[$0 % users.count] })
    }
    results.append(try searchSessions(snapshot))
    results.append(try add(collection))
    results.append(try remove(collection))
    return results
  }

  // MARK: Building

  private static let rowsOfBatch = 16_384

  private func build(_ collection: VectorCollection) throws -> BenchResult {
    progress("storing \(population.rows) rows")
    var times: [Double] = []
    var seconds = 0.0
    let clock = ContinuousClock()
    for start in stride(from: 0, to: population.rows, by: Self.rowsOfBatch) {
      let range = start..<min(start + Self.rowsOfBatch, population.rows)
      let batch = population.batch(range)
      let begin = clock.now
      try collection.upsert(batch)
      // A sealed file of half a million rows at most, which bounds the memory.
      if range.upperBound == population.rows || (start / Self.rowsOfBatch) % 32 == 31 {
        try collection.flush()
      }
      let time = (clock.now - begin) / .microseconds(1)
      seconds += time / 1e6
      times += Array(repeating: time / Double(range.count), count: range.count)
    }
    return BenchResult("store and seal a row", times, seconds: seconds)
  }

  // MARK: Searching

  private func searchEverything(_ snapshot: VectorSnapshot) throws -> BenchResult {
    try search(
      snapshot, "search everything", searches: profile.fullSearches,
      rows: { _ in population.rows }
    ) { number in
      (population.query(of: number % population.users, number: number), .everything)
    }
  }

  private func searchEverything(
    _ snapshot: VectorSnapshot, batch: Int
  ) throws -> BenchResult {
    let name = "search everything, \(batch) at a time"
    progress(name)
    let clock = ContinuousClock()
    let queries = (0..<profile.fullSearches).map {
      population.query(of: $0 % population.users, number: $0)
    }
    var times: [Double] = []
    var seconds = 0.0
    for start in stride(from: 0, to: queries.count, by: batch) {
      let part = queries[start..<min(start + batch, queries.count)]
      let elements = part.flatMap { $0 }
      let begin = clock.now
      let found = try snapshot.search(batch: elements.span, count: Self.count)
      let time = (clock.now - begin) / .microseconds(1)
      seconds += time / 1e6
      times += Array(repeating: time / Double(part.count), count: part.count)
      for position in 0..<min(part.count, max(0, 5 - start)) {
        try check(
          found[position], snapshot, queries[start + position], .everything, population.rows)
      }
    }
    var result = BenchResult(name, times, seconds: seconds)
    result.rowsInScope = Double(population.rows)
    let all = queries.prefix(batch).flatMap { $0 }
    let reports = try snapshot.explain(
      batch: all.span, count: Self.count,
      in: Array(repeating: .everything, count: min(batch, queries.count)))
    explain(reports, &result)
    return result
  }

  private func searchScopes(
    _ snapshot: VectorSnapshot, _ name: String, searches: Int? = nil, _ user: (Int) -> Int
  ) throws -> BenchResult {
    let users = (0..<(searches ?? profile.searches)).map(user)
    return try search(
      snapshot, name, searches: users.count,
      rows: { population.rows(of: users[$0]).count }
    ) { number in
      (
        population.query(of: users[number], number: number),
        .user(BenchPopulation.key(of: users[number]))
      )
    }
  }

  private func searchSessions(_ snapshot: VectorSnapshot) throws -> BenchResult {
    var generator = BenchGenerator(seed: population.seed &+ 23)
    let rows = (0..<profile.searches).map { _ in
      Int.random(in: 0..<population.rows, using: &generator)
    }
    return try search(
      snapshot, "search a session", searches: rows.count,
      rows: { population.sessionLength(of: rows[$0], population.user(of: rows[$0])) }
    ) { number in
      let user = population.user(of: rows[number])
      return (
        population.query(of: user, number: number),
        .session(
          user: BenchPopulation.key(of: user), session: population.session(of: rows[number], user))
      )
    }
  }

  /// - Parameter rows: how many rows are in the scope of a search.
  private func search(
    _ snapshot: VectorSnapshot, _ name: String, searches: Int, rows: (Int) -> Int,
    _ ask: (Int) -> (query: [Float], scope: SearchScope)
  ) throws -> BenchResult {
    progress(name)
    let clock = ContinuousClock()
    var times: [Double] = []
    var seconds = 0.0
    var reports: [SearchReport] = []
    for number in 0..<searches {
      let (query, scope) = ask(number)
      let begin = clock.now
      let found = try snapshot.search(query, count: Self.count, in: scope)
      let time = (clock.now - begin) / .microseconds(1)
      times.append(time)
      seconds += time / 1e6
      guard number < Self.checked else {
        guard found.count == min(Self.count, rows(number)) else { throw Self.wrong(scope) }
        continue
      }
      try check(found, snapshot, query, scope, rows(number))
      reports += try snapshot.explain(batch: query.span, count: Self.count, in: [scope])
    }
    var result = BenchResult(name, times, seconds: seconds)
    result.rowsInScope =
      (0..<searches).reduce(0.0) { $0 + Double(rows($1)) } / Double(max(1, searches))
    explain(reports, &result)
    return result
  }

  private func explain(_ reports: [SearchReport], _ result: inout BenchResult) {
    guard !reports.isEmpty else { return }
    result.rescoredRows =
      Double(reports.reduce(0) { $0 + $1.rescoredRows }) / Double(reports.count)
    result.path = Set(reports.map(\.path.rawValue)).sorted().joined(separator: ", ")
  }

  /// Holds an answer against that of an exhaustive scan, bit for bit.
  private func check(
    _ found: [Neighbor], _ snapshot: VectorSnapshot, _ query: [Float], _ scope: SearchScope,
    _ rows: Int
  ) throws {
    let expected = try snapshot.search(
      query, count: Self.count, in: scope, SearchOptions(path: .scan))
    guard found == expected, found.count == min(Self.count, rows) else { throw Self.wrong(scope) }
  }

  private static func wrong(_ scope: SearchScope) -> InputError {
    InputError(.bug, "A search in \(scope) is not what an exhaustive scan finds; please report it.")
  }

  // MARK: Changing

  private static let changes = 1000

  /// New rows, each as a batch of its own.
  private func additions() -> [VectorBatch] {
    (0..<min(Self.changes, population.rows)).map { number in
      var batch = population.batch(number..<(number + 1))
      batch.ids = [UInt64(population.rows + number)]
      batch.groups = batch.ids
      return batch
    }
  }

  private func add(_ collection: VectorCollection) throws -> BenchResult {
    try change("add a row", { try collection.upsert($0) }) { batch in
      try collection.search(batch.rows, count: 2, in: .user(batch.scopes[0].user))
        .contains { $0.id == batch.ids[0] }
    }
  }

  private func remove(_ collection: VectorCollection) throws -> BenchResult {
    try change("remove a row", { _ = try collection.remove(ids: $0.ids) }) { batch in
      try !collection.search(batch.rows, count: 2, in: .user(batch.scopes[0].user))
        .contains { $0.id == batch.ids[0] }
    }
  }

  /// - Parameter check: whether a change shows; not timed.
  private func change(
    _ name: String, _ body: (VectorBatch) throws -> Void, _ check: (VectorBatch) throws -> Bool
  ) throws -> BenchResult {
    progress(name)
    let clock = ContinuousClock()
    var times: [Double] = []
    for batch in additions() {
      let begin = clock.now
      try body(batch)
      times.append((clock.now - begin) / .microseconds(1))
      guard try check(batch) else {
        throw InputError(.bug, "What was changed is not found as it should be; please report it.")
      }
    }
    return BenchResult(name, times, seconds: times.reduce(0, +) / 1e6)
  }
}
