package import ArgumentParser
internal import MCPServer
internal import Records

extension MemoriesCommand {
  /// `recollect memories list`
  package struct List: ParsableCommand {
    package static let configuration = CommandConfiguration(
      abstract: "List memories, newest first.", discussion: "Exits with 1 when there is none.")

    @OptionGroup var selection: MemorySelection

    @Option(help: "Only these types, with commas between them.")
    var types: String?

    @Option(help: "Only what happened at or after this time (ISO 8601).")
    var since: String?

    @Option(help: "Only what happened at or before this time (ISO 8601).")
    var until: String?

    @Option(
      help: ArgumentHelp(
        "Only what matches this filter, as JSON; see `recollect search`.", valueName: "json"))
    var filter: String?

    @Option(help: "How many at most.")
    var limit = Limits.defaultPageSize

    @Option(help: "Where to go on: next_cursor of the page before.")
    var cursor: String?

    @OptionGroup var store: StoreOptions
    @OptionGroup var output: OutputOptions

    package init() {}

    private struct Page: Decodable {
      let memories: [Memory]
      let total: Int
      let next: String?

      private enum CodingKeys: String, CodingKey {
        case memories, total
        case next = "next_cursor"
      }
    }

    package func run() throws {
      let result = try store.call(
        ListMemories.self,
        [
          "user_id": JSONValue(selection.user), "session_id": JSONValue(selection.session),
          "memory_types": JSONValue(list: types), "since": JSONValue(since),
          "until": JSONValue(until), "filter": try JSONValue(json: filter, "filter"),
          "limit": JSONValue(limit), "cursor": JSONValue(cursor),
        ], output)
      let page: Page = try result.read()
      try output.print(result.output) { text(page) }
      if page.total == 0 { throw ExitStatus.no }
    }

    private func text(_ page: Page) -> String {
      guard page.total > 0 else { return "No memories." }
      var table = Table("MEMORY", "TIME", "TYPE", "CONTENT")
      for memory in page.memories {
        table.add(
          memory.id.description, memory.time.short, memory.type.line(16), memory.content.line(80))
      }
      return table.text + "\n"
        + footer(page.memories.count, of: page.total, "memories", next: page.next)
    }
  }

  /// `recollect memories show`
  package struct Show: ParsableCommand {
    package static let configuration = CommandConfiguration(
      abstract: "Show memories whole.", discussion: "Exits with 1 when one of them is not there.")

    @Argument(help: "The ids, at most \(Limits.idsPerCall.upperBound).")
    var ids: [String]

    @Option(help: "Whose memories they must be. Default: whoever owns them.")
    var user: String?

    @Flag(help: "Also the versions before today's.")
    var history = false

    @OptionGroup var store: StoreOptions
    @OptionGroup var output: OutputOptions

    package init() {}

    package func run() throws {
      try MemoriesCommand.show(ids, user, history: history, store, output)
    }
  }

  /// `recollect memories history`
  package struct History: ParsableCommand {
    package static let configuration = CommandConfiguration(
      abstract: "Show a memory with all its earlier versions.",
      discussion: """
        The same as `recollect memories show --history`. Exits with 1 when there is no such memory.
        """)

    @OptionGroup var memory: MemoryOptions
    @OptionGroup var store: StoreOptions
    @OptionGroup var output: OutputOptions

    package init() {}

    package func run() throws {
      try MemoriesCommand.show([memory.id], memory.user, history: true, store, output)
    }
  }

  private struct Entry: Decodable {
    let memory: Memory
    let history: [MemoryVersion]

    private enum CodingKeys: String, CodingKey { case history }

    init(from decoder: any Decoder) throws {
      memory = try Memory(from: decoder)
      history =
        try decoder.container(keyedBy: CodingKeys.self)
        .decodeIfPresent([MemoryVersion].self, forKey: .history) ?? []
    }

    var text: String {
      get throws {
        let earlier = history.reversed().map { version in
          "\n\nVersion \(version.version), until \(version.replacedAt.short): \(version.type)\n"
            + version.content
        }
        return try MemoryText(memory: memory).text + earlier.joined()
      }
    }
  }

  private struct Entries: Decodable {
    let memories: [Entry]
    let missing: [MemoryID]

    var text: String {
      get throws {
        (try memories.map { try $0.text } + missing.map { "There is no memory \($0)." })
          .joined(separator: "\n\n")
      }
    }
  }

  private static func show(
    _ ids: [String], _ user: String?, history: Bool, _ store: StoreOptions,
    _ output: OutputOptions
  ) throws {
    let result = try store.call(
      GetMemory.self,
      [
        "memory_ids": .array(ids.map { .string($0) }), "user_id": JSONValue(user),
        "include_history": .bool(history),
      ], output)
    let entries: Entries = try result.read()
    let text = try entries.text
    try output.print(result.output) { text }
    if !entries.missing.isEmpty { throw ExitStatus.no }
  }

  /// `recollect memories stats`
  package struct Stats: ParsableCommand {
    package static let configuration = CommandConfiguration(
      abstract: "Count memories by type, by session and by day.")

    @OptionGroup var selection: MemorySelection

    @OptionGroup var store: StoreOptions
    @OptionGroup var output: OutputOptions

    package init() {}

    package func run() throws {
      let result = try store.call(
        GetMemoryStats.self,
        ["user_id": JSONValue(selection.user), "session_id": JSONValue(selection.session)],
        output)
      let text = try result.read(MemoryCounts.self).text
      try output.print(result.output) { text }
    }
  }
}

/// The counts of memories as they are shown to a person.
private struct MemoryCounts: Decodable {
  let user: UserID
  let session: SessionID?
  let total: Int
  let byType: [String: Int]
  let bySession: [SessionShare]
  let byDay: [DayShare]
  let bytes: Int

  struct SessionShare: Decodable {
    let session: SessionID
    let count: Int

    private enum CodingKeys: String, CodingKey {
      case session = "session_id"
      case count
    }
  }

  struct DayShare: Decodable {
    let day: String
    let count: Int
  }

  private enum CodingKeys: String, CodingKey {
    case total, bytes
    case user = "user_id"
    case session = "session_id"
    case byType = "by_type"
    case bySession = "by_session"
    case byDay = "by_day"
  }

  /// So many sessions and days fit a screen; `--json` has more.
  private static let shown = 10

  var text: String {
    var fields = Fields()
    fields.add("user", user.description)
    fields.add("session", session?.description)
    fields.add("memories", String(total))
    fields.add("bytes", String(bytes))
    fields.add("by type", counts: byType)
    var text = fields.text
    if session == nil, !bySession.isEmpty {
      var table = Table("SESSION", .number("MEMORIES"))
      for share in bySession.prefix(Self.shown) {
        table.add(share.session.description, String(share.count))
      }
      text += "\n\n" + table.text
    }
    if !byDay.isEmpty {
      var table = Table("DAY", .number("MEMORIES"))
      for share in byDay.suffix(Self.shown) { table.add(share.day, String(share.count)) }
      text += "\n\n" + table.text
    }
    return text
  }
}
