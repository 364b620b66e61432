internal import LanguageModels
internal import Records

/// Answers a question in a model's words, resting on memories that it is shown.
///
/// What the model says of its sources is not believed: a quote counts when the memory holds it to the
/// letter, and only then.
struct RemoteAnswer {
  let answer: String?
  /// Memories, by their place among those that were shown, and what of them was quoted.
  let quotes: [(hit: Hit, text: String)]

  /// Longer memories are shown in part, around what bears on the question.
  private static let shownLength = 2_000

  /// - Throws: what `ModelFailure.error` gives.
  static func make(
    to question: String, from hits: [Hit], askedIn session: SessionID?, by model: any AnswerModel
  ) throws -> RemoteAnswer {
    guard !hits.isEmpty else { return RemoteAnswer(answer: nil, quotes: []) }
    let prompt = try prompt(question, hits, session)
    do throws(ModelFailure) {
      return try model.object(for: prompt) { members throws(ModelFailure) in
        try RemoteAnswer(members, hits)
      }
    } catch {
      throw error.error("The question was not answered, and nothing was stored.")
    }
  }

  private static func prompt(
    _ question: String, _ hits: [Hit], _ session: SessionID?
  ) throws -> ModelPrompt {
    let data = try DataBlock([
      "question": .string(question),
      "memories": .array(
        hits.enumerated().map { number, hit in
          [
            "number": .integer(Int64(number + 1)), "said_at": .string("\(hit.memory.time)"),
            "type": .string(hit.memory.type),
            "in_this_session": .bool(session != nil && hit.memory.session == session),
            "text": .string(hit.memory.excerpt(shownLength, around: hit.span).content),
          ]
        }),
    ])
    return ModelPrompt(instructions: "\(task)\n\n\(data.rule)", data: data)
  }

  private static let task = """
    You answer questions from the long-term memory of a user. Answer the question with what the \
    memories say and nothing else: where they do not answer it, say so with answered false, even if \
    you know the answer. Newer memories weigh more than older ones that they contradict; said_at tells \
    when something was said. Answer briefly, in the language of the question.

    Answer with one JSON object and nothing else:
    {"answered": true, "answer": "…", "citations": [{"memory": 1, "quote": "…"}]}

    Cite the memories that the answer rests on by their numbers. A quote is copied from the memory's \
    text to the letter. Without an answer, answered is false, answer is empty and there are no \
    citations.
    """

  // MARK: Reading

  private init(answer: String?, quotes: [(hit: Hit, text: String)]) {
    self.answer = answer
    self.quotes = quotes
  }

  private init(_ members: [String: JSONValue], _ hits: [Hit]) throws(ModelFailure) {
    guard case .bool(let isAnswered) = members["answered"] else {
      throw ModelFailure(.malformed, "does not say whether it answered")
    }
    guard isAnswered else {
      self.init(answer: nil, quotes: [])
      return
    }
    guard let answer = members["answer"]?.string?.trimmed, !answer.isEmpty,
      answer.unicodeScalars.count <= Limits.answerLength, !answer.utf8.contains(0)
    else {
      throw ModelFailure(
        .malformed, "answered with no text, or one longer than \(Limits.answerLength) characters")
    }
    let quotes = Self.quotes(members["citations"]?.array ?? [], hits)
    // What rests on nothing that was shown is no answer from memory.
    self.init(answer: quotes.isEmpty ? nil : answer, quotes: quotes)
  }

  /// The citations that hold, each once.
  private static func quotes(
    _ entries: [JSONValue], _ hits: [Hit]
  ) -> [(hit: Hit, text: String)] {
    var quotes: [(hit: Hit, text: String)] = []
    for entry in entries.prefix(Limits.quotesPerAnswer) {
      guard case .integer(let number) = entry["memory"], number >= 1, number <= hits.count,
        let text = entry["quote"]?.string?.trimmed, !text.isEmpty
      else { continue }
      let hit = hits[Int(number) - 1]
      // By bytes: `String` takes two spellings of é as equal.
      guard hit.memory.content.holds(text),
        !quotes.contains(where: { $0.hit.memory.id == hit.memory.id && $0.text == text })
      else { continue }
      quotes.append((hit, text))
    }
    return quotes
  }
}

extension String {
  /// Whether the text holds another to the letter.
  fileprivate func holds(_ other: String) -> Bool {
    Array(utf8).firstRange(of: Array(other.utf8)) != nil
  }
}
