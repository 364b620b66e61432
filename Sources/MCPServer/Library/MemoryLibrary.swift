internal import ConversationMemory
package import Records

/// Sessions, memories and their numbers, by address: the same JSON as the tools give.
package struct MemoryLibrary: Library {
  let services: Services

  package init(_ services: Services) { self.services = services }

  /// How many resources a page lists.
  private static let pageSize = 100

  // MARK: Reading

  package func read(_ uri: String, for caller: Caller) throws -> String? {
    guard let address = ResourceAddress(uri), isThere(address) else { return nil }
    do {
      return try text(address, caller)
    } catch let error as ServiceError where error.code == .notFound {
      return nil
    }
  }

  private func text(_ address: ResourceAddress, _ caller: Caller) throws -> String? {
    let page: JSONValue = .integer(Int64(Limits.pageSize.upperBound))
    switch address {
    case .health:
      return try result(
        of: HealthCheck(health: services.health, version: services.version), [:], caller)
    case .sessions(let user):
      return try result(
        of: ListUserSessions(sessions: services.sessions),
        ["user_id": .string(user.description), "include_expired": true, "limit": page], caller)
    case .memories(let user):
      return try result(
        of: ListMemories(memories: services.memories),
        ["user_id": .string(user.description), "limit": page], caller)
    case .statistics(let user):
      return try result(
        of: GetMemoryStats(memories: services.memories),
        ["user_id": .string(user.description)], caller)
    case .session(let id):
      return try result(
        of: GetSessionInfo(sessions: services.sessions),
        ["session_id": .string(id.description)], caller)
    case .memoriesOfSession(let id):
      return try result(
        of: ListMemories(memories: services.memories), sessionArguments(id, page, caller), caller)
    case .memory(let id):
      let found = try services.memories.memories([id], caller: caller, user: nil).found
      return try found.first.map { try JSON.text(["memory": $0]) }
    }
  }

  /// Arguments for a list of a session's memories: whoever is bound to nobody means its owner.
  private func sessionArguments(
    _ id: SessionID, _ page: JSONValue, _ caller: Caller
  ) throws -> [String: JSONValue] {
    var arguments: [String: JSONValue] = ["session_id": .string(id.description), "limit": page]
    if case .unbound = caller {
      let owner = try services.sessions.session(id, caller: caller, user: nil).user
      arguments["user_id"] = .string(owner.description)
    }
    return arguments
  }

  private func result<T: Tool>(
    of tool: T, _ arguments: [String: JSONValue], _ caller: Caller
  ) throws -> String {
    var reader = ArgumentReader(arguments)
    let input = try T.Input(&reader)
    try reader.finish()
    return try JSON.text(try tool.call(input, ToolContext(caller: caller)))
  }

  /// Where there are no sessions there are no addresses of them.
  private func isThere(_ address: ResourceAddress) -> Bool {
    switch address {
    case .sessions, .session, .memoriesOfSession: services.sessions.isTracking
    case .health, .memories, .statistics, .memory: true
    }
  }

  package func fingerprint(of uri: String, for caller: Caller) throws -> Int? {
    // Health tells how long its trials took, so it is never the same twice.
    guard let address = ResourceAddress(uri), address != .health else { return nil }
    return try read(uri, for: caller)?.hashValue
  }

  // MARK: Listing

  package func page(after cursor: String?, for caller: Caller) throws -> LibraryPage {
    guard let user = try? Authority.scope(of: nil, for: caller).user else {
      // Whoever may ask about everybody and means nobody in particular names a user in a template.
      guard cursor == nil else { throw PageMark.unknown }
      return LibraryPage(resources: [Self.health], next: nil)
    }
    let start = try cursor.map { try PageMark($0) } ?? .beginning
    var resources = start == .beginning ? fixed(user) : []
    var mark: PageMark? = start
    while let here = mark, resources.count < Self.pageSize {
      mark = try add(to: &resources, here, user, caller)
    }
    return LibraryPage(resources: resources, next: mark?.text)
  }

  /// Adds what comes after a mark, as far as there is room; gives the mark where it goes on.
  private func add(
    to resources: inout [ResourceEntry], _ mark: PageMark, _ user: UserID, _ caller: Caller
  ) throws -> PageMark? {
    let room = Self.pageSize - resources.count
    switch mark {
    case .beginning, .sessions:
      guard services.sessions.isTracking else { return .memories(nil) }
      let page = try services.sessions.list(
        caller: caller, user: user, includeExpired: true, limit: room, cursor: mark.cursor)
      resources += page.records.map(Self.entry)
      return page.next.map { .sessions($0) } ?? .memories(nil)
    case .memories(let cursor):
      let page = try services.memories.list(
        caller: caller, user: user, session: nil, MemoryPage(limit: room, after: cursor))
      resources += page.records.map(Self.entry)
      return page.next.map { .memories($0) }
    }
  }

  private static let health = ResourceEntry(
    uri: ResourceAddress.health.uri, name: "health", title: "Health",
    description: "Whether every part of the server works.")

  private func fixed(_ user: UserID) -> [ResourceEntry] {
    var entries = [
      Self.health,
      ResourceEntry(
        uri: ResourceAddress.memories(user).uri, name: "memories", title: "Memories",
        description: "The latest memories, newest first."),
      ResourceEntry(
        uri: ResourceAddress.statistics(user).uri, name: "stats", title: "Statistics",
        description: "How much is remembered, by type, session and day."),
    ]
    if services.sessions.isTracking {
      entries.append(
        ResourceEntry(
          uri: ResourceAddress.sessions(user).uri, name: "sessions", title: "Sessions",
          description: "Sessions, the latest activity first."))
    }
    return entries
  }

  private static func entry(_ session: Session) -> ResourceEntry {
    ResourceEntry(
      uri: ResourceAddress.session(session.id).uri, name: "session \(session.id)",
      title: session.name,
      description: "A session with \(session.memoryCount) memories, \(session.status.rawValue).",
      lastModified: session.lastActivity)
  }

  private static func entry(_ memory: Memory) -> ResourceEntry {
    let words = memory.content.prefix(200).split(whereSeparator: \.isWhitespace)
      .joined(separator: " ")
    let title = words.count <= 60 ? words : words.prefix(59) + "…"
    return ResourceEntry(
      uri: ResourceAddress.memory(memory.id).uri, name: "memory \(memory.id)", title: title,
      description: "A memory of type \(memory.type).", lastModified: memory.updatedAt)
  }

  // MARK: Templates

  package func templates(for caller: Caller) -> [ResourceTemplate] {
    var templates = [
      ResourceTemplate(
        uri: "recollect://memories/{memory_id}", name: "memory", title: "A memory",
        description: "One memory, whole.")
    ]
    if services.sessions.isTracking {
      templates += [
        ResourceTemplate(
          uri: "recollect://sessions/{session_id}", name: "session", title: "A session",
          description: "One session: its name, status and counts."),
        ResourceTemplate(
          uri: "recollect://sessions/{session_id}/memories", name: "session_memories",
          title: "Memories of a session", description: "The latest memories of one session."),
        ResourceTemplate(
          uri: "recollect://users/{user_id}/sessions", name: "user_sessions",
          title: "Sessions of a user", description: "A user's sessions, latest activity first."),
      ]
    }
    return templates + [
      ResourceTemplate(
        uri: "recollect://users/{user_id}/memories", name: "user_memories",
        title: "Memories of a user", description: "A user's latest memories."),
      ResourceTemplate(
        uri: "recollect://users/{user_id}/stats", name: "user_stats",
        title: "Statistics of a user", description: "How much is remembered of a user."),
    ]
  }
}
