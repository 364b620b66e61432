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
    return [summary, Self.table(overall), Self.table(categories)].joined(separator: "\n\n")
  }

  /// A table whose columns are as wide as their widest cell, so that it also reads well unrendered.
  private static func table(_ rows: [[String]]) -> String {
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    func line(_ cells: [String]) -> String {
      let padded = zip(cells, widths).enumerated().map { column, cell in
        let blanks = String(repeating: " ", count: cell.1 - cell.0.count)
        return column == 0 ? cell.0 + blanks : blanks + cell.0
      }
      return "| " + padded.joined(separator: " | ") + " |"
    }
    let rule = widths.enumerated().map { column, width in
      String(repeating: "-", count: width + (column == 0 ? 2 : 1)) + (column == 0 ? "" : ":")
    }
    return ([line(rows[0]), "|" + rule.joined(separator: "|") + "|"] + rows.dropFirst().map(line))
      .joined(separator: "\n")
  }

  private func percent(_ share: Double?) -> String { share.map { tenths($0 * 100) } ?? "–" }

  private func interval(_ scores: MeanScores) -> String {
    percent(scores.recallInterval.lowerBound) + "–" + percent(scores.recallInterval.upperBound)
  }

  private func tenths(_ value: Double) -> String { String((value * 10).rounded() / 10) }
}
