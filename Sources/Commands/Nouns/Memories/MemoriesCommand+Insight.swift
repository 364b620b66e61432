package import ArgumentParser
internal import MCPServer
internal import Records

extension MemoriesCommand {
  /// `recollect memories context`
  package struct Context: ParsableCommand {
    package static let configuration = CommandConfiguration(
      abstract: "Print what bears on a query as one text, ready for a prompt.",
      discussion: "Exits with 1 when there is nothing.")

    @Argument(help: "The task, the question or the topic.")
    var query: String

    @OptionGroup var selection: MemorySelection

    @Option(help: "How many tokens at most, estimated on the high side.")
    var maxTokens = Limits.defaultContextTokens

    @Option(help: "list, narrative or structured.")
    var format = "list"

    @OptionGroup var store: StoreOptions
    @OptionGroup var output: OutputOptions

    package init() {}

    private struct Reply: Decodable {
      let context: String
      let memories: [String]

      private enum CodingKeys: String, CodingKey {
        case context
        case memories = "memory_ids"
      }
    }

    package func run() throws {
      let result = try store.call(
        GetMemoryContext.self,
        [
          "query": .string(query), "user_id": JSONValue(selection.user),
          "session_id": JSONValue(selection.session), "max_tokens": JSONValue(maxTokens),
          "format": .string(format),
        ], output)
      let reply: Reply = try result.read()
      try output.print(result.output) { reply.context }
      if reply.memories.isEmpty { throw ExitStatus.no }
    }
  }

  /// `recollect memories insights`
  package struct Insights: ParsableCommand {
    package static let configuration = CommandConfiguration(
      abstract: "Show what a user's memories are about, and when they came.")

    @Option(help: "Whose memories. Default: local.")
    var user: String?

    @Option(help: "Only what happened at or after this time (ISO 8601).")
    var since: String?

    @Option(help: "Only what happened at or before this time (ISO 8601).")
    var until: String?

    @OptionGroup var store: StoreOptions
    @OptionGroup var output: OutputOptions

    package init() {}

    package func run() throws {
      let result = try store.call(
        GetMemoryInsights.self,
        [
          "user_id": JSONValue(user), "since": JSONValue(since), "until": JSONValue(until),
        ], output)
      let text = try result.read(InsightText.self).text
      try output.print(result.output) { text }
    }
  }
}

/// Topics and activity as they are shown to a person.
private struct InsightText: Decodable {
  let user: UserID
  let total: Int
  let topics: [Topic]
  let activity: Activity

  struct Topic: Decodable {
    let terms: [String]
    let count: Int
  }

  struct Activity: Decodable {
    let period: String
    let counts: [Share]
  }

  struct Share: Decodable {
    let start: String
    let count: Int
  }

  private enum CodingKeys: String, CodingKey {
    case total, topics, activity
    case user = "user_id"
  }

  /// So many periods fit a screen; `--json` has more.
  private static let shown = 15

  var text: String {
    var fields = Fields()
    fields.add("user", user.description)
    fields.add("memories", String(total))
    var text = fields.text
    if !topics.isEmpty {
      var table = Table(.number("MEMORIES"), "TOPIC")
      for topic in topics {
        table.add(String(topic.count), topic.terms.joined(separator: ", "))
      }
      text += "\n\n" + table.text
    }
    if !activity.counts.isEmpty {
      var table = Table(
        Table.Column(stringLiteral: "\(activity.period.uppercased()) OF"), .number("MEMORIES"))
      for share in activity.counts.suffix(Self.shown) {
        table.add(share.start, String(share.count))
      }
      text += "\n\n" + table.text
    }
    return text
  }
}
