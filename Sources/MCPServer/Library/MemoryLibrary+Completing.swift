internal import ConversationMemory
package import Records

extension MemoryLibrary {
  package func completions(
    of variable: String, beginning: String, given: [String: String], for caller: Caller
  ) throws -> [String] {
    guard beginning.utf8.count <= 1_000 else { return [] }
    do {
      let all =
        switch variable {
        case "user_id": try users(caller)
        case "session_id": try sessions(given, caller)
        case "memory_id": try memories(given, caller)
        case "memory_type": try types(given, caller)
        default: [String]()
        }
      return all.filter { $0.lowercased().hasPrefix(beginning.lowercased()) }
    } catch let error as ServiceError
      where error.code == .notFound || error.code == .invalidArgument
    {
      // Nobody, and nobody of that name that the caller may ask about, complete alike: to nothing.
      return []
    }
  }

  private func users(_ caller: Caller) throws -> [String] {
    switch caller {
    case .bound(let user): [user.description]
    case .unbound: try services.memories.users(caller: caller).map(\.description)
    }
  }

  private func sessions(_ given: [String: String], _ caller: Caller) throws -> [String] {
    guard services.sessions.isTracking else { return [] }
    return try services.sessions.list(
      caller: caller, user: try user(given), includeExpired: true,
      limit: Limits.pageSize.upperBound, cursor: nil
    ).records.map(\.id.description)
  }

  private func memories(_ given: [String: String], _ caller: Caller) throws -> [String] {
    try services.memories.list(
      caller: caller, user: try user(given), session: nil,
      MemoryPage(limit: Limits.pageSize.upperBound)
    ).records.map(\.id.description)
  }

  /// The types that are in use, the most frequent first.
  private func types(_ given: [String: String], _ caller: Caller) throws -> [String] {
    let counts = try services.memories.statistics(
      caller: caller, user: try user(given), session: nil
    ).statistics.byType
    return counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map(\.key)
  }

  private func user(_ given: [String: String]) throws -> UserID? {
    try given["user_id"].map { try UserID($0) }
  }
}
