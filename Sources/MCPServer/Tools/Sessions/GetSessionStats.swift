internal import ConversationMemory
internal import Records

/// Counts what one session holds.
package struct GetSessionStats: SessionTool {
  package static let name = "get_session_stats"
  package static let title = "Get a session's statistics"
  package static let description = """
    Call this to see how much happened in a session: answered questions, memories by type, first \
    and last activity.
    """
  package static let annotations = ToolAnnotations.reads

  let sessions: SessionService

  package struct Output: Codable, Sendable {
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
  }

  package func call(_ input: SessionInput, _ context: ToolContext) throws -> Output {
    let found = try sessions.statistics(input.id, caller: context.caller, user: input.user)
    let session = found.session
    return Output(
      session: session.id, user: session.user, status: session.status,
      interactionCount: session.interactionCount, memoryCount: session.memoryCount,
      memoriesByType: found.memoriesByType, createdAt: session.createdAt,
      lastActivity: session.lastActivity,
      duration: session.lastActivity.seconds(since: session.createdAt))
  }
}
