internal import ConversationMemory
internal import Records

/// Counts what a user or a session holds.
package struct GetMemoryStats: Tool {
  package static let name = "get_memory_stats"
  package static let title = "Get memory statistics"
  package static let description = """
    Call this to see how much is remembered and of what kind: counts by type, by session and by day, \
    and how much room the contents take.
    """
  package static let annotations = ToolAnnotations.reads

  let memories: MemoryService

  package struct Input: ToolInput {
    let user: UserID?
    let session: SessionID?

    package init(_ arguments: inout ArgumentReader) throws {
      user = try arguments.user()
      session = try arguments.optional(
        "session_id", .id(), "Only this session; without it everything of the user.")
    }
  }

  package struct Output: Codable, Sendable {
    let user: UserID
    let session: SessionID?
    let total: Int
    let byType: [String: Int]
    let bySession: [SessionShare]
    let byDay: [DayShare]
    let bytes: Int

    struct SessionShare: Codable, Sendable {
      let session: SessionID
      let count: Int

      private enum CodingKeys: String, CodingKey {
        case session = "session_id"
        case count
      }
    }

    struct DayShare: Codable, Sendable {
      let day: String
      let count: Int
    }

    private enum CodingKeys: String, CodingKey {
      case total, bytes
      case user = "user_id"
      case session = "session_id"
      case byType = "by_type"
      case bySession = "by_session"
      case byDay = "by_day"
    }
  }

  /// A reply lists at most so many sessions and days, the fullest and the latest.
  private static let mostShares = 100

  package func call(_ input: Input, _ context: ToolContext) throws -> Output {
    let (scope, found) = try memories.statistics(
      caller: context.caller, user: input.user, session: input.session)
    return Output(
      user: scope.user, session: scope.session, total: found.total, byType: found.byType,
      bySession: found.bySession.prefix(Self.mostShares).map {
        Output.SessionShare(session: SessionID(stored: $0.name), count: $0.count)
      },
      byDay: found.byDay.suffix(Self.mostShares).map {
        Output.DayShare(day: $0.name, count: $0.count)
      },
      bytes: found.bytes)
  }
}
