internal import ConversationMemory
internal import Records

/// Counts over all users.
package struct GetSystemSessionStats: AdministrativeTool, SessionTool {
  package static let name = "get_system_session_stats"
  package static let title = "Get the system's statistics"
  package static let description = """
    Call this to see how much the whole store holds, over all users: sessions, interactions, \
    memories, and the totals of its lifetime.
    """
  package static let annotations = ToolAnnotations.reads

  let sessions: SessionService

  package struct Output: Codable, Sendable {
    let activeSessions: Int
    let expiredSessions: Int
    let totalUsers: Int
    let totalInteractions: Int
    let totalMemories: Int
    let lifetime: Lifetime
    let lastUpdated: Timestamp

    struct Lifetime: Codable, Sendable {
      let sessions: Int
      let interactions: Int
      let memories: Int
    }

    private enum CodingKeys: String, CodingKey {
      case activeSessions = "active_sessions"
      case expiredSessions = "expired_sessions"
      case totalUsers = "total_users"
      case totalInteractions = "total_interactions"
      case totalMemories = "total_memories"
      case lifetime
      case lastUpdated = "last_updated"
    }
  }

  package func call(_ input: NoArguments, _ context: ToolContext) throws -> Output {
    let (counts, time) = try sessions.systemStatistics(caller: context.caller)
    return Output(
      activeSessions: counts.activeSessions, expiredSessions: counts.expiredSessions,
      totalUsers: counts.users, totalInteractions: counts.interactions,
      totalMemories: counts.memories,
      lifetime: .init(
        sessions: counts.lifetimeSessions, interactions: counts.lifetimeInteractions,
        memories: counts.lifetimeMemories),
      lastUpdated: time)
  }
}
