internal import ConversationMemory
internal import Records

/// Stores several memories at once.
package struct AddMemories: Tool {
  package static let name = "add_memories"
  package static let title = "Add several memories"
  package static let description = """
    Call this instead of add_memory when there are several things to remember, such as the turns of a \
    conversation. All of them are stored, or none; the reply says for each whether it was added, \
    merged with an equal text, or took the place of another.
    """
  package static let annotations = ToolAnnotations.adds

  let memories: MemoryService

  package struct Input: ToolInput {
    let user: UserID?
    let items: [Item]

    package init(_ arguments: inout ArgumentReader) throws {
      user = try arguments.user("Whose memories; leave it out for your own user.")
      items = try arguments.required(
        "items", .list(of: .record(Item.self), count: Limits.itemsPerCall),
        "The memories, each with the fields of add_memory.")
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

    struct Entry: Codable, Sendable {
      let id: MemoryID
      let outcome: MemoryService.Outcome

      private enum CodingKeys: String, CodingKey {
        case id = "memory_id"
        case outcome
      }
    }
  }

  package func call(_ input: Input, _ context: ToolContext) throws -> Output {
    let total = input.items.count
    let results = try memories.addAll(
      input.items.map { ($0.memory.draft, $0.memory.session) }, caller: context.caller,
      user: input.user
    ) { done in context.report(done, of: total, "embedded") }
    func count(_ outcome: MemoryService.Outcome) -> Int {
      results.count { $0.outcome == outcome }
    }
    return Output(
      added: count(.added), merged: count(.merged), superseded: count(.superseded),
      memories: results.map { Output.Entry(id: $0.memory.id, outcome: $0.outcome) })
  }
}
