internal import VectorKernels

/// The rows of one user in the buffer, in the order of their insertion.
///
/// All of them lie in one block, so that the user's scope is one stretch of memory. A session knows
/// where in it its rows are: a few ranges, because a conversation's rows mostly come one after
/// another.
struct UserRows: Sendable {
  /// Where the rows of one session are.
  struct Session: Sendable {
    let key: String?
    fileprivate(set) var ranges: [Range<Int>] = []
  }

  private(set) var block: BufferBlock
  /// How many rows of the block a reader of this value may see.
  private(set) var count = 0
  private(set) var dead = RowMask()
  private(set) var sessions: [Session] = []
  private var positions: [ByteKey?: Int] = [:]
  private var largestSquaredNorm: Float = 0

  init(dimension: Int) {
    block = BufferBlock(capacity: 16, dimension: dimension)
  }

  /// Appends a row and returns its position. Doubling keeps the cost at O(1) copies a row.
  mutating func append(
    vector: Span<Float>, id: UInt64, group: UInt64, session: String?, time: Int64,
    squaredNorm: Float
  ) -> Int {
    if count == block.capacity {
      let larger = BufferBlock(capacity: 2 * count, dimension: vector.count)
      larger.begin(with: block, count: count)
      block = larger
    }
    block.append(vector: vector, id: id, group: group, time: time, squaredNorm: squaredNorm)
    largestSquaredNorm = max(largestSquaredNorm, squaredNorm)
    note(count, of: session)
    count += 1
    return count - 1
  }

  private mutating func note(_ row: Int, of session: String?) {
    let key = session.map(ByteKey.init)
    guard let position = positions[key] else {
      positions[key] = sessions.count
      sessions.append(Session(key: session, ranges: [row..<(row + 1)]))
      return
    }
    let last = sessions[position].ranges.count - 1
    if last >= 0, sessions[position].ranges[last].upperBound == row {
      sessions[position].ranges[last] = sessions[position].ranges[last].lowerBound..<(row + 1)
    } else {
      sessions[position].ranges.append(row..<(row + 1))
    }
  }

  /// Marks a row as deleted; false when it already was.
  mutating func remove(_ row: Int) -> Bool { dead.insert(row) }

  /// Whether so many rows are deleted that rewriting the rest pays: then at least as many rows were
  /// deleted as are copied, so a deletion costs O(1) copies.
  var isMostlyDead: Bool { dead.count >= 16 && dead.count > count - dead.count }

  /// The living rows in a block of their own, in the same order.
  func withoutDeadRows(dimension: Int) throws(EngineError) -> UserRows {
    var living = UserRows(dimension: dimension)
    let pieces = sessions.flatMap { session in session.ranges.map { (session.key, $0) } }
    for (session, range) in pieces.sorted(by: { $0.1.lowerBound < $1.1.lowerBound }) {
      for row in range where !dead.contains(row) {
        let one = row..<(row + 1)
        let id = try block.withIDs(one) { span in span[0] }
        let group = try block.withGroups(one) { span in span[0] }
        let time = try block.withTimes(one) { span in span[0] }
        let squaredNorm = try block.withSquaredNorms(one) { span in span[0] }
        try block.withVectors(one) { vector throws(EngineError) in
          _ = living.append(
            vector: vector, id: id, group: group, session: session, time: time,
            squaredNorm: squaredNorm)
        }
      }
    }
    return living
  }

  /// The rows that a search in this user's scope looks at.
  var run: RowRun { run(0..<count) }

  /// The rows of one session, or of the user's rows without a session.
  func runs(of session: String?) -> [RowRun] {
    guard let position = positions[session.map(ByteKey.init)] else { return [] }
    return runs(of: sessions[position])
  }

  /// The rows of one session.
  func runs(of session: Session) -> [RowRun] { session.ranges.map(run) }

  /// How many rows of a session are not deleted.
  func liveCount(of session: Session) -> Int {
    session.ranges.reduce(0) { $0 + run($1).liveCount }
  }

  private func run(_ rows: Range<Int>) -> RowRun {
    RowRun(source: block, range: rows, dead: dead, largestSquaredNorm: largestSquaredNorm)
  }
}
