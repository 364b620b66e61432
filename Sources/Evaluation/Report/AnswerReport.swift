internal import Records

/// How well questions were answered, each counting the same.
package struct AnswerReport: Sendable, Encodable {
  /// The scores of an answer, and of the text that is found first.
  struct Pair {
    let answer: AnswerScore
    let first: AnswerScore
  }

  /// Means, 0…1.
  package struct Means: Sendable, Encodable {
    package let questions: Int
    /// How many were answered; the others score 0.
    package let answered: Int
    package let f1: Double
    package let containment: Double
    /// The same of the memory that is found first.
    package let firstF1: Double
    package let firstContainment: Double

    private enum CodingKeys: String, CodingKey {
      case questions, answered, f1, containment
      case firstF1 = "top_memory_f1"
      case firstContainment = "top_memory_containment"
    }

    init(of pairs: [Pair], answered: Int) {
      func mean(_ value: (Pair) -> Double) -> Double {
        pairs.reduce(0) { $0 + value($1) } / Double(max(1, pairs.count))
      }
      questions = pairs.count
      self.answered = answered
      f1 = mean(\.answer.f1)
      containment = mean(\.answer.containment)
      firstF1 = mean(\.first.f1)
      firstContainment = mean(\.first.containment)
    }
  }

  package let overall: Means
  package let categories: [String: Means]

  /// A table in percent.
  package var markdown: String {
    var rows = [
      ["answers, %", "questions", "answered", "F1", "contained", "top memory F1", "contained"]
    ]
    rows.append(row("overall", overall))
    for (name, means) in categories.sorted(by: { $0.key < $1.key }) {
      rows.append(row(name, means))
    }
    return MarkdownTable.text(rows)
  }

  private func row(_ name: String, _ means: Means) -> [String] {
    [name, String(means.questions), String(means.answered)]
      + [means.f1, means.containment, means.firstF1, means.firstContainment].map {
        String(($0 * 1000).rounded() / 10)
      }
  }
}
