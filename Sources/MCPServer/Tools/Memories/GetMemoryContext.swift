internal import RAG
internal import Records

/// Gives what bears on a query as one text.
package struct GetMemoryContext: Tool {
  package static let name = "get_memory_context"
  package static let title = "Get memory context"
  package static let description = """
    Call this at the beginning of a task or a turn to get, ready for use and within a budget of \
    tokens, the user's preferences and instructions and what is remembered about the query. Use \
    search_memories instead to look at single memories with their relevance.
    """
  package static let annotations = ToolAnnotations.reads

  let contexts: ContextAssembly

  package struct Input: ToolInput {
    let user: UserID?
    let session: SessionID?
    let request: ContextAssembly.Request

    package init(_ arguments: inout ArgumentReader) throws {
      let query = try arguments.required(
        "query", .query, "What the context is for: the task, the question or the topic.")
      user = try arguments.user()
      session = try arguments.optional(
        "session_id", .id(),
        "Only what bears on the query in this session; preferences and instructions are the user's."
      )
      request = ContextAssembly.Request(
        query: query,
        maximumTokens: try arguments.optional(
          "max_tokens", .integer(in: Limits.contextTokens), default: Limits.defaultContextTokens,
          "How many tokens the context may have, estimated on the high side."),
        format: try arguments.optional(
          "format", .choice(), default: .list,
          "list: the most relevant first; narrative: in the order of time; structured: JSON with "
            + "ids and relevance."))
    }
  }

  package struct Output: Codable, Sendable {
    let context: String
    let memories: [MemoryID]
    let tokens: Int

    private enum CodingKeys: String, CodingKey {
      case context, tokens
      case memories = "memory_ids"
    }
  }

  package func call(_ input: Input, _ context: ToolContext) throws -> Output {
    let found = try contexts.context(
      input.request, caller: context.caller, user: input.user, session: input.session)
    return Output(context: found.text, memories: found.memories, tokens: found.tokens)
  }
}
