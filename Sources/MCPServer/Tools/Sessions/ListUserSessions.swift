internal import ConversationMemory
internal import Records

/// Lists a user's sessions.
package struct ListUserSessions: SessionTool {
  package static let name = "list_user_sessions"
  package static let title = "List sessions"
  package static let description = """
    Call this to find a session to go on with, or to see what was worked on lately. Newest activity \
    first; expired sessions only with include_expired. Use next_cursor for the next page.
    """
  package static let annotations = ToolAnnotations.reads

  let sessions: SessionService

  package struct Input: ToolInput {
    let user: UserID?
    let includeExpired: Bool
    let limit: Int
    let cursor: String?

    package init(_ arguments: inout ArgumentReader) throws {
      user = try arguments.user("Whose sessions; leave it out for your own user.")
      includeExpired = try arguments.optional(
        "include_expired", .flag, default: false, "Also the sessions that have expired.")
      limit = try arguments.optional(
        "limit", .pageSize, default: Limits.defaultPageSize, "How many at most.")
      cursor = try arguments.optional("cursor", .cursor, "next_cursor of the page before.")
    }
  }

  package struct Output: Codable, Sendable {
    let sessions: [Session]
    let total: Int
    let next: String?

    private enum CodingKeys: String, CodingKey {
      case sessions, total
      case next = "next_cursor"
    }
  }

  package func call(_ input: Input, _ context: ToolContext) throws -> Output {
    let page = try sessions.list(
      caller: context.caller, user: input.user, includeExpired: input.includeExpired,
      limit: input.limit, cursor: try input.cursor.map { try PageCursor($0) })
    return Output(sessions: page.records, total: page.total, next: page.next?.text)
  }
}
