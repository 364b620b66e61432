internal import ConversationMemory
internal import Records

/// Deletes all memories of a user or a session.
package struct ClearMemories: Tool {
  package static let name = "clear_memories"
  package static let title = "Clear memories"
  package static let description = """
    Call this only when the user has clearly asked to forget everything, or everything of a session or \
    a type. Deletes the memories and their history for good and says how many there were.
    """
  package static let annotations = ToolAnnotations.removes

  let memories: MemoryService

  package struct Input: ToolInput {
    let user: UserID?
    let session: SessionID?
    let types: [String]?

    package init(_ arguments: inout ArgumentReader) throws {
      user = try arguments.user("Whose memories; leave it out for your own user.")
      session = try arguments.optional(
        "session_id", .id(), "Only this session; without it everything of the user.")
      types = try arguments.optional("memory_types", .memoryTypes, "Only these types.")
    }
  }

  package struct Output: Codable, Sendable {
    let deleted: Int
  }

  package func call(_ input: Input, _ context: ToolContext) throws -> Output {
    Output(
      deleted: try memories.clear(
        caller: context.caller, user: input.user, session: input.session, types: input.types))
  }
}
