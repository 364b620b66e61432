/// Queries of one kind, drawn once and asked of every engine.
struct Workload {
  let name: String
  /// Whether a query looks in one session instead of in all rows of its user.
  let inSessions: Bool
  let users: [Int]
  let sessions: [Int]
  /// `users.count × dimension`, row-major.
  let queries: [Float]

  /// Draws a user for each query, uniformly among those with so many rows, and then one of the
  /// user's sessions.
  init(
    _ name: String, _ population: Population, count: Int, sizes: ClosedRange<Int>,
    inSessions: Bool = false, stream: UInt64
  ) {
    self.name = name
    self.inSessions = inSessions
    var generator = SeededGenerator(seed: population.seed &+ stream &* 0x9FB2_1C65_1E98_DF25)
    let eligible = (0..<population.userCount).filter {
      sizes.contains(population.rows(ofUser: $0).count)
    }
    var users: [Int] = []
    var sessions: [Int] = []
    var queries: [Float] = []
    for _ in 0..<(eligible.isEmpty ? 0 : count) {
      let user = eligible[generator.below(eligible.count)]
      let among = population.sessions(ofUser: user)
      users.append(user)
      sessions.append(among.lowerBound + generator.below(among.count))
      queries += population.query(user: user, number: Int(stream) << 32 + users.count)
    }
    self.users = users
    self.sessions = sessions
    self.queries = queries
  }

  /// All workloads. Where a size is named, users of 80…125 % of it are drawn from.
  static func all(_ population: Population) -> [Workload] {
    let largest = population.rows(ofUser: 0).count
    return [
      Workload("users", population, count: 20_000, sizes: 1...largest, stream: 1),
      Workload("rows-100", population, count: 4_000, sizes: 80...125, stream: 2),
      Workload("rows-1000", population, count: 2_000, sizes: 800...1250, stream: 3),
      Workload("rows-10000", population, count: 400, sizes: 8000...12_500, stream: 4),
      Workload("largest", population, count: 100, sizes: largest...largest, stream: 5),
      Workload(
        "sessions", population, count: 20_000, sizes: 1...largest, inSessions: true, stream: 6),
    ]
  }
}
