/// What the index keeps of a text.
package struct LexicalRow: Sendable {
  /// In any order, with repetitions; see `TextAnalyzer`.
  package var terms: [String]
  /// See `QuestionShare`; kept to a 255th.
  package var questionShare: Double

  package init(terms: [String], questionShare: Double = 0) {
    self.terms = terms
    self.questionShare = questionShare
  }

  /// What is kept of a text.
  package init(_ text: String) {
    self.init(terms: TextAnalyzer.terms(of: text), questionShare: QuestionShare.of(text))
  }
}
