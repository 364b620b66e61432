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
    let includesHistory: Bool

    package init(_ arguments: inout ArgumentReader) throws {
      ids = try arguments.required(
        "memory_ids", .list(of: .id(), count: Limits.idsPerCall), "The memories to read.")
      user = try arguments.user("Whose memories they must be; leave it out for their owner.")
      includesHistory = try arguments.optional(
        "include_history", .flag, default: false, "Also the versions before today's.")
    }
  }

  package struct Output: Codable, Sendable {
    let memories: [Entry]
    let missing: [MemoryID]

    /// A memory and, when it was asked for, its history.
    struct Entry: Codable, Sendable {
      let memory: Memory
      let history: [MemoryVersion]?

      private enum CodingKeys: String, CodingKey { case history }

      init(memory: Memory, history: [MemoryVersion]?) {
        self.memory = memory
        self.history = history
      }

      init(from decoder: any Decoder) throws {
        memory = try Memory(from: decoder)
        history = try decoder.container(keyedBy: CodingKeys.self)
          .decodeIfPresent([MemoryVersion].self, forKey: .history)
      }

      func encode(to encoder: any Encoder) throws {
        try memory.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(history, forKey: .history)
      }
    }
  }

  package func call(_ input: Input, _ context: ToolContext) throws -> Output {
    let result = try memories.memories(input.ids, caller: context.caller, user: input.user)
    let entries = try result.found.map { memory in
      let history =
        input.includesHistory
        ? try memories.history(of: memory.id, caller: context.caller, user: input.user) : nil
      return Output.Entry(memory: memory, history: history)
    }
    return Output(memories: entries, missing: result.missing)
  }
}
