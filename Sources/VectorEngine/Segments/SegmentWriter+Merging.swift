/// Several segments as one.
extension SegmentWriter {
  /// Lists the rows of segments that are not deleted; of each session the oldest segment's come first.
  ///
  /// - Complexity: O(users and sessions of all of them, and deleted rows).
  init(
    merging inputs: [SealedRows], _ configuration: VectorCollection.Configuration
  ) throws(EngineError) {
    self.init(configuration)
    var cursors: [UserCursor] = []
    for sealed in inputs { cursors.append(try UserCursor(sealed)) }
    while let name = cursors.compactMap(\.key).min(by: { KeyOrder.precedes($0, $1) }) {
      var sessions: [ByteKey?: SessionRuns] = [:]
      var keys: [String?] = []
      for i in cursors.indices where cursors[i].key.map(ByteKey.init) == ByteKey(name) {
        for session in try cursors[i].takeSessions() {
          let key = session.key.map(ByteKey.init)
          if sessions[key] == nil { keys.append(session.key) }
          sessions[key, default: SessionRuns(key: session.key, runs: [])].runs += session.runs
        }
      }
      let ordered = keys.sorted(by: KeyOrder.precedes)
      try add(name, ordered.compactMap { sessions[$0.map(ByteKey.init)] })
    }
  }
}

/// A walk over the users of a segment.
private struct UserCursor {
  private let sealed: SealedRows
  private var next = 0
  /// The key of the user it stands at; nil behind the last.
  private(set) var key: String?

  init(_ sealed: SealedRows) throws(EngineError) {
    self.sealed = sealed
    try load()
  }

  private mutating func load() throws(EngineError) {
    let segment = sealed.segment
    key = next < segment.userCount ? try segment.key(try segment.user(next)) : nil
  }

  /// The sessions of the user it stands at; then it stands at the next one.
  mutating func takeSessions() throws(EngineError) -> [SegmentWriter.SessionRuns] {
    let segment = sealed.segment
    var sessions: [SegmentWriter.SessionRuns] = []
    for number in try segment.user(next).sessions {
      let session = try segment.session(number)
      let run = RowRun(
        source: segment, range: session.rows, dead: sealed.dead,
        largestSquaredNorm: segment.largestSquaredNorm)
      sessions.append(SegmentWriter.SessionRuns(key: try segment.key(session), runs: [run]))
    }
    next += 1
    try load()
    return sessions
  }
}
