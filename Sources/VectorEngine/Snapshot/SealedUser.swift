/// Where the rows of a user lie in a sealed file: for those who keep bytes of their own beside them.
package final class SealedUser: Sendable {
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

  /// Negative when a session, by its place, comes before one of a file of the same collection; 0 when both
  /// are the same. Rows without a session come first.
  package func order(
    of place: Int, _ other: SealedUser, _ otherPlace: Int
  ) throws(EngineError) -> Int {
    let (file, otherFile) = (segment.sealed.segment, other.segment.sealed.segment)
    let key = try file.session(sessions.lowerBound + place).key
    let otherKey = try otherFile.session(other.sessions.lowerBound + otherPlace).key
    guard let key, let otherKey else { return (key == nil ? 0 : 1) - (otherKey == nil ? 0 : 1) }
    return try file.withKey(key) { (bytes) throws(EngineError) in
      try otherFile.withKey(otherKey) { KeyOrder.order(bytes, $0) }
    }
  }

  /// The same for a key.
  package func order(of place: Int, _ other: String?) throws(EngineError) -> Int {
    let file = segment.sealed.segment
    let key = try file.session(sessions.lowerBound + place).key
    guard let key, let other else { return (key == nil ? 0 : 1) - (other == nil ? 0 : 1) }
    return try file.withKey(key) { KeyOrder.order($0, other.utf8.span) }
  }

  /// Whether a key comes before another.
  package static func precedes(_ key: String?, _ other: String?) -> Bool {
    KeyOrder.precedes(key, other)
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
