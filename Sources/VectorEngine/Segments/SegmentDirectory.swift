/// Where the rows of users and sessions lie in a segment.
///
/// A user is found through a `UserTable`, a session by a binary search over the user's entries; full
/// keys are compared, always.
extension Segment {
  /// An entry of the directory.
  struct Entry {
    let key: Range<Int>?
    let rows: Range<Int>
    /// The sessions of a user; empty for a session.
    let sessions: Range<Int>
    /// The user of a session; 0 for a user.
    let user: Int
  }

  /// The rows of a user.
  func rows(ofUser user: Int) throws(EngineError) -> Range<Int> { try self.user(user).rows }

  /// The rows of one session of a user, or of the user's rows without a session.
  func rows(ofUser user: Int, session: String?) throws(EngineError) -> Range<Int>? {
    let owner = try self.user(user)
    guard let session else {
      // Rows without a session are the first of their user.
      let first = try self.session(owner.sessions.lowerBound)
      return first.key == nil ? first.rows : nil
    }
    return try search(owner.sessions, for: session).map(self.session)?.rows
  }

  /// Lends the key of a user.
  func withKey<R>(
    ofUser user: Int, _ body: (Span<UInt8>) throws(EngineError) -> R
  ) throws(EngineError) -> R {
    try withKey(try self.user(user).key ?? 0..<0, body)
  }

  /// Lends a key.
  func withKey<R>(
    _ key: Range<Int>, _ body: (Span<UInt8>) throws(EngineError) -> R
  ) throws(EngineError) -> R {
    try file.withSpan(
      of: UInt8.self, offset: offset(of: .keys) + key.lowerBound, count: key.count, body)
  }

  /// The key of the user whom a row belongs to.
  func user(ofRow row: Int) throws(EngineError) -> String {
    var low = 0
    var high = userCount
    while low < high {
      let middle = (low + high) / 2
      if try user(middle).rows.upperBound <= row { low = middle + 1 } else { high = middle }
    }
    return try key(try user(low)) ?? ""
  }

  /// The user with this number, in the order of keys.
  func user(_ index: Int) throws(EngineError) -> Entry {
    try file.withSpan(
      of: UInt64.self, offset: offset(ofEntry: index, in: .users),
      count: SegmentFormat.userEntryLength / 8
    ) { Self.entry($0, isUser: true) }
  }

  /// The session with this number.
  func session(_ index: Int) throws(EngineError) -> Entry {
    try file.withSpan(
      of: UInt64.self, offset: offset(ofEntry: index, in: .sessions),
      count: SegmentFormat.sessionEntryLength / 8
    ) { Self.entry($0, isUser: false) }
  }

  /// The text of an entry's key; nil for rows without a session.
  func key(_ entry: Entry) throws(EngineError) -> String? {
    guard let key = entry.key else { return nil }
    return try file.withSpan(
      of: UInt8.self, offset: offset(of: .keys) + key.lowerBound, count: key.count
    ) { span in
      var bytes: [UInt8] = []
      for i in span.indices { bytes.append(span[i]) }
      return String(decoding: bytes, as: UTF8.self)
    }
  }

  private func offset(ofEntry index: Int, in section: SegmentFormat.Section) -> Int {
    let length =
      section == .users ? SegmentFormat.userEntryLength : SegmentFormat.sessionEntryLength
    return offset(of: section) + index * length
  }

  /// The number of the session with this key, among some that are sorted.
  private func search(_ range: Range<Int>, for key: String) throws(EngineError) -> Int? {
    let wanted = key.utf8.span
    var low = range.lowerBound
    var high = range.upperBound
    while low < high {
      let middle = (low + high) / 2
      let order = try order(ofEntry: offset(ofEntry: middle, in: .sessions), wanted)
      if order == 0 { return middle }
      if order < 0 { low = middle + 1 } else { high = middle }
    }
    return nil
  }

  /// Negative when the entry's key comes before the given one, positive when after. No key is first.
  private func order(ofEntry offset: Int, _ wanted: Span<UInt8>) throws(EngineError) -> Int {
    let (start, length) = try file.withSpan(of: UInt64.self, offset: offset, count: 2) {
      ($0[0].littleEndian, $0[1].littleEndian)
    }
    guard length != SegmentFormat.noKey else { return -1 }
    return try file.withSpan(
      of: UInt8.self, offset: self.offset(of: .keys) + Int(truncatingIfNeeded: start),
      count: Int(truncatingIfNeeded: length)
    ) { found in
      for i in 0..<min(found.count, wanted.count) where found[i] != wanted[i] {
        return found[i] < wanted[i] ? -1 : 1
      }
      return found.count - wanted.count
    }
  }

  private static func entry(_ fields: Span<UInt64>, isUser: Bool) -> Entry {
    func number(_ field: Int) -> Int { Int(truncatingIfNeeded: fields[field].littleEndian) }
    let hasKey = fields[1].littleEndian != SegmentFormat.noKey
    return Entry(
      key: hasKey ? number(0)..<(number(0) &+ number(1)) : nil,
      rows: number(2)..<(number(2) &+ number(3)),
      sessions: isUser ? number(4)..<(number(4) &+ number(5)) : 0..<0,
      user: isUser ? 0 : number(4))
  }
}
