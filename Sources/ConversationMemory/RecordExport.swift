package import Records
internal import Retrieval

/// One line of an export, as an import reads it.
package enum ExportedRecord: Sendable, Encodable {
  case session(SessionRecord)
  case memory(Memory, history: [MemoryVersion])

  private enum CodingKeys: String, CodingKey {
    case kind, metadata, content, importance, version, supersedes, history, continues, name
    case session = "session_id"
    case user = "user_id"
    case memory = "memory_id"
    case type = "memory_type"
    case createdAt = "created_at"
    case updatedAt = "updated_at"
    case occurredAt = "occurred_at"
    case lastActivity = "last_activity"
    case expiredAt = "expired_at"
    case expiresAt = "expires_at"
    case interactionCount = "interaction_count"
    case accessCount = "access_count"
    case lastAccessedAt = "last_accessed_at"
    case supersededBy = "superseded_by"
  }

  /// Only what is stored: a status or a time of expiry would depend on when it is asked.
  package func encode(to encoder: any Encoder) throws {
    var line = encoder.container(keyedBy: CodingKeys.self)
    switch self {
    case .session(let session):
      try line.encode("session", forKey: .kind)
      try line.encode(session.id, forKey: .session)
      try line.encode(session.user, forKey: .user)
      try line.encode(session.name, forKey: .name)
      try line.encode(session.createdAt, forKey: .createdAt)
      try line.encode(session.lastActivity, forKey: .lastActivity)
      try line.encodeIfPresent(session.expiredAt, forKey: .expiredAt)
      try line.encode(session.interactionCount, forKey: .interactionCount)
      try line.encode(session.metadata, forKey: .metadata)
      try line.encodeIfPresent(session.continues, forKey: .continues)
    case .memory(let memory, let history):
      try line.encode("memory", forKey: .kind)
      try line.encode(memory.id, forKey: .memory)
      try line.encode(memory.user, forKey: .user)
      try line.encodeIfPresent(memory.session, forKey: .session)
      try line.encode(memory.content, forKey: .content)
      try line.encode(memory.type, forKey: .type)
      try line.encode(memory.metadata, forKey: .metadata)
      try line.encode(memory.createdAt, forKey: .createdAt)
      try line.encode(memory.updatedAt, forKey: .updatedAt)
      try line.encodeIfPresent(memory.occurredAt, forKey: .occurredAt)
      try line.encode(memory.importance, forKey: .importance)
      try line.encode(memory.accessCount, forKey: .accessCount)
      try line.encodeIfPresent(memory.lastAccessedAt, forKey: .lastAccessedAt)
      try line.encode(memory.version, forKey: .version)
      try line.encodeIfPresent(memory.expiresAt, forKey: .expiresAt)
      try line.encodeIfPresent(memory.supersedes, forKey: .supersedes)
      try line.encodeIfPresent(memory.supersededBy, forKey: .supersededBy)
      if !history.isEmpty { try line.encode(history, forKey: .history) }
    }
  }
}

extension MemoryService {
  /// Hands out every record of one user, or of all: the users by name, of each the sessions and then
  /// the memories in the order of their making.
  ///
  /// - Throws: `forbidden` for all users by a bound caller, `not_found` for another user by one, and
  ///   what `body` throws.
  package func export(
    caller: Caller, user: UserID?, _ body: (ExportedRecord) throws -> Void
  ) throws {
    // One transaction, so that what is written is of one moment.
    try backend.read { reader in
      let users =
        try user.map { [$0] } ?? reader.users(Authority.administration(for: caller))
      for user in users {
        let scope = try Authority.scope(of: user, for: caller)
        for session in try reader.allSessions(in: scope) { try body(.session(session)) }
        var cursor: PageCursor?
        repeat {
          let page = try reader.allMemories(in: scope, after: cursor, limit: Self.exportPage)
          for memory in page {
            let history = try memory.version > 1 ? reader.history(of: memory.id, in: scope) : []
            try body(.memory(memory, history: history))
          }
          cursor = page.last.flatMap {
            page.count < Self.exportPage
              ? nil : PageCursor(time: $0.createdAt, id: $0.id.description)
          }
        } while cursor != nil
      }
    }
  }

  private static let exportPage = 500
}
