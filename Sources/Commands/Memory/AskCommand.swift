package import ArgumentParser
internal import MCPServer
internal import Records

/// `recollect ask`
package struct AskCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "ask",
    abstract: "Answer a question from what is remembered, with the sources.",
    discussion: """
      An answered question is remembered with its answer and, in a session, counted. Exits with 1 \
      when nothing remembered answers.
      """)

  @Argument(help: "The question, in full.")
  var question: String

  @Option(help: "Whose memories. Default: local or, with --session, its owner.")
  var user: String?

  @Option(help: "The session the question is asked in; it must be active.")
  var session: String?

  @Option(help: "How many memories to consider at most.")
  var maxContextItems = Limits.defaultContextItems

  @Option(
    help: "session_then_user, session or user: where to look. Default: the session first.")
  var memoryScope: String?

  @OptionGroup var store: StoreOptions
  @OptionGroup var output: OutputOptions

  package init() {}

  private struct Reply: Decodable {
    let answer: String
    let answered: Bool
    let citations: [Citation]
    let memory: MemoryID?

    struct Citation: Decodable {
      let id: MemoryID
      let quote: String
      let relevance: Double
    }

    private enum CodingKeys: String, CodingKey {
      case answer, answered, citations
      case memory = "memory_id"
    }

    var text: String {
      guard answered else { return answer }
      let sources = citations.map { citation in
        let percent = String(Int((citation.relevance * 100).rounded()))
        return "\(percent.leftPadded(3))%  \(citation.id)  “\(citation.quote.line(100))”"
      }
      return ([answer, ""] + sources).joined(separator: "\n")
    }
  }

  package func run() throws {
    let result = try store.call(
      AskQuestion.self,
      [
        "question": .string(question), "user_id": JSONValue(user),
        "session_id": JSONValue(session), "max_context_items": JSONValue(maxContextItems),
        "memory_scope": JSONValue(memoryScope),
      ], output)
    let reply: Reply = try result.read()
    try output.print(result.output) { reply.text }
    if !reply.answered { throw ExitStatus.no }
  }
}
