package import ConversationMemory
package import Records

/// Puts what a model should know before it answers into a text of bounded length.
package struct ContextAssembly: Sendable {
  private let memories: MemoryService

  package init(_ memories: MemoryService) {
    self.memories = memories
  }

  /// What a context is wanted for.
  package struct Request: Sendable {
    package var query: String
    /// As `TokenEstimate` counts.
    package var maximumTokens: Int
    package var format: ContextFormat

    package init(
      query: String, maximumTokens: Int = Limits.defaultContextTokens, format: ContextFormat = .list
    ) {
      self.query = query
      self.maximumTokens = maximumTokens
      self.format = format
    }
  }

  /// A text that can be put before a model.
  package struct Context: Hashable, Sendable {
    package let text: String
    /// What it holds, whole or in part, in its sections' order of choice.
    package let memories: [MemoryID]
    /// Never more than what was asked for.
    package let tokens: Int
  }

  /// The types of memories that hold for everything a user does, whatever is asked.
  package static let pinnedTypes = ["preference", "instruction"]
  /// What is always there takes at most this share of the room while there is anything else.
  private static let shareOfPinned = 0.4
  /// Pieces shorter than this say too little to be worth a place beside others.
  private static let shortestPiece = 40
  /// No item has fewer.
  private static let fewestTokens = 5

  /// The user's preferences and instructions, the most important first, and then what bears on the
  /// query, the most relevant first, as long as there is room. What is too long is cut; a short one
  /// further down may still find room.
  ///
  /// - Throws: `invalid_argument`, `not_found`.
  package func context(
    _ request: Request, caller: Caller, user: UserID?, session: SessionID?
  ) throws -> Context {
    guard Limits.contextTokens.contains(request.maximumTokens) else {
      throw ServiceError.invalid(
        "max_tokens",
        "must be from \(Limits.contextTokens.lowerBound) to \(Limits.contextTokens.upperBound)")
    }
    let found = try memories.recall(
      MemoryService.Search(query: request.query, limit: Self.candidates(request.maximumTokens)),
      pinned: Self.pinnedTypes, caller: caller, user: user, session: session)
    let pinned = found.pinned.map { ContextItem(memory: $0) }
    let hits = found.hits
      .map { ContextItem(memory: $0.memory, relevance: $0.relevance, span: $0.span) }
    var block = Block(
      format: request.format, text: try request.format.text(pinned: [], found: []))
    let budget = request.maximumTokens
    let share = hits.isEmpty ? budget : Int(Double(budget) * Self.shareOfPinned)
    for item in pinned { try block.add(item, to: \.pinned, within: share) }
    let known = Set(block.pinned.map(\.memory.id))
    for item in hits where !known.contains(item.memory.id) {
      try block.add(item, to: \.found, within: budget)
    }
    let shown = (block.pinned + block.found).map(\.memory.id)
    memories.noteShown(shown, session: session)
    return Context(
      text: block.text, memories: shown,
      tokens: TokenEstimate.tokens(of: block.text))
  }

  /// How many hits could find room: few are shorter than twenty tokens.
  private static func candidates(_ tokens: Int) -> Int {
    max(Limits.pageSize.lowerBound, min(Limits.pageSize.upperBound, tokens / 20))
  }

  private struct Block {
    let format: ContextFormat
    var pinned: [ContextItem] = []
    var found: [ContextItem] = []
    var text: String

    /// Adds an item, or as much of it as there is room for.
    mutating func add(
      _ item: ContextItem, to section: WritableKeyPath<Block, [ContextItem]>, within budget: Int
    ) throws {
      guard TokenEstimate.tokens(of: text) + ContextAssembly.fewestTokens <= budget else { return }
      if try accept(item, to: section, within: budget) { return }
      let shortest = pinned.isEmpty && found.isEmpty ? 1 : ContextAssembly.shortestPiece
      guard try with(item.cut(to: shortest), in: section).tokens <= budget else { return }
      // The longest piece that fits: what fits in a length fits in all that are shorter.
      var fits = shortest
      var tooLong = min(item.memory.content.unicodeScalars.count, 8 * budget) + 1
      while tooLong - fits > 1 {
        let middle = (fits + tooLong) / 2
        if try with(item.cut(to: middle), in: section).tokens <= budget {
          fits = middle
        } else {
          tooLong = middle
        }
      }
      _ = try accept(item.cut(to: fits), to: section, within: budget)
    }

    private mutating func accept(
      _ item: ContextItem, to section: WritableKeyPath<Block, [ContextItem]>, within budget: Int
    ) throws -> Bool {
      let (block, tokens) = try with(item, in: section)
      guard tokens <= budget else { return false }
      self = block
      return true
    }

    private func with(
      _ item: ContextItem, in section: WritableKeyPath<Block, [ContextItem]>
    ) throws -> (block: Block, tokens: Int) {
      var block = self
      block[keyPath: section].append(item)
      block.text = try format.text(pinned: block.pinned, found: block.found)
      return (block, TokenEstimate.tokens(of: block.text))
    }
  }
}
