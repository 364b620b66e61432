internal import Records

extension EvaluationReport {
  /// The figures in percent: a table with a column for each configuration, and one with a row for each
  /// category.
  package var markdown: String {
    let names = results.map(\.name)
    let first = results[0].overall
    var overall = [["overall, %"] + names]
    for cutoff in first.recall.keys.sorted() {
      overall.append(["recall@\(cutoff)"] + results.map { percent($0.overall.recall[cutoff]) })
      if cutoff == QuestionScore.mainCutoff {
        overall.append(["recall@\(cutoff), 95%"] + results.map { interval($0.overall) })
      }
    }
    overall.append(["nDCG@10"] + results.map { percent($0.overall.gainAt10) })
    overall.append(["MRR"] + results.map { percent($0.overall.meanReciprocalRank) })
    if let queries = results[0].irrelevant?.queries {
      overall.append(
        ["emptied of \(queries) irrelevant"] + results.map { percent($0.irrelevant?.emptied) })
    }
    var categories = [["recall@10 by category, %", "questions"] + names]
    for (category, scores) in results[0].categories.sorted(by: { $0.key < $1.key }) {
      categories.append(
        [category, String(scores.questions)]
          + results.map { percent($0.categories[category]?.recall[QuestionScore.mainCutoff]) })
    }
    let summary =
      "\(questions) questions over \(memories) memories in \(sessions) sessions, ranked by "
      + "\(unit.rawValue)" + (model.map { "; vectors of \($0)" } ?? "")
      + "; \(tenths(seconds)) s."
    return [
      summary, MarkdownTable.text(overall), MarkdownTable.text(categories), answers?.markdown,
    ]
    .compactMap { $0 }.joined(separator: "\n\n")
  }

  private func percent(_ share: Double?) -> String { share.map { tenths($0 * 100) } ?? "–" }

  private func interval(_ scores: MeanScores) -> String {
    percent(scores.recallInterval.lowerBound) + "–" + percent(scores.recallInterval.upperBound)
  }

  private func tenths(_ value: Double) -> String { String((value * 10).rounded() / 10) }
}
