internal import VectorEngine

/// Made-up users with sessions and vectors, all of it determined by a seed.
///
/// The sizes of the users follow Zipf's law with exponent 1, so a few are large and most are small. A
/// user speaks about four topics: a row, and a question, is the direction of one of them with as much
/// noise again, of length one.
struct BenchPopulation {
  let rows: Int
  let users: Int
  let dimension: Int
  let seed: UInt64
  /// The first row of each user, and at the end the number of rows.
  private let starts: [Int]

  private static let topics = 4
  private static let rowsOfSession = 32

  init(rows: Int, users: Int, dimension: Int, seed: UInt64) {
    self.rows = rows
    self.users = users
    self.dimension = dimension
    self.seed = seed
    let harmonic = (1...users).reduce(0.0) { $0 + 1 / Double($1) }
    var starts = [0]
    var sum = 0.0
    for user in 0..<users {
      sum += 1 / Double(user + 1)
      let end = Int((Double(rows) * sum / harmonic).rounded())
      starts.append(max(starts[user] + 1, min(end, rows - (users - user - 1))))
    }
    self.starts = starts
  }

  func rows(of user: Int) -> Range<Int> { starts[user]..<starts[user + 1] }

  /// Whose a row is.
  func user(of row: Int) -> Int {
    var (low, high) = (0, users - 1)
    while low < high {
      let middle = (low + high + 1) / 2
      if starts[middle] <= row { low = middle } else { high = middle - 1 }
    }
    return low
  }

  static func key(of user: Int) -> String { "user-\(user)" }

  /// The session of a row, which belongs to a user.
  func session(of row: Int, _ user: Int) -> String {
    "session-\((row - starts[user]) / Self.rowsOfSession)"
  }

  /// How many rows the session of a row has.
  func sessionLength(of row: Int, _ user: Int) -> Int {
    let first = row - (row - starts[user]) % Self.rowsOfSession
    return min(first + Self.rowsOfSession, starts[user + 1]) - first
  }

  /// The rows of a range, as they are stored.
  func batch(_ range: Range<Int>) -> VectorBatch {
    var batch = VectorBatch(ids: range.map(UInt64.init), scopes: [], rows: [])
    batch.rows.reserveCapacity(range.count * dimension)
    var user = user(of: range.lowerBound)
    var topics = topics(of: user)
    for row in range {
      if row >= starts[user + 1] {
        user += 1
        topics = self.topics(of: user)
      }
      batch.scopes.append(
        RowScope(user: Self.key(of: user), session: session(of: row, user)))
      var generator = BenchGenerator(seed: seed ^ UInt64(row) &* 0x9E37_79B9_7F4A_7C15)
      appendVector(topics, &generator, to: &batch.rows)
    }
    return batch
  }

  /// Something that could be asked about one of a user's topics.
  func query(of user: Int, number: Int) -> [Float] {
    var generator = BenchGenerator(seed: seed ^ UInt64(number + 1) &* 0xD1B5_4A32_D192_ED03)
    var query: [Float] = []
    appendVector(topics(of: user), &generator, to: &query)
    return query
  }

  private func topics(of user: Int) -> [[Float]] {
    var generator = BenchGenerator(seed: seed ^ UInt64(user + 1) << 32)
    return (0..<Self.topics).map { _ in
      (0..<dimension).map { _ in generator.nearlyNormal() }
    }
  }

  private func appendVector(
    _ topics: [[Float]], _ generator: inout BenchGenerator, to rows: inout [Float]
  ) {
    let topic = topics[Int(generator.next() % UInt64(topics.count))]
    let start = rows.count
    var squares = 0.0
    for element in topic {
      let value = element + generator.nearlyNormal()
      squares += Double(value) * Double(value)
      rows.append(value)
    }
    let scale = 1 / squares.squareRoot()
    for position in start..<rows.count { rows[position] = Float(Double(rows[position]) * scale) }
  }
}

/// Repeatable random numbers (SplitMix64, Steele, Lea and Flood 2014).
struct BenchGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// The sum of four uniform numbers, brought to mean 0 and variance 1: near enough to normal for
  /// directions, and cheap.
  mutating func nearlyNormal() -> Float {
    let bits = next()
    var sum: Int32 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 16) {
      sum += Int32((bits >> shift) & 0xFFFF) - 32_768
    }
    return Float(sum) * (1 / 37_837)
  }
}
