/// Where the rows of a user lie in a sealed file: for those who keep bytes of their own beside them.
package struct SealedUser: Sendable {
  /// The file.
  package let segment: SealedSegment
  /// All rows of the user, session by session.
  package let rows: Range<Int>
  private let number: Int
  private let sessions: Range<Int>

  fileprivate init(_ sealed: SealedRows, _ number: Int) throws(EngineError) {
    let entry = try sealed.segment.user(number)
    self.number = number
    segment = SealedSegment(sealed: sealed)
    rows = entry.rows
    sessions = entry.sessions
  }

  /// How many sessions there are, rows without one included.
  package var sessionCount: Int { sessions.count }

  /// The rows of a session, by its place; whether it is one.
  package func session(_ place: Int) throws(EngineError) -> (rows: Range<Int>, isSession: Bool) {
    let entry = try segment.sealed.segment.session(sessions.lowerBound + place)
    return (entry.rows, entry.key != nil)
  }

  /// The key of a session, by its place; nil for rows without one.
  package func key(ofSession place: Int) throws(EngineError) -> String? {
    let file = segment.sealed.segment
    return try file.key(try file.session(sessions.lowerBound + place))
  }

  /// The rows of the session with a key; nil when there is none.
  package func rows(ofSession key: String) throws(EngineError) -> Range<Int>? {
    try segment.sealed.segment.rows(ofUser: number, session: key)
  }
}

extension VectorSnapshot {
  /// Where the rows of a user lie in the sealed files, oldest first.
  ///
  /// - Complexity: O(sealed files).
  package func sealedRows(of user: String) throws(EngineError) -> [SealedUser] {
    var found: [SealedUser] = []
    for sealed in segments {
      if let number = try sealed.userNumber(user) { found.append(try SealedUser(sealed, number)) }
    }
    return found
  }

  /// How many rows it shows that are not sealed.
  package var bufferedCount: Int {
    liveCount - segments.reduce(0) { $0 + $1.segment.rowCount - $1.dead.count }
  }
}
