package import ArgumentParser
internal import MCPServer
internal import Records

extension SessionsCommand {
  /// `recollect sessions list`
  package struct List: ParsableCommand {
    package static let configuration = CommandConfiguration(
      abstract: "List a user's sessions, newest activity first.",
      discussion: "Exits with 1 when there is none.")

    @Option(help: "Whose sessions. Default: local.")
    var user: String?

    @Flag(help: "Also the sessions that have expired.")
    var includeExpired = false

    @Option(help: "How many at most.")
    var limit = Limits.defaultPageSize

    @Option(help: "Where to go on: next_cursor of the page before.")
    var cursor: String?

    @OptionGroup var store: StoreOptions
    @OptionGroup var output: OutputOptions

    package init() {}

    private struct Page: Decodable {
      let sessions: [Session]
      let total: Int
      let next: String?

      private enum CodingKeys: String, CodingKey {
        case sessions, total
        case next = "next_cursor"
      }
    }

    package func run() throws {
      let result = try store.call(
        ListUserSessions.self,
        [
          "user_id": JSONValue(user), "include_expired": .bool(includeExpired),
          "limit": JSONValue(limit), "cursor": JSONValue(cursor),
        ], output)
      let page: Page = try result.read()
      try output.print(result.output) { text(page) }
      if page.total == 0 { throw ExitStatus.no }
    }

    private func text(_ page: Page) -> String {
      guard page.total > 0 else {
        return includeExpired
          ? "No sessions." : "No active sessions; --include-expired shows the others."
      }
      var table = Table(
        "SESSION", "STATUS", "LAST ACTIVITY", .number("QUESTIONS"), .number("MEMORIES"), "NAME")
      for session in page.sessions {
        table.add(
          session.id.description, session.status.rawValue, session.lastActivity.short,
          String(session.interactionCount), String(session.memoryCount), session.name.line(60))
      }
      return table.text + "\n"
        + footer(page.sessions.count, of: page.total, "sessions", next: page.next)
    }
  }

  /// `recollect sessions show`
  package struct Show: ParsableCommand {
    package static let configuration = CommandConfiguration(
      abstract: "Show one session; looking at it is no activity in it.",
      discussion: "Exits with 1 when there is no such session.")

    @OptionGroup var session: SessionOptions
    @OptionGroup var store: StoreOptions
    @OptionGroup var output: OutputOptions

    package init() {}

    package func run() throws {
      let result = try store.call(
        GetSessionInfo.self,
        ["session_id": .string(session.id), "user_id": JSONValue(session.user)], output)
      let text = try result.read(SessionText.self).text
      try output.print(result.output) { text }
    }
  }

  /// `recollect sessions stats`
  package struct Stats: ParsableCommand {
    package static let configuration = CommandConfiguration(
      abstract: "Count what one session holds or, without an id, what the whole store does.",
      discussion: "Exits with 1 when there is no such session.")

    @Argument(help: "The session's id.")
    var id: String?

    @Option(help: "Whose session it must be. Default: whoever owns it.")
    var user: String?

    @OptionGroup var store: StoreOptions
    @OptionGroup var output: OutputOptions

    package init() {}

    package func validate() throws {
      guard id != nil || user == nil else {
        throw ValidationError(
          "--user goes with the id of a session; see `recollect memories stats`.")
      }
    }

    package func run() throws {
      guard let id else { return try printSystem() }
      let result = try store.call(
        GetSessionStats.self, ["session_id": .string(id), "user_id": JSONValue(user)], output)
      let text = try result.read(SessionStatistics.self).text
      try output.print(result.output) { text }
    }

    private func printSystem() throws {
      let result = try store.call(GetSystemSessionStats.self, [:], output)
      let text = try result.read(SystemStatistics.self).text
      try output.print(result.output) { text }
    }
  }
}

/// The counts of a session as they are shown to a person.
private struct SessionStatistics: Decodable {
  let session: SessionID
  let user: UserID
  let status: Session.Status
  let interactionCount: Int
  let memoryCount: Int
  let memoriesByType: [String: Int]
  let createdAt: Timestamp
  let lastActivity: Timestamp
  let duration: Double

  private enum CodingKeys: String, CodingKey {
    case session = "session_id"
    case user = "user_id"
    case status
    case interactionCount = "interaction_count"
    case memoryCount = "memory_count"
    case memoriesByType = "memories_by_type"
    case createdAt = "created_at"
    case lastActivity = "last_activity"
    case duration = "duration_seconds"
  }

  var text: String {
    var fields = Fields()
    fields.add("session", session.description)
    fields.add("user", user.description)
    fields.add("status", status.rawValue)
    fields.add("answered questions", String(interactionCount))
    fields.add("memories", String(memoryCount))
    fields.add("by type", counts: memoriesByType)
    fields.add("first activity", createdAt.short)
    fields.add("last activity", lastActivity.short)
    fields.add("duration", Self.duration(duration))
    return fields.text
  }

  /// `3 h 20 min`; a session is rarely timed to the second.
  private static func duration(_ seconds: Double) -> String {
    let minutes = Int(seconds / 60)
    return minutes < 60 ? "\(minutes) min" : "\(minutes / 60) h \(minutes % 60) min"
  }
}

/// The counts of the store as they are shown to a person.
private struct SystemStatistics: Decodable {
  let activeSessions: Int
  let expiredSessions: Int
  let totalUsers: Int
  let totalInteractions: Int
  let totalMemories: Int
  let lifetime: [String: Int]

  private enum CodingKeys: String, CodingKey {
    case activeSessions = "active_sessions"
    case expiredSessions = "expired_sessions"
    case totalUsers = "total_users"
    case totalInteractions = "total_interactions"
    case totalMemories = "total_memories"
    case lifetime
  }

  var text: String {
    var fields = Fields()
    fields.add("users", String(totalUsers))
    fields.add("sessions", "\(activeSessions) active, \(expiredSessions) expired")
    fields.add("answered questions", String(totalInteractions))
    fields.add("memories", String(totalMemories))
    let ever = ["sessions", "interactions", "memories"].compactMap { noun in
      lifetime[noun].map { "\($0) \(noun == "interactions" ? "answered questions" : noun)" }
    }
    fields.add("ever", ever.joined(separator: ", "))
    return fields.text
  }
}
