/// Users, their sessions and their rows, all of it determined by a seed.
///
/// The sizes of the users follow Zipf's law with exponent 1. A user speaks about a few topics of
/// their own: a row is the direction of one of them with noise, of length one.
struct Population {
  static let sessionLengths = 8...64
  private static let topicsOfUser = 4
  /// The noise's length relative to the topic's: rows of one topic have a cosine of about 0.5.
  private static let noise: Float = 1

  let dimension: Int
  let seed: UInt64
  /// The first row of each user, and at the end the number of rows.
  let userStarts: [Int]
  /// The first row of each session, and at the end the number of rows.
  let sessionStarts: [Int]
  /// The first session of each user, and at the end the number of sessions.
  let userSessions: [Int]

  init(rows: Int, users: Int, dimension: Int, seed: UInt64) {
    self.dimension = dimension
    self.seed = seed
    userStarts = Self.zipfStarts(rows: rows, users: users)
    var generator = SeededGenerator(seed: seed)
    var sessionStarts: [Int] = []
    var userSessions: [Int] = []
    for user in 0..<users {
      userSessions.append(sessionStarts.count)
      var row = userStarts[user]
      while row < userStarts[user + 1] {
        sessionStarts.append(row)
        let length = Self.sessionLengths.lowerBound + generator.below(Self.sessionLengths.count)
        row = min(row + length, userStarts[user + 1])
      }
    }
    self.sessionStarts = sessionStarts + [rows]
    self.userSessions = userSessions + [sessionStarts.count]
  }

  var userCount: Int { userStarts.count - 1 }
  var sessionCount: Int { sessionStarts.count - 1 }

  func rows(ofUser user: Int) -> Range<Int> { userStarts[user]..<userStarts[user + 1] }

  func sessions(ofUser user: Int) -> Range<Int> { userSessions[user]..<userSessions[user + 1] }

  static func key(ofUser user: Int) -> String { padded("user-", user, 6) }

  static func key(ofSession session: Int) -> String { padded("session-", session, 8) }

  /// All rows of a user: `count × dimension`, row-major.
  func vectors(ofUser user: Int) -> [Float] {
    var source = VectorSource(self, user, purpose: 0)
    var vectors: [Float] = []
    vectors.reserveCapacity(rows(ofUser: user).count * dimension)
    for _ in rows(ofUser: user) { source.appendVector(to: &vectors) }
    return vectors
  }

  /// Something that could be asked about one of the user's topics.
  func query(user: Int, number: Int) -> [Float] {
    var source = VectorSource(self, user, purpose: UInt64(1 + number))
    var query: [Float] = []
    source.appendVector(to: &query)
    return query
  }

  /// User `i` has about `rows ÷ (H × (i + 1))` rows, at least one.
  private static func zipfStarts(rows: Int, users: Int) -> [Int] {
    let harmonic = (1...users).reduce(0.0) { $0 + 1 / Double($1) }
    var starts = [0]
    var sum = 0.0
    for user in 0..<users {
      sum += 1 / Double(user + 1)
      let end = Int((Double(rows) * sum / harmonic).rounded())
      starts.append(max(starts[user] + 1, min(end, rows - (users - user - 1))))
    }
    return starts
  }

  private static func padded(_ prefix: String, _ number: Int, _ digits: Int) -> String {
    let text = String(number)
    return prefix + String(repeating: "0", count: max(0, digits - text.count)) + text
  }

  /// Draws vectors about the topics of one user.
  private struct VectorSource {
    let dimension: Int
    let topics: [[Float]]
    var generator: SeededGenerator

    init(_ population: Population, _ user: Int, purpose: UInt64) {
      dimension = population.dimension
      var mixer = SeededGenerator(seed: population.seed ^ UInt64(user + 1) << 32)
      var ofTopics = SeededGenerator(seed: mixer.next())
      topics = (0..<Population.topicsOfUser).map { _ in
        (0..<population.dimension).map { _ in ofTopics.nearlyNormal() }
      }
      generator = SeededGenerator(seed: mixer.next() ^ purpose &* 0xD1B5_4A32_D192_ED03)
    }

    mutating func appendVector(to vectors: inout [Float]) {
      let topic = topics[generator.below(topics.count)]
      let start = vectors.count
      var squares = 0.0
      for i in 0..<dimension {
        let element = topic[i] + Population.noise * generator.nearlyNormal()
        squares += Double(element) * Double(element)
        vectors.append(element)
      }
      let length = squares.squareRoot()
      for i in start..<vectors.count { vectors[i] = Float(Double(vectors[i]) / length) }
    }
  }
}
