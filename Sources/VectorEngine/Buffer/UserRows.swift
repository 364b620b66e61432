internal import VectorKernels

/// The rows of one session in the buffer, one after another.
struct SessionRows: Sendable {
  let session: String?
  private(set) var block: BufferBlock
  /// How many rows of the block a reader of this value may see.
  private(set) var count = 0
  private(set) var dead = RowMask()
  private var largestSquaredNorm: Float = 0

  init(session: String?, dimension: Int) {
    self.session = session
    block = BufferBlock(capacity: 8, dimension: dimension)
  }

  var liveCount: Int { count - dead.count }

  var run: RowRun {
    RowRun(source: block, range: 0..<count, dead: dead, largestSquaredNorm: largestSquaredNorm)
  }

  /// Appends a row and returns its position. Doubling keeps the cost at O(1) copies a row.
  mutating func append(
    vector: Span<Float>, id: UInt64, group: UInt64, time: Int64, squaredNorm: Float
  ) -> Int {
    if count == block.capacity {
      let larger = BufferBlock(capacity: 2 * count, dimension: vector.count)
      larger.append(block, count: count)
      block = larger
    }
    block.append(vector: vector, id: id, group: group, time: time, squaredNorm: squaredNorm)
    largestSquaredNorm = max(largestSquaredNorm, squaredNorm)
    count += 1
    return count - 1
  }

  /// Marks a row as deleted; false when it already was.
  mutating func remove(_ row: Int) -> Bool { dead.insert(row) }

  /// Whether so many rows are deleted that rewriting the rest pays: then at least as many rows were
  /// deleted as are copied, so a deletion costs O(1) copies.
  var isMostlyDead: Bool { dead.count >= 16 && dead.count > liveCount }

  /// The living rows in a block of their own, in the same order.
  func withoutDeadRows(dimension: Int) throws(EngineError) -> SessionRows {
    var living = SessionRows(session: session, dimension: dimension)
    try run.forEachLiveRange(SearchOptions()) { rows throws(EngineError) in
      for row in rows {
        let one = row..<(row + 1)
        let id = try block.withIDs(one) { span in span[0] }
        let group = try block.withGroups(one) { span in span[0] }
        let time = try block.withTimes(one) { span in span[0] }
        let squaredNorm = try block.withSquaredNorms(one) { span in span[0] }
        try block.withVectors(one) { vector throws(EngineError) in
          _ = living.append(
            vector: vector, id: id, group: group, time: time, squaredNorm: squaredNorm)
        }
      }
    }
    return living
  }
}

/// The rows of one user in the buffer, session by session.
struct UserRows: Sendable {
  private(set) var sessions: [SessionRows] = []
  private var positions: [ByteKey?: Int] = [:]

  /// The position of the session, which is made when it is new.
  mutating func position(of session: String?, dimension: Int) -> Int {
    let key = session.map(ByteKey.init)
    if let known = positions[key] { return known }
    sessions.append(SessionRows(session: session, dimension: dimension))
    positions[key] = sessions.count - 1
    return sessions.count - 1
  }

  mutating func edit<R>(_ position: Int, _ body: (inout SessionRows) -> R) -> R {
    body(&sessions[position])
  }

  /// Puts other rows in the place of a session's.
  mutating func replace(_ position: Int, by rows: SessionRows) { sessions[position] = rows }

  /// The rows that a search in this user's scope, or in one session of it, looks at.
  func runs(of session: String?, wholeUser: Bool) -> [RowRun] {
    if wholeUser { return sessions.map(\.run) }
    guard let position = positions[session.map(ByteKey.init)] else { return [] }
    return [sessions[position].run]
  }
}
