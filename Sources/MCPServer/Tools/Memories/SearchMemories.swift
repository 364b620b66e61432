internal import ConversationMemory
package import Records

/// Finds memories by meaning and by word.
package struct SearchMemories: Tool {
  package static let name = "search_memories"
  package static let title = "Search memories"
  package static let description = """
    Call this before answering anything that may rest on earlier conversations, work, preferences or \
    decisions. Finds memories by meaning and by word, best first, each with its relevance and what \
    it is made of. With session_id only that session is searched, also an expired one. Contents are \
    cut to an excerpt around the part that bears on the query most (span); get_memory gives the whole.
    """
  package static let annotations = ToolAnnotations.reads

  let memories: MemoryService

  package struct Input: ToolInput {
    let user: UserID?
    let session: SessionID?
    let search: MemoryService.Search
    let detail: Detail

    package init(_ arguments: inout ArgumentReader) throws {
      let query = try arguments.required(
        "query", .query, "What you want to know, as a question or in keywords.")
      user = try arguments.user()
      session = try arguments.optional(
        "session_id", .id(), "Only this session; without it everything of the user.")
      let filter = MemoryFilter(
        types: try arguments.optional("memory_types", .memoryTypes, "Only these types."),
        since: try arguments.optional(
          "since", .time, "Only what happened at or after this time (ISO 8601)."),
        until: try arguments.optional(
          "until", .time, "Only what happened at or before this time (ISO 8601)."),
        expression: try arguments.optional("filter", .filter, FilterExpression.description))
      search = MemoryService.Search(
        query: query,
        strategy: try arguments.optional(
          "strategy", .choice(), default: .hybrid,
          "hybrid: by meaning and by word; semantic: by meaning; keyword: by word."),
        filter: filter,
        limit: try arguments.optional(
          "limit", .pageSize, default: Limits.defaultSearchCount, "How many hits at most."),
        minimumRelevance: try arguments.optional(
          "min_relevance", .threshold, default: .none,
          "Leave out what bears less on the query than this, before age and importance count; auto "
            + "leaves out all when even the best of them hardly bears on it."))
      detail = try arguments.optional(
        "detail", .choice(), default: .compact,
        "compact: excerpts; full: as much of each as a reply has room for.")
    }
  }

  /// How much of each memory a hit shows.
  enum Detail: String, CaseIterable, Sendable, Codable {
    case compact
    case full
  }

  package struct Output: Codable, Sendable {
    let hits: [Hit]
    let count: Int
    let scope: Place
    let belowRelevance: Int
    let collapsed: Int

    struct Hit: Codable, Sendable {
      let memory: Memory
      let relevance: Double
      let factors: RelevanceFactors
      let span: TextSpan?
    }

    enum Place: String, CaseIterable, Codable, Sendable {
      case session
      case user
    }

    private enum CodingKeys: String, CodingKey {
      case hits, count, scope, collapsed
      case belowRelevance = "below_relevance"
    }
  }

  package func call(_ input: Input, _ context: ToolContext) throws -> Output {
    let found = try memories.search(
      input.search, caller: context.caller, user: input.user, session: input.session)
    let count = found.hits.count
    let length =
      input.detail == .full ? Excerpts.fullLength(count: count) : Excerpts.length(count: count)
    return Output(
      hits: found.hits.map {
        Output.Hit(
          memory: $0.memory.excerpt(length, around: $0.span), relevance: $0.relevance,
          factors: $0.factors, span: $0.span)
      },
      count: found.hits.count, scope: input.session == nil ? .user : .session,
      belowRelevance: found.belowRelevance, collapsed: found.collapsed)
  }
}

extension SearchMemories.Output: JSONWritable {
  package func write(to writer: inout JSONTextWriter) throws {
    try writer.object { writer in
      writer.member("below_relevance", belowRelevance)
      writer.member("collapsed", collapsed)
      writer.member("count", count)
      try writer.member("hits", hits)
      writer.member("scope", scope.rawValue)
    }
  }
}

extension SearchMemories.Output.Hit: JSONWritable {
  func write(to writer: inout JSONTextWriter) throws {
    try writer.object { writer in
      try writer.member("factors", factors)
      try writer.member("memory", memory)
      try writer.member("relevance", relevance)
      try writer.member("span", span)
    }
  }
}
