/// What a search sees: the rows of a collection at one moment.
///
/// A snapshot never changes, whatever is written afterwards, and searching it never waits for a
/// writer. It is cheap to take and to pass on; while it lives it keeps the memory of the rows it
/// shows.
public struct VectorSnapshot: Sendable {
  /// The dimension and the metric of the collection.
  public let configuration: VectorCollection.Configuration
  let segments: [SealedRows]
  let buffer: RowBuffer
  let liveCount: Int
  let sharesGroups: Bool

  /// How many rows it shows.
  public var count: Int { liveCount }

  /// The rows that lie in a scope, as stretches of segments and of the buffer.
  func runs(in scope: SearchScope) throws(EngineError) -> [RowRun] {
    switch scope {
    case .everything:
      return segments.compactMap(\.everything) + buffer.runs
    case .user(let user):
      return try runs(user: user, session: nil, wholeUser: true)
    case .users(let users):
      var runs: [RowRun] = []
      for user in Set(users.map(ByteKey.init)) {
        runs += try self.runs(user: user.text, session: nil, wholeUser: true)
      }
      return runs
    case .session(let user, let session):
      return try runs(user: user, session: session, wholeUser: false)
    case .sessions(let scopes):
      var runs: [RowRun] = []
      for scope in Set(scopes) {
        runs += try self.runs(user: scope.user, session: scope.session, wholeUser: false)
      }
      return runs
    }
  }

  private func runs(
    user: String, session: String?, wholeUser: Bool
  ) throws(EngineError) -> [RowRun] {
    var runs: [RowRun] = []
    for sealed in segments {
      if let run = try sealed.run(user: user, session: session, wholeUser: wholeUser) {
        runs.append(run)
      }
    }
    if let rows = buffer[user] {
      if wholeUser { runs.append(rows.run) } else { runs += rows.runs(of: session) }
    }
    return runs
  }
}

/// A segment and the marks on its deleted rows.
struct SealedRows: Sendable {
  let segment: Segment
  var dead: RowMask
  private let users: UserTable

  /// - Complexity: O(users of the segment).
  init(_ segment: Segment, dead: RowMask) throws(EngineError) {
    self.segment = segment
    self.dead = dead
    users = try UserTable(segment)
  }

  var everything: RowRun? { run(0..<segment.rowCount) }

  /// The number of the user with a key.
  func userNumber(_ key: String) throws(EngineError) -> Int? { try users.user(key) }

  func run(user: String, session: String?, wholeUser: Bool) throws(EngineError) -> RowRun? {
    guard let user = try users.user(user) else { return nil }
    let rows =
      wholeUser
      ? try segment.rows(ofUser: user) : try segment.rows(ofUser: user, session: session)
    return rows.flatMap(run)
  }

  private func run(_ rows: Range<Int>) -> RowRun? {
    guard !rows.isEmpty else { return nil }
    return RowRun(
      source: segment, range: rows, dead: dead, largestSquaredNorm: segment.largestSquaredNorm)
  }
}
