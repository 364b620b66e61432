import VectorEngine

/// Users of about equally many rows, all of it determined by their numbers, so that a user's rows are
/// the same however many others there are.
///
/// A user speaks about four topics: a row is the direction of one of them with as much noise.
struct EqualUsers {
  private static let rowsOfSession = 25
  private static let topics = 4

  let rowCount: Int
  let count: Int
  let dimension: Int

  init(rows: Int, users: Int, dimension: Int) {
    rowCount = rows
    count = users
    self.dimension = dimension
  }

  func key(_ user: Int) -> String { "user-\(user)" }

  /// Adds the rows of a user.
  func append(_ user: Int, to batch: inout VectorBatch) {
    var source = TopicSource(user, stream: 0, dimension)
    let rows = (rowCount * user / count)..<(rowCount * (user + 1) / count)
    for row in rows {
      batch.ids.append(UInt64(row))
      batch.groups.append(UInt64(row))
      let session = (row - rows.lowerBound) / Self.rowsOfSession
      batch.scopes.append(RowScope(user: key(user), session: "session-\(session)"))
      batch.times.append(Int64(row))
      source.append(to: &batch.rows)
    }
  }

  /// Something that could be asked about one of a user's topics.
  func query(_ user: Int, _ number: Int) -> [Float] {
    var source = TopicSource(user, stream: UInt64(1 + number), dimension)
    var query: [Float] = []
    source.append(to: &query)
    return query
  }

  private struct TopicSource {
    private var topics: [[Float]] = []
    private var generator: Draws

    init(_ user: Int, stream: UInt64, _ dimension: Int) {
      var ofTopics = Draws(seed: UInt64(user + 1) << 20)
      for _ in 0..<EqualUsers.topics {
        topics.append((0..<dimension).map { _ in ofTopics.nearlyNormal() })
      }
      generator = Draws(seed: UInt64(user + 1) << 20 ^ (stream + 1) &* 0xD1B5_4A32_D192_ED03)
    }

    mutating func append(to vectors: inout [Float]) {
      let topic = topics[Int(generator.next() % UInt64(topics.count))]
      for element in topic { vectors.append(element + generator.nearlyNormal()) }
    }
  }

  /// SplitMix64 (Steele, Lea and Flood 2014).
  private struct Draws {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var mixed = state
      mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
      mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
      return mixed ^ (mixed >> 31)
    }

    /// The sum of four uniform draws, brought to mean 0 and variance 1.
    mutating func nearlyNormal() -> Float {
      let bits = next()
      let sum = (bits & 0xFFFF) + (bits >> 16 & 0xFFFF) + (bits >> 32 & 0xFFFF) + (bits >> 48)
      return (Float(sum) - 131_070) * (1.732_050_8 / 65_536)
    }
  }
}
