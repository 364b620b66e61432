internal import ConversationMemory
internal import Records

/// Stores a memory.
package struct AddMemory: Tool {
  package static let name = "add_memory"
  package static let title = "Add a memory"
  package static let description = """
    Call this after a decision, a correction, a stated preference, a root cause that was found, a \
    command that worked, or anything else worth knowing later. Store one self-contained statement \
    that names the people and things it is about. The same text is merged instead of stored twice.
    """
  package static let annotations = ToolAnnotations.adds

  let memories: MemoryService

  package struct Input: ToolInput {
    let user: UserID?
    let memory: MemoryArguments

    package init(_ arguments: inout ArgumentReader) throws {
      user = try arguments.user("Whose memory; leave it out for your own user.")
      memory = try MemoryArguments(&arguments)
    }
  }

  package struct Output: Codable, Sendable {
    let memory: Memory
    let outcome: MemoryService.Outcome
  }

  package func call(_ input: Input, _ context: ToolContext) throws -> Output {
    let added = try memories.add(
      input.memory.draft, caller: context.caller, user: input.user,
      session: input.memory.session)
    return Output(memory: added.memory.excerpt(Limits.excerptLength), outcome: added.outcome)
  }
}
