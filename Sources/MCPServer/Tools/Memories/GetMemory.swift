internal import ConversationMemory
internal import Records

/// Reads memories whole.
package struct GetMemory: Tool {
  package static let name = "get_memory"
  package static let title = "Get memories"
  package static let description = """
    Call this to read memories in full, by the ids that a search or a list returned. Ids that you \
    have no memory of stand under missing.
    """
  package static let annotations = ToolAnnotations.reads

  let memories: MemoryService

  package struct Input: ToolInput {
    let ids: [MemoryID]
    let user: UserID?

    package init(_ arguments: inout ArgumentReader) throws {
      ids = try arguments.required(
        "memory_ids", .list(of: .id(), count: Limits.idsPerCall), "The memories to read.")
      user = try arguments.user("Whose memories they must be; leave it out for their owner.")
    }
  }

  package struct Output: Codable, Sendable {
    let memories: [Memory]
    let missing: [MemoryID]
  }

  package func call(_ input: Input, _ context: ToolContext) throws -> Output {
    let result = try memories.memories(input.ids, caller: context.caller, user: input.user)
    return Output(memories: result.found, missing: result.missing)
  }
}
