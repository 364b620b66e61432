internal import ConversationMemory
internal import Records

/// The arguments that describe a memory to be stored.
struct MemoryArguments: Sendable {
  let session: SessionID?
  let draft: MemoryService.Draft

  init(_ arguments: inout ArgumentReader) throws {
    let content = try arguments.required(
      "content", .content, "What to remember, understandable on its own.")
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
        "How much it matters, from 0 to 1."),
      expiresAt: try arguments.optional(
        "expires_at", .time, "When to forget it (ISO 8601); without this, never."),
      supersedes: try arguments.optional(
        "supersedes", .id(),
        "A memory that this one takes the place of; it is no longer found by searching."))
  }
}

extension ArgumentReader {
  /// Whether facts are to be extracted from what is given.
  mutating func inference() throws -> Bool {
    try optional(
      "infer", .flag, default: false,
      "Let a language model extract facts and decide about each, instead of storing the text as it "
        + "is; refused where none is set.")
  }
}
