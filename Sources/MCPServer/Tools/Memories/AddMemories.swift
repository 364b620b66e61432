internal import ConversationMemory
internal import Records

/// Stores several memories at once.
package struct AddMemories: Tool {
  package static let name = "add_memories"
  package static let title = "Add several memories"
  package static let description = """
    Call this instead of add_memory when there are several things to remember, such as the turns of a \
    conversation. All of them are stored, or none; the reply says for each whether it was added, \
    merged with an equal text, or took the place of another. With infer a language model, where one is \
    set, extracts facts from up to \(Limits.textsPerInference.upperBound) texts at once, and the reply \
    is about the memories that hold them.
    """
  package static let annotations = ToolAnnotations.adds

  let memories: MemoryService

  package struct Input: ToolInput {
    let user: UserID?
    let items: [Item]
    let infers: Bool

    package init(_ arguments: inout ArgumentReader) throws {
      user = try arguments.user("Whose memories; leave it out for your own user.")
      items = try arguments.required(
        "items", .list(of: .record(Item.self), count: Limits.itemsPerCall),
        "The memories, each with the fields of add_memory but user_id and infer.")
      infers = try arguments.inference()
    }
  }

  /// One memory among several.
  struct Item: ToolInput {
    let memory: MemoryArguments

    init(_ arguments: inout ArgumentReader) throws {
      memory = try MemoryArguments(&arguments)
    }
  }

  package struct Output: Codable, Sendable {
    let added: Int
    let merged: Int
    let superseded: Int
    let memories: [Entry]
    /// These two only where facts were extracted.
    let updated: Int?
    let decisions: [MemoryService.Decision]?

    struct Entry: Codable, Sendable {
      let id: MemoryID
      let outcome: MemoryService.Outcome

      private enum CodingKeys: String, CodingKey {
        case id = "memory_id"
        case outcome
      }
    }

    init(
      _ results: [(memory: Memory, outcome: MemoryService.Outcome)],
      decisions: [MemoryService.Decision]? = nil
    ) {
      func count(_ outcome: MemoryService.Outcome) -> Int {
        results.count { $0.outcome == outcome }
      }
      added = count(.added)
      merged = count(.merged)
      superseded = count(.superseded)
      memories = results.map { Entry(id: $0.memory.id, outcome: $0.outcome) }
      updated = decisions == nil ? nil : count(.updated)
      self.decisions = decisions
    }
  }

  package func call(_ input: Input, _ context: ToolContext) throws -> Output {
    let items = input.items.map { ($0.memory.draft, $0.memory.session) }
    if input.infers {
      let inferred = try memories.infer(items, caller: context.caller, user: input.user) {
        context.report($0, of: $1, "decided")
      }
      return Output(inferred.memories, decisions: inferred.decisions)
    }
    return Output(
      try memories.addAll(items, caller: context.caller, user: input.user) { done in
        context.report(done, of: items.count, "embedded")
      })
  }
}
