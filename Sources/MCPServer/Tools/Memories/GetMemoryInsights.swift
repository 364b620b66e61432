internal import ConversationMemory
internal import Records

/// Shows what a user's memories are about and when they came.
package struct GetMemoryInsights: Tool {
  package static let name = "get_memory_insights"
  package static let title = "Get memory insights"
  package static let description = """
    Call this to learn what a user's memories are about as a whole: topics with their telling words \
    and typical memories, how active each time was, and which sessions hold the most. Topics group \
    what holds today; total and activity count what others have taken the place of as well.
    """
  package static let annotations = ToolAnnotations.reads

  let memories: MemoryService

  package struct Input: ToolInput {
    let user: UserID?
    let since: Timestamp?
    let until: Timestamp?

    package init(_ arguments: inout ArgumentReader) throws {
      user = try arguments.user()
      since = try arguments.optional(
        "since", .time, "Only what happened at or after this time (ISO 8601).")
      until = try arguments.optional(
        "until", .time, "Only what happened at or before this time (ISO 8601).")
    }
  }

  package struct Output: Codable, Sendable {
    let user: UserID
    let total: Int
    let grouped: Int
    let topics: [Topic]
    let activity: Activity
    let sessions: [GetMemoryStats.Output.SessionShare]

    struct Topic: Codable, Sendable {
      let terms: [String]
      let count: Int
      let memories: [Example]
    }

    struct Example: Codable, Sendable {
      let memory: MemoryID
      let content: String

      private enum CodingKeys: String, CodingKey {
        case memory = "memory_id"
        case content
      }
    }

    struct Activity: Codable, Sendable {
      let period: MemoryInsights.Period
      let counts: [Share]
    }

    struct Share: Codable, Sendable {
      let start: String
      let count: Int
    }

    private enum CodingKeys: String, CodingKey {
      case total, grouped, topics, activity, sessions
      case user = "user_id"
    }
  }

  private static let excerptLength = 300
  private static let mostSessions = 20
  private static let mostPeriods = 120

  package func call(_ input: Input, _ context: ToolContext) throws -> Output {
    let found = try memories.insights(
      caller: context.caller, user: input.user, since: input.since, until: input.until)
    return Output(
      user: found.user, total: found.total, grouped: found.grouped,
      topics: found.topics.map { topic in
        Output.Topic(
          terms: topic.terms, count: topic.count,
          memories: topic.memories.map {
            Output.Example(memory: $0.id, content: $0.excerpt(Self.excerptLength).content)
          })
      },
      activity: Output.Activity(
        period: found.period,
        counts: found.activity.suffix(Self.mostPeriods).map {
          Output.Share(start: $0.name, count: $0.count)
        }),
      sessions: found.sessions.prefix(Self.mostSessions).map {
        GetMemoryStats.Output.SessionShare(session: SessionID(stored: $0.name), count: $0.count)
      })
  }
}
