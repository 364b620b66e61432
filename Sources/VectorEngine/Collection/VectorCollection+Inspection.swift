extension VectorCollection {
  /// What a collection is made of, for a person who looks into it.
  public struct Inspection: Hashable, Sendable {
    /// A sealed file.
    public struct SealedFile: Hashable, Sendable {
      /// The file's name in the folder.
      public var name: String
      /// All rows of the file, also the deleted ones.
      public var rows: Int
      /// Rows that are deleted but still take space.
      public var tombstones: Int
      /// The length of the file.
      public var bytes: Int
    }

    /// A user and how many rows the user has.
    public struct UserCount: Hashable, Sendable {
      /// The user's key.
      public var user: String
      /// Rows that a search can find.
      public var rows: Int
    }

    /// The version of the files' format.
    public var formatVersion: Int
    /// Users with rows.
    public var users: Int
    /// Sessions with rows. Rows outside any session are not one.
    public var sessions: Int
    /// The sealed files, oldest first.
    public var segments: [SealedFile]
    /// The users with the most rows, by rows descending, then by the key's bytes.
    public var largestUsers: [UserCount]
    /// Bytes of the sealed files by section: vectors, codes, prefixes, basis, ids, groups, times, squaredNorms,
    /// users, sessions, keys, sequencesAdded, sequencesRemoved, order, checksums, roots; what is left of the
    /// files are headers, padding, and sections that others keep.
    public var bytes: [String: Int]
  }

  /// Looks at what the collection is made of.
  ///
  /// - Parameter largestUsers: how many users are named at most.
  /// - Complexity: O(users + sessions + deleted rows); no row is read.
  /// - Throws: `corrupt` when a directory of users cannot be read.
  public func inspection(largestUsers: Int = 10) throws(EngineError) -> Inspection {
    let snapshot = snapshot()
    var tally = ScopeTally()
    for sealed in snapshot.segments { try tally.add(sealed) }
    tally.add(snapshot.buffer)
    let users = tally.users.filter { $0.value > 0 }
    let largest = users.sorted {
      $0.value != $1.value
        ? $0.value > $1.value : $0.key.text.utf8.lexicographicallyPrecedes($1.key.text.utf8)
    }
    var bytes: [String: Int] = [:]
    for section in SegmentFormat.Section.allCases {
      bytes["\(section)"] = snapshot.segments.reduce(0) { $0 + $1.segment.length(of: section) }
    }
    return Inspection(
      formatVersion: Int(SegmentFormat.version), users: users.count,
      sessions: tally.sessions.count,
      segments: snapshot.segments.map {
        Inspection.SealedFile(
          name: $0.segment.name, rows: $0.segment.rowCount, tombstones: $0.dead.count,
          bytes: $0.segment.byteCount)
      },
      largestUsers: largest.prefix(max(0, largestUsers)).map {
        Inspection.UserCount(user: $0.key.text, rows: $0.value)
      },
      bytes: bytes)
  }
}

/// Counts rows by user and finds the sessions that have any.
private struct ScopeTally {
  private(set) var users: [ByteKey: Int] = [:]
  private(set) var sessions: Set<RowScope> = []

  mutating func add(_ sealed: SealedRows) throws(EngineError) {
    let segment = sealed.segment
    let dead = sealed.dead.rows
    // Sessions lie in the order of their rows, and so do the deleted rows: one walk counts both.
    var next = 0
    for index in 0..<segment.userCount {
      let entry = try segment.user(index)
      let user = try segment.key(entry) ?? ""
      for number in entry.sessions {
        let session = try segment.session(number)
        var live = session.rows.count
        while next < dead.count, dead[next] < session.rows.upperBound {
          live -= 1
          next += 1
        }
        add(live, RowScope(user: user, session: try segment.key(session)))
      }
    }
  }

  mutating func add(_ buffer: RowBuffer) {
    for user in buffer.users {
      guard let rows = buffer[user] else { continue }
      for session in rows.sessions {
        add(rows.liveCount(of: session), RowScope(user: user, session: session.key))
      }
    }
  }

  private mutating func add(_ rows: Int, _ scope: RowScope) {
    guard rows > 0 else { return }
    users[ByteKey(scope.user), default: 0] += rows
    if scope.session != nil { sessions.insert(scope) }
  }
}
