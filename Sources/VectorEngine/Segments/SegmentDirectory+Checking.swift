/// What opening makes sure of, so that look-ups need not.
extension Segment {
  /// Checks that the entries lie inside their sections and cover all rows in order.
  ///
  /// Everything is read in place: a folder has hundreds of thousands of entries, and opening it takes
  /// milliseconds.
  ///
  /// - Parameter order: whether the keys are compared as well. That they are sorted follows from the
  ///   checksums: these are the bytes that were written.
  func checkDirectory(order: Bool) throws(EngineError) {
    let damaged = EngineError(.corrupt, "\(path): the directory of users and sessions is damaged.")
    let isSound = try words(.users) { users throws(EngineError) in
      try words(.sessions) { sessions throws(EngineError) in
        try file.withSpan(of: UInt8.self, offset: offset(of: .keys), count: length(of: .keys)) {
          DirectoryCheck(rowCount: UInt64(rowCount), order: order).isSound(users, sessions, $0)
        }
      }
    }
    guard isSound else { throw damaged }
  }

  private func words<R>(
    _ section: SegmentFormat.Section, _ body: (Span<UInt64>) throws(EngineError) -> R
  ) throws(EngineError) -> R {
    try file.withSpan(
      of: UInt64.self, offset: offset(of: section), count: length(of: section) / 8, body)
  }
}

/// One walk over the directory.
private struct DirectoryCheck {
  private static let userFields = SegmentFormat.userEntryLength / 8
  private static let sessionFields = SegmentFormat.sessionEntryLength / 8

  let rowCount: UInt64
  let order: Bool

  func isSound(_ users: Span<UInt64>, _ sessions: Span<UInt64>, _ keys: Span<UInt8>) -> Bool {
    let sessionCount = UInt64(sessions.count / Self.sessionFields)
    var row: UInt64 = 0
    var session: UInt64 = 0
    var previous: Range<Int>?
    for user in 0..<(users.count / Self.userFields) {
      let start = user * Self.userFields
      func field(_ number: Int) -> UInt64 { users[start + number].littleEndian }
      guard let key = key(field(0), field(1), in: keys), precedes(previous, key, in: keys),
        field(2) == row, field(3) > 0, field(3) <= rowCount - row,
        field(4) == session, field(5) > 0, field(5) <= sessionCount - session
      else { return false }
      previous = key
      let end = row + field(3)
      guard
        cover(
          row..<end, by: session..<(session + field(5)), of: UInt64(user), sessions, keys)
      else { return false }
      row = end
      session += field(5)
    }
    return row == rowCount && session == sessionCount
  }

  /// Whether the sessions cover a user's rows: those without a session first, then by the keys' bytes.
  private func cover(
    _ rows: Range<UInt64>, by numbers: Range<UInt64>, of user: UInt64, _ sessions: Span<UInt64>,
    _ keys: Span<UInt8>
  ) -> Bool {
    var row = rows.lowerBound
    var previous: Range<Int>?
    for number in numbers {
      let start = Int(number) * Self.sessionFields
      func field(_ number: Int) -> UInt64 { sessions[start + number].littleEndian }
      guard field(2) == row, field(3) > 0, field(3) <= rows.upperBound - row, field(4) == user
      else { return false }
      row += field(3)
      if field(1) == SegmentFormat.noKey {
        guard number == numbers.lowerBound else { return false }
        continue
      }
      guard let key = key(field(0), field(1), in: keys), precedes(previous, key, in: keys) else {
        return false
      }
      previous = key
    }
    return row == rows.upperBound
  }

  private func key(
    _ start: UInt64, _ length: UInt64, in keys: Span<UInt8>
  ) -> Range<Int>? {
    let limit = UInt64(keys.count)
    guard start <= limit, length <= limit - start else { return nil }
    return Int(start)..<Int(start + length)
  }

  private func precedes(
    _ first: Range<Int>?, _ second: Range<Int>, in keys: Span<UInt8>
  ) -> Bool {
    guard order, let first else { return true }
    for i in 0..<min(first.count, second.count) {
      let (a, b) = (keys[first.lowerBound + i], keys[second.lowerBound + i])
      if a != b { return a < b }
    }
    return first.count < second.count
  }
}
