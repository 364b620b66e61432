internal import ConversationMemory
internal import Records

/// Deletes a memory.
package struct DeleteMemory: Tool {
  package static let name = "delete_memory"
  package static let title = "Delete a memory"
  package static let description = """
    Call this when the user wants something forgotten. Deletes the memory and its history for good; \
    deleted says whether it was there.
    """
  package static let annotations = ToolAnnotations.removes

  let memories: MemoryService

  package struct Input: ToolInput {
    let id: MemoryID
    let user: UserID?

    package init(_ arguments: inout ArgumentReader) throws {
      id = try arguments.required("memory_id", .id(), "The memory to delete.")
      user = try arguments.user("Whose memory it must be; leave it out for its owner.")
    }
  }

  package struct Output: Codable, Sendable {
    let memory: MemoryID
    let deleted: Bool

    private enum CodingKeys: String, CodingKey {
      case memory = "memory_id"
      case deleted
    }
  }

  package func call(_ input: Input, _ context: ToolContext) throws -> Output {
    let deleted = try memories.delete(input.id, caller: context.caller, user: input.user)
    return Output(memory: input.id, deleted: deleted)
  }
}
