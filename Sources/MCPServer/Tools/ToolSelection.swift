internal import ConversationMemory
package import Records

/// Which tools a server offers.
package struct ToolSelection: Hashable, Sendable {
  /// The names that are wanted; nil for every tool there is.
  private let names: Set<String>?
  private let readOnly: Bool

  /// What `--tools` may be besides a list of names.
  package static let sets: [String: [String]?] = [
    "standard": [
      "create_session", "get_session_info", "list_user_sessions", "expire_session",
      "get_session_stats", "get_system_session_stats", "add_memory", "search_memories",
      "get_memory", "update_memory", "delete_memory", "list_memories", "add_document",
      "search_documents", "ask_question", "health_check",
    ],
    "core": [
      "search_memories", "get_memory_context", "add_memory", "get_memory", "update_memory",
      "delete_memory", "list_user_sessions",
    ],
    "all": nil,
  ]

  /// Reads `standard`, `core`, `all`, or names with commas between them.
  ///
  /// - Throws: `invalid_argument` for a name that no tool has.
  package init(_ text: String = "standard", readOnly: Bool = false) throws(ServiceError) {
    self.readOnly = readOnly
    if let set = Self.sets[text] {
      names = set.map { Set($0) }
      return
    }
    let wanted = text.split(separator: ",").map { String($0).trimmed }
    guard !wanted.isEmpty else { throw .invalid("tools", "must name at least one tool") }
    let known = Set(ToolCatalogue.names)
    if let unknown = wanted.first(where: { !known.contains($0) }) {
      throw .invalid(
        "tools",
        "has no tool named \(unknown); say standard, core, all, or names from "
          + known.sorted().joined(separator: ", "))
    }
    names = Set(wanted)
  }

  /// The tools of the catalogue that are offered to a caller, in the catalogue's order.
  package func tools(_ services: Services, for caller: Caller) -> [any Tool] {
    ToolCatalogue.tools(services).filter { tool in
      let kind = type(of: tool)
      guard names?.contains(kind.name) ?? true else { return false }
      if readOnly && !kind.annotations.isReadOnly { return false }
      if case .bound = caller, kind is any AdministrativeTool.Type { return false }
      if !services.sessions.isTracking, kind is any SessionTool.Type { return false }
      return true
    }
  }
}

/// A tool that is listed only to callers who may ask about all users.
protocol AdministrativeTool: Tool {}

/// A tool that is listed only where there are sessions.
protocol SessionTool: Tool {}

/// Every tool there is, in the order in which they are listed.
enum ToolCatalogue {
  static func tools(_ services: Services) -> [any Tool] {
    let (memories, sessions) = (services.memories, services.sessions)
    return [
      SearchMemories(memories: memories), AddMemory(memories: memories),
      AddMemories(memories: memories), GetMemory(memories: memories),
      UpdateMemory(memories: memories), DeleteMemory(memories: memories),
      ListMemories(memories: memories), ClearMemories(memories: memories),
      GetMemoryContext(contexts: services.contexts), GetMemoryStats(memories: memories),
      GetMemoryInsights(memories: memories), AskQuestion(questions: services.questions),
      CreateSession(sessions: sessions), GetSessionInfo(sessions: sessions),
      UpdateSession(sessions: sessions), ListUserSessions(sessions: sessions),
      ExpireSession(sessions: sessions), DeleteSession(sessions: sessions),
      GetSessionStats(sessions: sessions), GetSystemSessionStats(sessions: sessions),
      HealthCheck(health: services.health, version: services.version),
    ]
  }

  static let names = [
    SearchMemories.name, AddMemory.name, AddMemories.name, GetMemory.name, UpdateMemory.name,
    DeleteMemory.name, ListMemories.name, ClearMemories.name, GetMemoryContext.name,
    GetMemoryStats.name, GetMemoryInsights.name, AskQuestion.name,
    CreateSession.name, GetSessionInfo.name, UpdateSession.name, ListUserSessions.name,
    ExpireSession.name, DeleteSession.name, GetSessionStats.name, GetSystemSessionStats.name,
    HealthCheck.name,
  ]
}
