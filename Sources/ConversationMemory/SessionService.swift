package import Records
package import Retrieval

/// What sessions obey.
package struct SessionRules: Hashable, Sendable {
  /// How many active sessions a user may have; one more expires the least recently used.
  package var maximumPerUser: Int
  /// How long a session stays active after the last thing that happened in it, in seconds.
  package var timeout: Double
  /// Whether there are sessions at all.
  package var isTracking: Bool
  /// How long an expired session is kept, in seconds; nil for ever.
  package var retention: Double?
  /// What becomes of a session's memories when it is purged.
  package var memoriesOnPurge: MemoriesOnPurge

  /// What becomes of a session's memories when it is purged.
  package enum MemoriesOnPurge: String, Sendable, CaseIterable {
    /// They stay the user's, with the session's id as their origin.
    case keep
    case delete
  }

  package init(
    maximumPerUser: Int = 10, timeout: Double = 24 * 3600, isTracking: Bool = true,
    retention: Double? = nil, memoriesOnPurge: MemoriesOnPurge = .keep
  ) {
    self.maximumPerUser = maximumPerUser
    self.timeout = timeout
    self.isTracking = isTracking
    self.retention = retention
    self.memoriesOnPurge = memoriesOnPurge
  }

  /// Refuses to name a session where there are none.
  func checkTracking() throws(ServiceError) {
    guard isTracking else {
      throw .invalid(
        "session_id", "cannot be used: sessions are off (RECOLLECT_ENABLE_SESSION_TRACKING)")
    }
  }

  package var lifecycle: SessionLifecycle { SessionLifecycle(timeout: timeout) }

  /// A session is active when something happened in it after this moment.
  package func activeSince(_ now: Timestamp) -> Timestamp { now.advanced(bySeconds: -timeout) }
}

/// Opens, reads, lists and expires sessions.
package struct SessionService: Sendable {
  private let backend: any MemoryBackend
  private let rules: SessionRules
  private let touches: TouchBuffer
  private let clock: @Sendable () -> Timestamp

  package init(
    backend: any MemoryBackend, rules: SessionRules, touches: TouchBuffer,
    clock: @escaping @Sendable () -> Timestamp = { Timestamp.now() }
  ) {
    self.backend = backend
    self.rules = rules
    self.touches = touches
    self.clock = clock
  }

  /// Whether there are sessions at all.
  package var isTracking: Bool { rules.isTracking }

  /// A session that was opened, and those that had to expire for it.
  package struct Opened: Hashable, Sendable {
    package let session: Session
    package let expired: [SessionID]
  }

  /// Opens a session for a user.
  ///
  /// - Parameter predecessor: a session of the same user, active or expired, that this one goes on
  ///   from: searches in the new session see it too.
  /// - Throws: `not_found`, `invalid_argument`.
  package func create(
    caller: Caller, user: UserID?, name: String?, metadata: [String: JSONValue],
    continuing predecessor: SessionID? = nil
  ) throws -> Opened {
    try rules.checkTracking()
    let name = try name.map { try Validation.name($0, field: "session_name") }
    try Validation.metadata(metadata)
    // Searching is use, too: which session is the least recently used must not miss the last second.
    try touches.flush(to: backend, rules)
    return try backend.write { writer in
      let now = clock()
      let scope = try MemoryService.scope(caller, user, predecessor, rules, writer).wholeUser
      let active = try writer.sessions(
        in: scope, SessionPage(activeSince: rules.activeSince(now), limit: Self.everySession))
      let leaving = SessionLifecycle.leastRecentlyUsed(
        of: active.records, beyond: rules.maximumPerUser - 1)
      for var record in leaving {
        record.expiredAt = now
        try writer.update(record)
      }
      let record = SessionRecord(
        id: .make(), user: scope.user, name: name ?? Self.defaultName(now), createdAt: now,
        lastActivity: now, metadata: metadata, continues: predecessor)
      try writer.insert(record)
      return Opened(
        session: rules.lifecycle.view(of: record, at: now), expired: leaving.map(\.id))
    }
  }

  /// The session with this id. Reading it is not an activity.
  package func session(_ id: SessionID, caller: Caller, user: UserID?) throws -> Session {
    try backend.read { reader in
      rules.lifecycle.view(of: try record(id, caller, user, reader), at: clock())
    }
  }

  /// Sessions of a user, newest activity first.
  package func list(
    caller: Caller, user: UserID?, includeExpired: Bool, limit: Int, cursor: PageCursor?
  ) throws -> RecordPage<Session> {
    let scope = try Authority.scope(of: user, for: caller)
    try Validation.pageSize(limit)
    return try backend.read { reader in
      let now = clock()
      let page = try reader.sessions(
        in: scope,
        SessionPage(
          activeSince: includeExpired ? nil : rules.activeSince(now), limit: limit, after: cursor))
      return RecordPage(
        records: page.records.map { rules.lifecycle.view(of: $0, at: now) }, total: page.total,
        next: page.next)
    }
  }

  /// Changes the name of a session, and merges metadata into its own; null removes a key.
  ///
  /// - Throws: `not_found`, `invalid_argument`.
  package func update(
    _ id: SessionID, name: String?, metadata: [String: JSONValue]?, caller: Caller, user: UserID?
  ) throws -> Session {
    let name = try name.map { try Validation.name($0, field: "session_name") }
    return try backend.write { writer in
      var record = try record(id, caller, user, writer)
      if let name { record.name = name }
      for (key, value) in metadata ?? [:] {
        record.metadata[key] = value == .null ? nil : value
      }
      try Validation.metadata(record.metadata)
      try writer.update(record)
      return rules.lifecycle.view(of: record, at: clock())
    }
  }

  /// Deletes a session for good, and with it its memories unless they are to stay the user's.
  ///
  /// - Returns: how many memories were deleted; nil when the caller has no such session.
  package func delete(
    _ id: SessionID, withMemories: Bool, caller: Caller, user: UserID?
  ) throws -> Int? {
    // Naming somebody else is refused whatever the id, as with every other verb.
    if case .bound = caller { _ = try Authority.scope(of: user, for: caller) }
    return try backend.write { writer in
      do {
        let scope = try scope(id, caller, user, writer)
        return try writer.deleteSession(in: scope, withMemories: withMemories)
      } catch let error as ServiceError where error.code == .notFound {
        return nil
      }
    }
  }

  /// Ends a session; doing so again changes nothing and restarts no clock.
  package func expire(
    _ id: SessionID, caller: Caller, user: UserID?
  ) throws -> (session: Session, changed: Bool) {
    try backend.write { writer in
      let now = clock()
      var record = try record(id, caller, user, writer)
      let changed = rules.lifecycle.expiry(of: record, at: now) == nil
      if changed {
        record.expiredAt = now
        try writer.update(record)
      }
      return (rules.lifecycle.view(of: record, at: now), changed)
    }
  }

  /// Counts something that was done in a session elsewhere than by answering a question, and moves the
  /// session's clock. To be called once, after it succeeded.
  ///
  /// - Throws: `not_found`, `session_expired`.
  package func recordInteraction(
    in id: SessionID, caller: Caller, user: UserID?
  ) throws -> Session {
    try backend.write { writer in
      let now = clock()
      let scope = try scope(id, caller, user, writer)
      guard
        var record = try MemoryService.activeSession(in: scope, rules, at: now, writer)
      else { throw ServiceError.notFound("session", field: "session_id") }
      record.interactionCount += 1
      record.lastActivity = max(record.lastActivity, now)
      try writer.update(record)
      return rules.lifecycle.view(of: record, at: now)
    }
  }

  /// What a session holds.
  package struct Statistics: Hashable, Sendable {
    package let session: Session
    package let memoriesByType: [String: Int]
  }

  /// What a session holds.
  package func statistics(
    _ id: SessionID, caller: Caller, user: UserID?
  ) throws -> Statistics {
    try backend.read { reader in
      let scope = try scope(id, caller, user, reader)
      let record = try Self.record(in: scope, reader)
      return Statistics(
        session: rules.lifecycle.view(of: record, at: clock()),
        memoriesByType: try reader.memoryCountsByType(in: scope))
    }
  }

  /// Counts over all users.
  ///
  /// - Throws: `forbidden` for a caller who is bound to one user.
  package func systemStatistics(caller: Caller) throws -> (counts: SystemCounts, at: Timestamp) {
    let leave = try Authority.administration(for: caller)
    let now = clock()
    return try backend.read { reader in
      (try reader.systemCounts(leave, activeSince: rules.activeSince(now)), now)
    }
  }

  /// What a sweep did.
  package struct Swept: Hashable, Sendable {
    package var expiredSessions = 0
    package var purgedSessions = 0
    package var expiredMemories = 0

    package var isEmpty: Bool { self == Swept() }
  }

  /// Writes down the expiry of sessions that are overdue, purges those whose retention is over, and
  /// deletes the memories that have expired.
  package func sweep() throws -> Swept {
    try backend.write { writer in
      let now = clock()
      var swept = Swept()
      swept.expiredSessions = try writer.expireOverdueSessions(
        Authority.maintenance, timeout: rules.timeout, at: now)
      if let retention = rules.retention {
        swept.purgedSessions = try writer.purgeSessions(
          Authority.maintenance, expiredBefore: now.advanced(bySeconds: -retention),
          withMemories: rules.memoriesOnPurge == .delete)
      }
      swept.expiredMemories = try writer.deleteExpiredMemories(Authority.maintenance)
      return swept
    }
  }

  /// More sessions than any user has; the limit of active ones keeps their number small.
  private static let everySession = 1_000_000

  static func defaultName(_ now: Timestamp) -> String {
    let text = now.description
    return "Session \(text.prefix(10)) \(text.dropFirst(11).prefix(5))"
  }

  private func scope(
    _ id: SessionID, _ caller: Caller, _ user: UserID?, _ reader: any MemoryReader
  ) throws -> Scope {
    try MemoryService.scope(caller, user, id, rules, reader)
  }

  private func record(
    _ id: SessionID, _ caller: Caller, _ user: UserID?, _ reader: any MemoryReader
  ) throws -> SessionRecord {
    try Self.record(in: try scope(id, caller, user, reader), reader)
  }

  private static func record(in scope: Scope, _ reader: any MemoryReader) throws -> SessionRecord {
    guard let record = try reader.session(in: scope) else {
      throw ServiceError.notFound("session", field: "session_id")
    }
    return record
  }
}

extension SessionLifecycle {
  /// The sessions that have to go when only so many may stay: the least recently used, and among
  /// equals the one with the smaller id.
  package static func leastRecentlyUsed(
    of active: [SessionRecord], beyond limit: Int
  ) -> [SessionRecord] {
    let ordered = active.sorted { ($0.lastActivity, $0.id) < ($1.lastActivity, $1.id) }
    return Array(ordered.prefix(max(0, ordered.count - max(0, limit))))
  }
}
