internal import App
package import ArgumentParser
internal import MCPServer
internal import Records

/// `recollect search`
package struct SearchCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "search",
    abstract: "Find memories by meaning and by word.",
    discussion: "Exits with 1 when nothing was found.")

  @OptionGroup var store: StoreOptions
  @OptionGroup var output: OutputOptions

  @Argument(help: "What you want to know.")
  var query: String

  @Option(help: "Whose memories. Default: local or, with --session, its owner.")
  var user: String?

  @Option(help: "Only this session.")
  var session: String?

  @Option(help: "Only these types, with commas between them.")
  var types: String?

  @Option(help: "Only what happened at or after this time (ISO 8601).")
  var since: String?

  @Option(help: "Only what happened at or before this time (ISO 8601).")
  var until: String?

  @Option(
    help: ArgumentHelp(
      "Only what matches this filter, as JSON.",
      discussion: """
        For example '{"field": "metadata.topic", "op": "eq", "value": "travel"}'. Join comparisons \
        with {"and": […]}, {"or": […]}, {"not": {…}}. Fields: \(FilterExpression.fieldNames). \
        Operators: \(FilterExpression.operatorNames).
        """, valueName: "json"))
  var filter: String?

  @Option(help: "How many hits at most.")
  var limit = Limits.defaultSearchCount

  @Option(help: "hybrid, semantic or keyword.")
  var strategy = RetrievalStrategy.hybrid.rawValue

  @Option(
    help: """
      Leave out what bears less on the query than this, from 0 to 1; auto leaves out all when even \
      the best hardly bears on it.
      """)
  var minRelevance = "0"

  package init() {}

  private struct Result: Encodable {
    let hits: [Hit]
    let count: Int
    let scope: String
    let belowRelevance: Int
    let collapsed: Int
    let timings: [String: Double]

    struct Hit: Encodable {
      let memory: Memory
      let relevance: Double
      let factors: RelevanceFactors
      let span: TextSpan?
    }

    private enum CodingKeys: String, CodingKey {
      case hits, count, scope, timings, collapsed
      case belowRelevance = "below_relevance"
    }
  }

  package func run() throws {
    let user = try user.map { try UserID($0) }
    let session = try session.map { try SessionID($0) }
    guard let strategy = RetrievalStrategy(rawValue: strategy) else {
      throw ServiceError.invalid("strategy", "must be hybrid, semantic or keyword")
    }
    guard let minimum = RelevanceThreshold(minRelevance) else {
      throw ServiceError.invalid("min-relevance", "must be from 0 to 1, or auto")
    }
    // By the rule of the tools, so that a list means the same to every verb.
    var arguments = ArgumentReader(["memory_types": JSONValue(list: types) ?? .null])
    let filter = MemoryFilter(
      types: try arguments.optional("memory_types", .memoryTypes, "Only these types."),
      since: try time(since, "since"), until: try time(until, "until"),
      expression: try expression())
    let search = Application.MemoryQuery(
      text: query, user: user, session: session, strategy: strategy, filter: filter, limit: limit,
      minimumRelevance: minimum)
    let clock = ContinuousClock()
    let start = clock.now
    let found = try store.withApplication(output) { application in
      let opened = clock.now
      let found = try application.search(search)
      return (found, opened - start, clock.now - opened)
    }
    let result = Result(
      hits: found.0.hits.map {
        Result.Hit(
          memory: $0.memory, relevance: $0.relevance, factors: $0.factors, span: $0.span)
      },
      count: found.0.hits.count, scope: session == nil ? "user" : "session",
      belowRelevance: found.0.belowRelevance, collapsed: found.0.collapsed,
      timings: ["open_ms": found.1 / .milliseconds(1), "search_ms": found.2 / .milliseconds(1)])
    try output.print(result) { text(found.0) }
    if found.0.hits.isEmpty { throw ExitStatus.no }
  }

  private func text(_ found: RetrievalResult) -> String {
    guard !found.hits.isEmpty else {
      return found.belowRelevance == 0
        ? "Nothing found." : "Nothing found above --min-relevance \(minRelevance)."
    }
    return found.hits.map { hit in
      let percent = String(Int((hit.relevance * 100).rounded()))
      let content = hit.memory.excerpt(Limits.excerptLength, around: hit.span).content
      return "\(percent.leftPadded(3))%  \(hit.memory.time.description.prefix(10))  \(content)\n"
        + "      \(hit.memory.id)"
    }.joined(separator: "\n")
  }

  private func expression() throws -> FilterExpression? {
    try JSONValue(json: filter, "filter").map { try FilterExpression($0) }
  }

  private func time(_ text: String?, _ name: String) throws -> Timestamp? {
    guard let text else { return nil }
    guard let time = Timestamp(text) else {
      throw ServiceError.invalid(name, "must be an ISO 8601 time such as 2026-11-22T14:05:00Z")
    }
    return time
  }
}

extension String {
  func leftPadded(_ width: Int) -> String {
    String(repeating: " ", count: max(0, width - count)) + self
  }
}
