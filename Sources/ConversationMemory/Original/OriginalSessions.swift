internal import Records

/// Turns sessions of the original into ours.
struct OriginalSessions {
  /// Whose the sessions are, by their ids as they become.
  private(set) var owners: [SessionID: UserID] = [:]

  /// - Throws: `ServiceError` saying which rule of ours the session breaks.
  mutating func session(_ entry: OriginalEntry) throws -> ImportedSession {
    var entry = entry
    let user = try OriginalValue.user(entry.take("user_id"))
    let name = try OriginalValue.text(entry.take("id"), "id") ?? entry.key
    guard let name else { throw ServiceError.invalid("id", "is missing") }
    let id = OriginalValue.sessionID(name)
    let createdAt = try OriginalValue.time(entry.take("created_at"), "created_at")
    let lastActivity = try OriginalValue.time(entry.take("last_activity"), "last_activity")
    var expiredAt = try OriginalValue.time(entry.take("expired_at"), "expired_at")
    if entry.members["status"] == "expired" {
      expiredAt = expiredAt ?? lastActivity ?? createdAt ?? .now()
      _ = entry.take("status")
    } else if entry.members["status"] == "active" {
      expiredAt = nil
      _ = entry.take("status")
    }
    let interactions = try OriginalValue.count(entry.take("interaction_count"))
    // How many memories a session holds is counted here, not believed.
    _ = entry.take("memory_count")
    let title = try OriginalValue.text(entry.take("name"), "name")
    var metadata = OriginalMetadata(try OriginalValue.object(entry.take("metadata"), "metadata"))
    if id.description != name { metadata.note("id", .string(name)) }
    let isTooLong = (title?.unicodeScalars.count ?? 0) > Limits.nameLength
    if isTooLong, let title { metadata.note("name", .string(title)) }
    // What the service once showed of a session stands in the session already.
    let statistics = entry.statistics.filter { $0.key != "session_info" }
    if !statistics.isEmpty { metadata.note("session_stats", .object(statistics)) }
    metadata.note(rest: entry.members)
    owners[id] = user
    return ImportedSession(
      id: id, user: user, name: Self.name(title, createdAt), createdAt: createdAt,
      lastActivity: lastActivity, expiredAt: expiredAt, interactionCount: interactions,
      metadata: try metadata.members)
  }

  private static func name(_ title: String?, _ createdAt: Timestamp?) -> String? {
    guard let title, !title.trimmed.isEmpty else {
      return createdAt.map(SessionService.defaultName)
    }
    return String(title.unicodeScalars.prefix(Limits.nameLength))
  }
}
