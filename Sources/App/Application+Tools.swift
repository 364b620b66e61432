internal import ConversationMemory
package import MCPServer
package import Records

/// What the command line does through the tools of the server, so that both take the same arguments,
/// obey the same rules and give the same records.
extension Application {
  /// Does what a tool does, as whoever owns the data directory.
  ///
  /// - Parameter arguments: as a client would send them; null counts as left out.
  /// - Throws: `invalid_argument` for a tool that the settings switch off, and what the tool throws.
  package func call<T: Tool>(_ tool: T.Type, _ arguments: [String: JSONValue]) throws -> T.Output {
    let caller = Caller.unbound(default: settings.defaultUser)
    let offered = try ToolSelection("all").tools(services, for: caller)
    guard let tool = offered.lazy.compactMap({ $0 as? T }).first else {
      throw ServiceError(
        .invalidArgument, "Sessions are off (RECOLLECT_ENABLE_SESSION_TRACKING), so there are none."
      )
    }
    var reader = ArgumentReader(arguments)
    let input = try T.Input(&reader)
    try reader.finish()
    return try tool.call(input, ToolContext(caller: caller))
  }

  /// Makes an earlier version of a memory today's, as a new version.
  ///
  /// - Throws: `not_found` for a memory or a version that is not there.
  package func restore(_ id: MemoryID, version: Int, user: UserID?) throws -> Memory {
    try memories.restore(id, version: version, caller: .unbound(default: nil), user: user)
  }
}
