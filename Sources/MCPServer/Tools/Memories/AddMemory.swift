internal import ConversationMemory
internal import Records

/// Stores a memory.
package struct AddMemory: Tool {
  package static let name = "add_memory"
  package static let title = "Add a memory"
  package static let description = """
    Call this after a decision, a correction, a stated preference, a root cause that was found, a \
    command that worked, or anything else worth knowing later. Store one self-contained statement \
    that names the people and things it is about. The same text is merged instead of stored twice. \
    The reply says how much of a long content is searchable by meaning (embedded_chars); all of it \
    is kept and searchable by word.
    """
  package static let annotations = ToolAnnotations.adds

  let memories: MemoryService

  package struct Input: ToolInput {
    let user: UserID?
    let session: SessionID?
    let draft: MemoryService.Draft

    package init(_ arguments: inout ArgumentReader) throws {
      let content = try arguments.required(
        "content", .content, "What to remember, understandable on its own.")
      user = try arguments.user("Whose memory; leave it out for your own user.")
      session = try arguments.optional(
        "session_id", .id(), "The session it belongs to; without one it is the user's.")
      draft = MemoryService.Draft(
        content: content,
        type: try arguments.optional(
          "memory_type", .memoryType, default: Memory.defaultType,
          "conversation, fact, preference, instruction, question, or a word of your own."),
        metadata: try arguments.optional(
          "metadata", .metadata, default: [:], "Anything to keep with it: topic, source, tags."),
        occurredAt: try arguments.optional(
          "occurred_at", .time, "When it happened, if not now (ISO 8601)."),
        importance: try arguments.optional(
          "importance", .number(in: 0...1), default: Memory.defaultImportance,
          "How much it matters, from 0 to 1."))
    }
  }

  package struct Output: Codable, Sendable {
    let memory: Memory
    let outcome: MemoryService.Outcome
  }

  package func call(_ input: Input, _ context: ToolContext) throws -> Output {
    let added = try memories.add(
      input.draft, caller: context.caller, user: input.user, session: input.session)
    return Output(memory: added.memory.excerpt(Limits.excerptLength), outcome: added.outcome)
  }
}
