package import ConversationMemory
package import RAG
internal import Records

/// Asks the questions of a data set that have a known answer, and compares what is answered with it.
///
/// Beside it stands the text of the memory that is found first: who has no more than a search would
/// answer with that.
package struct AnswerEvaluator {
  private let dataset: LabelledDataset

  package init(_ dataset: LabelledDataset) { self.dataset = dataset }

  /// Runs in a store that holds the records of the data set; nothing is stored.
  ///
  /// - Throws: `invalid_argument` when no question that counts has a known answer, and what asking
  ///   throws.
  package func run(
    _ questions: QuestionAnswering, _ memories: MemoryService,
    progress: (EvaluationProgress) -> Void = { _ in }
  ) throws -> AnswerReport {
    let asked = dataset.questions.filter { question in
      !(question.answer ?? "").isEmpty && !question.evidence.isEmpty
        && dataset.overallCategories?.contains(question.category) ?? true
    }
    guard !asked.isEmpty else {
      throw ServiceError.invalid("dataset", "has no question whose answer is known")
    }
    let caller = Caller.unbound(default: nil)
    var scores: [(category: String, score: AnswerReport.Pair, isAnswered: Bool)] = []
    for (position, question) in asked.enumerated() {
      let expected = question.answer ?? ""
      let answer = try questions.ask(
        .init(text: question.text, isKept: false), caller: caller, user: question.user,
        session: question.session)
      let first = try memories.search(
        .init(query: question.text, limit: 1), caller: caller, user: question.user,
        session: question.session
      ).hits.first?.memory.content
      scores.append(
        (
          question.category,
          AnswerReport.Pair(
            answer: AnswerScore(answer.isAnswered ? answer.text : "", expected: expected),
            first: AnswerScore(first ?? "", expected: expected)), answer.isAnswered
        ))
      progress(.init(step: .answering, done: position + 1, total: asked.count))
    }
    let categories = Dictionary(grouping: scores, by: \.category)
    return AnswerReport(
      overall: .init(of: scores.map(\.score), answered: scores.count(where: \.isAnswered)),
      categories: categories.mapValues { scores in
        .init(of: scores.map(\.score), answered: scores.count(where: \.isAnswered))
      })
  }
}
