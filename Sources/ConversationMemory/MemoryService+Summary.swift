package import Records
internal import Retrieval

extension MemoryService {
  private static let linesOfExtract = 5
  private static let linesOfTimeline = 200
  private static let charactersOfLine = 200

  /// What was said in a session: the most typical memory of each of its topics, and a line for each of
  /// its memories. Without a model the extract is taken at equal distances.
  ///
  /// - Throws: `not_found`.
  package func summary(
    of session: SessionID, caller: Caller, user: UserID?
  ) throws -> SessionSummary {
    try backend.search { searcher in
      let scope = try Self.scope(caller, user, session, rules, searcher.records)
      let memories = try Self.said(in: scope, searcher.records)
      let clusters = try searcher.clusters(
        Self.linesOfExtract, in: scope, MemoryFilter(), sample: Self.linesOfTimeline)
      let typical = try searcher.memories(clusters.compactMap(\.first?.key), in: scope).values
      let extract =
        typical.isEmpty ? Self.spread(memories.records) : typical.sorted(by: Self.isEarlier)
      return SessionSummary(
        extract: extract.map(Self.line), timeline: memories.records.map(Self.line),
        total: memories.total)
    }
  }

  /// The memories of a session in the order of time.
  private static func said(
    in scope: Scope, _ reader: any MemoryReader
  ) throws -> (records: [Memory], total: Int) {
    let page = try reader.memories(in: scope, MemoryPage(limit: linesOfTimeline))
    return (
      page.records.filter { $0.supersededBy == nil }.sorted(by: isEarlier), page.total
    )
  }

  private static func spread(_ memories: [Memory]) -> [Memory] {
    guard memories.count > linesOfExtract else { return memories }
    return (0..<linesOfExtract).map {
      memories[$0 * (memories.count - 1) / (linesOfExtract - 1)]
    }
  }

  private static func isEarlier(_ a: Memory, _ b: Memory) -> Bool {
    a.time != b.time ? a.time < b.time : a.id < b.id
  }

  /// The beginning of a memory, up to the end of a word.
  private static func line(_ memory: Memory) -> SessionSummary.Line {
    let content = memory.content.trimmed
    var text = content.prefix(charactersOfLine)
    if text.endIndex < content.endIndex, let blank = text.lastIndex(where: \.isWhitespace) {
      text = text[..<blank]
    }
    return SessionSummary.Line(memory: memory.id, time: memory.time, text: String(text))
  }
}
