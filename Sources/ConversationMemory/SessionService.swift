package import Records
package import Retrieval

/// What sessions obey.
package struct SessionRules: Hashable, Sendable {
  /// How many active sessions a user may have; one more expires the least recently used.
  package var maximumPerUser: Int
  /// How long a session stays active after the last thing that happened in it, in seconds.
  package var timeout: Double

  package init(maximumPerUser: Int = 10, timeout: Double = 24 * 3600) {
    self.maximumPerUser = maximumPerUser
    self.timeout = timeout
  }

  package var lifecycle: SessionLifecycle { SessionLifecycle(timeout: timeout) }

  /// A session is active when something happened in it after this moment.
  package func activeSince(_ now: Timestamp) -> Timestamp { now.advanced(bySeconds: -timeout) }
}

/// Opens, reads, lists and expires sessions.
package struct SessionService: Sendable {
  private let backend: any MemoryBackend
  private let rules: SessionRules
  private let clock: @Sendable () -> Timestamp

  package init(
    backend: any MemoryBackend, rules: SessionRules,
    clock: @escaping @Sendable () -> Timestamp = { Timestamp.now() }
  ) {
    self.backend = backend
    self.rules = rules
    self.clock = clock
  }

  /// A session that was opened, and those that had to expire for it.
  package struct Opened: Hashable, Sendable {
    package let session: Session
    package let expired: [SessionID]
  }

  /// Opens a session for a user.
  ///
  /// - Throws: `not_found`, `invalid_argument`.
  package func create(
    caller: Caller, user: UserID?, name: String?, metadata: [String: JSONValue]
  ) throws -> Opened {
    let scope = try Authority.scope(of: user, for: caller)
    let name = try name.map { try Validation.name($0, field: "session_name") }
    try Validation.metadata(metadata)
    return try backend.write { writer in
      let now = clock()
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
        lastActivity: now, metadata: metadata)
      try writer.insert(record)
      return Opened(
        session: rules.lifecycle.view(of: record, at: now), expired: leaving.map(\.id))
    }
  }

  /// The session with this id. Reading it is not an activity.
  package func session(_ id: SessionID, caller: Caller, user: UserID?) throws -> Session {
    try backend.read { reader in
      rules.lifecycle.view(of: try Self.record(id, caller, user, reader), at: clock())
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

  /// Ends a session; doing so again changes nothing and restarts no clock.
  package func expire(
    _ id: SessionID, caller: Caller, user: UserID?
  ) throws -> (session: Session, changed: Bool) {
    try backend.write { writer in
      let now = clock()
      var record = try Self.record(id, caller, user, writer)
      let changed = rules.lifecycle.expiry(of: record, at: now) == nil
      if changed {
        record.expiredAt = now
        try writer.update(record)
      }
      return (rules.lifecycle.view(of: record, at: now), changed)
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
      let scope = try Authority.resolve(id, for: caller, user: user, owner: reader.owner(of:))
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

  /// Writes down the expiry of sessions that are overdue; returns how many there were.
  package func sweep() throws -> Int {
    try backend.write { try $0.expireOverdueSessions(timeout: rules.timeout, at: clock()) }
  }

  /// More sessions than any user has; the limit of active ones keeps their number small.
  private static let everySession = 1_000_000

  private static func defaultName(_ now: Timestamp) -> String {
    let text = now.description
    return "Session \(text.prefix(10)) \(text.dropFirst(11).prefix(5))"
  }

  private static func record(
    _ id: SessionID, _ caller: Caller, _ user: UserID?, _ reader: any MemoryReader
  ) throws -> SessionRecord {
    let scope = try Authority.resolve(id, for: caller, user: user, owner: reader.owner(of:))
    return try record(in: scope, reader)
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
