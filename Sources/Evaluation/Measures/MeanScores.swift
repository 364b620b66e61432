/// The scores of several questions, each question counting the same.
package struct MeanScores: Hashable, Sendable {
  /// How many questions they are the mean of.
  package let questions: Int
  package let recall: [Int: Double]
  package let gainAt10: Double
  package let meanReciprocalRank: Double
  /// Where the recall at 10 lies with 95% confidence over questions like these.
  package let recallInterval: ClosedRange<Double>

  /// - Parameters:
  ///   - scores: at least one, all with the same cutoffs.
  ///   - seed: of the resampling.
  package init(of scores: [QuestionScore], seed: UInt64) {
    precondition(!scores.isEmpty, "there is no mean of nothing")
    questions = scores.count
    recall = Dictionary(
      uniqueKeysWithValues: scores[0].recall.keys.map { cutoff in
        (cutoff, Self.mean(scores.map { $0.recall[cutoff] ?? 0 }))
      })
    gainAt10 = Self.mean(scores.map(\.gainAt10))
    meanReciprocalRank = Self.mean(scores.map(\.reciprocalRank))
    recallInterval = Bootstrap.interval(
      of: scores.map { $0.recall[QuestionScore.mainCutoff] ?? 0 }, seed: seed)
  }

  private static func mean(_ values: [Double]) -> Double {
    values.reduce(0, +) / Double(values.count)
  }
}

extension MeanScores: Encodable {
  private struct Name: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Name.self)
    for (cutoff, share) in recall {
      try container.encode(share, forKey: Name(stringValue: "recall@\(cutoff)"))
    }
    try container.encode(
      [recallInterval.lowerBound, recallInterval.upperBound],
      forKey: Name(stringValue: "recall@10_interval"))
    try container.encode(gainAt10, forKey: Name(stringValue: "ndcg@10"))
    try container.encode(meanReciprocalRank, forKey: Name(stringValue: "mrr"))
    try container.encode(questions, forKey: Name(stringValue: "questions"))
  }
}
