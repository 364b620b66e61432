/// What is stored of a session. Its status follows from the clock: see `SessionLifecycle`.
package struct SessionRecord: Hashable, Sendable {
  package var id: SessionID
  package var user: UserID
  package var name: String
  package var createdAt: Timestamp
  package var lastActivity: Timestamp
  /// When it was expired by a caller, by the limit, or found overdue by the sweep.
  package var expiredAt: Timestamp?
  package var interactionCount: Int
  package var memoryCount: Int
  package var metadata: [String: JSONValue]
  /// The session that this one goes on from; searches in this one see that one too.
  package var continues: SessionID?

  package init(
    id: SessionID, user: UserID, name: String, createdAt: Timestamp, lastActivity: Timestamp,
    expiredAt: Timestamp? = nil, interactionCount: Int = 0, memoryCount: Int = 0,
    metadata: [String: JSONValue] = [:], continues: SessionID? = nil
  ) {
    self.id = id
    self.user = user
    self.name = name
    self.createdAt = createdAt
    self.lastActivity = lastActivity
    self.expiredAt = expiredAt
    self.interactionCount = interactionCount
    self.memoryCount = memoryCount
    self.metadata = metadata
    self.continues = continues
  }
}

/// A session as callers see it at some moment.
package struct Session: Hashable, Sendable, Codable {
  /// Whether it takes new memories and questions.
  package enum Status: String, Sendable, Codable, CaseIterable {
    case active
    case expired
  }

  package var id: SessionID
  package var user: UserID
  package var name: String
  package var status: Status
  package var createdAt: Timestamp
  package var lastActivity: Timestamp
  /// When it became expired; nil while active.
  package var expiredAt: Timestamp?
  /// When it expires unless something happens in it; for an expired one, when it did.
  package var expiresAt: Timestamp
  package var interactionCount: Int
  package var memoryCount: Int
  package var metadata: [String: JSONValue]
  /// The session that this one goes on from.
  package var continues: SessionID?

  private enum CodingKeys: String, CodingKey {
    case id = "session_id"
    case user = "user_id"
    case name, status, metadata, continues
    case createdAt = "created_at"
    case lastActivity = "last_activity"
    case expiredAt = "expired_at"
    case expiresAt = "expires_at"
    case interactionCount = "interaction_count"
    case memoryCount = "memory_count"
  }
}

extension Session: JSONWritable {
  package func write(to writer: inout JSONTextWriter) throws {
    try writer.object { writer in
      writer.member("continues", continues?.description)
      writer.member("created_at", createdAt)
      writer.member("expired_at", expiredAt)
      writer.member("expires_at", expiresAt)
      writer.member("interaction_count", interactionCount)
      writer.member("last_activity", lastActivity)
      writer.member("memory_count", memoryCount)
      try writer.member("metadata", metadata)
      writer.member("name", name)
      writer.member("session_id", id.description)
      writer.member("status", status.rawValue)
      writer.member("user_id", user.description)
    }
  }
}

/// When a session is active, and since when it is not: a function of its record and the clock.
package struct SessionLifecycle: Hashable, Sendable {
  /// How long a session stays active after the last thing that happened in it, in seconds.
  package let timeout: Double

  package init(timeout: Double) {
    self.timeout = timeout
  }

  /// When the session became expired, or nil while it is active.
  ///
  /// An overdue session counts as expired from the moment it was due, whether or not the sweep has
  /// been by; once expired it stays so, also when the timeout is made longer.
  package func expiry(of record: SessionRecord, at now: Timestamp) -> Timestamp? {
    if let expiredAt = record.expiredAt { return expiredAt }
    let due = record.lastActivity.advanced(bySeconds: timeout)
    return due <= now ? due : nil
  }

  /// The session as callers see it now.
  package func view(of record: SessionRecord, at now: Timestamp) -> Session {
    let expiredAt = expiry(of: record, at: now)
    return Session(
      id: record.id, user: record.user, name: record.name,
      status: expiredAt == nil ? .active : .expired, createdAt: record.createdAt,
      lastActivity: record.lastActivity, expiredAt: expiredAt,
      expiresAt: expiredAt ?? record.lastActivity.advanced(bySeconds: timeout),
      interactionCount: record.interactionCount, memoryCount: record.memoryCount,
      metadata: record.metadata, continues: record.continues)
  }
}
