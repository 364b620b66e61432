internal import ConversationMemory
internal import Records

/// Changes a memory.
package struct UpdateMemory: Tool {
  package static let name = "update_memory"
  package static let title = "Update a memory"
  package static let description = """
    Call this when something remembered has changed or was wrong. Only what you pass is changed; \
    metadata is merged, and null removes a key. The version before is kept in the history.
    """
  package static let annotations = ToolAnnotations.updates

  let memories: MemoryService

  package struct Input: ToolInput {
    let id: MemoryID
    let user: UserID?
    let changes: MemoryService.Changes
    let expectedVersion: Int?

    package init(_ arguments: inout ArgumentReader) throws {
      id = try arguments.required("memory_id", .id(), "The memory to change.")
      user = try arguments.user("Whose memory it must be; leave it out for its owner.")
      changes = MemoryService.Changes(
        content: try arguments.optional("content", .content, "The new content."),
        type: try arguments.optional("memory_type", .memoryType, "The new type."),
        metadata: try arguments.optional(
          "metadata", .metadataChanges, "Merged into the metadata; null removes a key."),
        importance: try arguments.optional(
          "importance", .number(in: 0...1), "How much it matters, from 0 to 1."),
        occurredAt: try arguments.optional(
          "occurred_at", .time, "When it happened (ISO 8601)."),
        expiresAt: try arguments.optional(
          "expires_at", .time, "When to forget it (ISO 8601)."))
      expectedVersion = try arguments.optional(
        "expected_version", .integer(in: 1...Int(Int32.max)),
        "The version you have seen; if it is no longer current, nothing is changed.")
      try arguments.verify(
        changes != MemoryService.Changes(), "content",
        "is missing: pass at least one thing to change")
    }
  }

  package struct Output: Codable, Sendable {
    let memory: Memory
  }

  package func call(_ input: Input, _ context: ToolContext) throws -> Output {
    let memory = try memories.update(
      input.id, input.changes, expecting: input.expectedVersion, caller: context.caller,
      user: input.user)
    return Output(memory: memory.excerpt(Limits.excerptLength))
  }
}
