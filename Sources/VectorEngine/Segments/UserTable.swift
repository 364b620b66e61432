/// The users of a segment by their keys' hashes, so that one is found with a look at two places
/// instead of a search through the directory, which lies in memory nobody has touched lately.
///
/// Full keys are compared; a hash only says where to look first.
struct UserTable: Sendable {
  /// One more than the number of a user, or 0; twice as many as users, at least.
  private var slots: [UInt32]
  private let segment: Segment

  /// - Complexity: O(users).
  init(_ segment: Segment) throws(EngineError) {
    self.segment = segment
    var size = 2
    while size < 2 * segment.userCount { size *= 2 }
    slots = [UInt32](repeating: 0, count: size)
    for user in 0..<segment.userCount {
      var slot = try segment.withKey(ofUser: user) { key in Self.hash(key) & (size - 1) }
      while slots[slot] != 0 { slot = (slot + 1) & (size - 1) }
      slots[slot] = UInt32(truncatingIfNeeded: user + 1)
    }
  }

  /// The number of the user with this key.
  func user(_ key: String) throws(EngineError) -> Int? {
    let wanted = key.utf8.span
    var slot = Self.hash(wanted) & (slots.count - 1)
    while slots[slot] != 0 {
      let user = Int(slots[slot]) - 1
      if try segment.withKey(ofUser: user, { found in Self.equal(found, wanted) }) { return user }
      slot = (slot + 1) & (slots.count - 1)
    }
    return nil
  }

  private static func hash(_ key: Span<UInt8>) -> Int {
    var hasher = Hasher()
    unsafe key.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
    return hasher.finalize() & Int.max
  }

  private static func equal(_ a: Span<UInt8>, _ b: Span<UInt8>) -> Bool {
    guard a.count == b.count else { return false }
    for i in a.indices where a[i] != b[i] { return false }
    return true
  }
}
