internal import ConversationMemory
internal import Records

/// Lists memories.
package struct ListMemories: Tool {
  package static let name = "list_memories"
  package static let title = "List memories"
  package static let description = """
    Call this to look through what is remembered, newest first, without a question in mind. Use \
    next_cursor for the next page; total counts them all. Contents are cut to an excerpt.
    """
  package static let annotations = ToolAnnotations.reads

  let memories: MemoryService

  package struct Input: ToolInput {
    let user: UserID?
    let session: SessionID?
    let filter: MemoryFilter
    let limit: Int
    let cursor: String?

    package init(_ arguments: inout ArgumentReader) throws {
      user = try arguments.user()
      session = try arguments.optional(
        "session_id", .id(), "Only this session; without it everything of the user.")
      filter = MemoryFilter(
        types: try arguments.optional("memory_types", .memoryTypes, "Only these types."),
        since: try arguments.optional(
          "since", .time, "Only what happened at or after this time (ISO 8601)."),
        until: try arguments.optional(
          "until", .time, "Only what happened at or before this time (ISO 8601)."),
        expression: try arguments.optional("filter", .filter, FilterExpression.description))
      limit = try arguments.optional(
        "limit", .pageSize, default: Limits.defaultPageSize, "How many at most.")
      cursor = try arguments.optional("cursor", .cursor, "next_cursor of the page before.")
    }
  }

  package struct Output: Codable, Sendable {
    let memories: [Memory]
    let total: Int
    let next: String?

    private enum CodingKeys: String, CodingKey {
      case memories, total
      case next = "next_cursor"
    }
  }

  package func call(_ input: Input, _ context: ToolContext) throws -> Output {
    let page = try memories.list(
      caller: context.caller, user: input.user, session: input.session,
      MemoryPage(
        filter: input.filter, limit: input.limit,
        after: try input.cursor.map { try PageCursor($0) }))
    let length = Excerpts.length(count: page.records.count)
    return Output(
      memories: page.records.map { $0.excerpt(length) }, total: page.total, next: page.next?.text)
  }
}
