internal import RAG
internal import Records

/// Answers a question from memory.
package struct AskQuestion: Tool {
  package static let name = "ask_question"
  package static let title = "Ask a question"
  package static let description = """
    Call this to get an answer with its sources instead of a list of memories. The answer quotes \
    what is remembered, or is a language model's where one is set, and cites it to the letter; \
    answered is false when nothing remembered answers. An answered \
    question is counted in its session, and the exchange is remembered.
    """
  package static let annotations = ToolAnnotations.adds

  let questions: QuestionAnswering

  package struct Input: ToolInput {
    let user: UserID?
    let session: SessionID?
    let question: QuestionAnswering.Question

    package init(_ arguments: inout ArgumentReader) throws {
      let text = try arguments.required("question", .query, "The question, in full.")
      user = try arguments.user("Whose memories to answer from; leave it out for your own user.")
      session = try arguments.optional(
        "session_id", .id(), "The session the question is asked in; it must be active.")
      question = QuestionAnswering.Question(
        text: text,
        usesMemory: try arguments.optional(
          "use_memory", .flag, default: true,
          "Answer from memories, and remember the exchange."),
        maximumContextItems: try arguments.optional(
          "max_context_items", .integer(in: Limits.contextItems),
          default: Limits.defaultContextItems, "How many memories to consider at most."),
        memoryScope: try arguments.optional(
          "memory_scope", .choice(), default: .sessionThenUser,
          "Where to look: the session first and then the user, the session alone, or the user."))
    }
  }

  package struct Output: Codable, Sendable {
    let answer: String
    let answered: Bool
    let citations: [Citation]
    let session: SessionID?
    let memory: MemoryID?
    let model: String
    let timings: [String: Double]

    struct Citation: Codable, Sendable {
      let kind: Kind
      let id: MemoryID
      let quote: String
      let relevance: Double
    }

    enum Kind: String, CaseIterable, Codable, Sendable {
      case memory
    }

    private enum CodingKeys: String, CodingKey {
      case answer, answered, citations, model, timings
      case session = "session_id"
      case memory = "memory_id"
    }
  }

  package func call(_ input: Input, _ context: ToolContext) throws -> Output {
    let answer = try questions.ask(
      input.question, caller: context.caller, user: input.user, session: input.session)
    return Output(
      answer: answer.text, answered: answer.isAnswered,
      citations: answer.citations.map {
        Output.Citation(kind: .memory, id: $0.memory, quote: $0.quote, relevance: $0.relevance)
      },
      session: answer.session, memory: answer.memory, model: answer.model,
      timings: answer.timings)
  }
}
