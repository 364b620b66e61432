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
    With infer a language model, where one is set, extracts facts from a longer text and decides for \
    each whether it is added, updates or supersedes a memory, or is known; memory is then the first \
    that was changed, or that says it already, and is absent when there is none.
    """
  package static let annotations = ToolAnnotations.adds

  let memories: MemoryService

  package struct Input: ToolInput {
    let user: UserID?
    let memory: MemoryArguments
    let infers: Bool

    package init(_ arguments: inout ArgumentReader) throws {
      user = try arguments.user("Whose memory; leave it out for your own user.")
      memory = try MemoryArguments(&arguments)
      infers = try arguments.inference()
    }
  }

  package struct Output: Codable, Sendable {
    /// Absent only where facts were extracted and none of them is in a memory.
    let memory: Memory?
    let outcome: MemoryService.Outcome
    /// Only where facts were extracted.
    let decisions: [MemoryService.Decision]?
  }

  package func call(_ input: Input, _ context: ToolContext) throws -> Output {
    if input.infers { return try infer(input, context) }
    let added = try memories.add(
      input.memory.draft, caller: context.caller, user: input.user,
      session: input.memory.session)
    return Output(
      memory: added.memory.excerpt(Limits.excerptLength), outcome: added.outcome, decisions: nil)
  }

  /// There may be many facts, and there is one place for a memory: it shows what was done, before what
  /// was found to be known.
  private func infer(_ input: Input, _ context: ToolContext) throws -> Output {
    let inferred = try memories.infer(
      [(input.memory.draft, input.memory.session)], caller: context.caller, user: input.user)
    let shown =
      inferred.memories.first { $0.outcome != .unchanged } ?? inferred.memories.first
    return Output(
      memory: shown?.memory.excerpt(Limits.excerptLength), outcome: shown?.outcome ?? .unchanged,
      decisions: inferred.decisions)
  }
}
