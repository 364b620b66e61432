internal import ConversationMemory
internal import Records

/// Deletes a session.
package struct DeleteSession: SessionTool {
  package static let name = "delete_session"
  package static let title = "Delete a session"
  package static let description = """
    Call this when the user wants a whole conversation erased. Deletes the session and, unless \
    delete_memories is false, every memory in it, for good. expire_session only ends it.
    """
  package static let annotations = ToolAnnotations.removes

  let sessions: SessionService

  package struct Input: ToolInput {
    let session: SessionInput
    let deletesMemories: Bool

    package init(_ arguments: inout ArgumentReader) throws {
      session = try SessionInput(&arguments)
      deletesMemories = try arguments.optional(
        "delete_memories", .flag, default: true,
        "Also its memories; otherwise they stay the user's.")
    }
  }

  package struct Output: Codable, Sendable {
    let deleted: Bool
    let deletedMemories: Int

    private enum CodingKeys: String, CodingKey {
      case deleted
      case deletedMemories = "deleted_memories"
    }
  }

  package func call(_ input: Input, _ context: ToolContext) throws -> Output {
    let deleted = try sessions.delete(
      input.session.id, withMemories: input.deletesMemories, caller: context.caller,
      user: input.session.user)
    return Output(deleted: deleted != nil, deletedMemories: deleted ?? 0)
  }
}
