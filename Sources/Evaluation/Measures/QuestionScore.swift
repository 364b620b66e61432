internal import Foundation

/// How well the evidence of one question was found.
package struct QuestionScore: Hashable, Sendable {
  /// The share of the evidence among the first k, by k.
  package let recall: [Int: Double]
  /// Normalized discounted cumulative gain of the first ten, a hit counting 1 and anything else 0.
  package let gainAt10: Double
  /// 1 / the rank of the first hit, 0 without one.
  package let reciprocalRank: Double

  /// The depth of `gainAt10`, and of the recall whose interval is reported.
  package static let mainCutoff = 10

  /// Scores a ranking, best first, in which nothing stands twice.
  ///
  /// - Parameter evidence: what should be found, at least one.
  package init<ID: Hashable>(ranking: [ID], evidence: Set<ID>, cutoffs: [Int]) {
    precondition(!evidence.isEmpty, "a question without evidence has no score")
    let ranks = ranking.indices.filter { evidence.contains(ranking[$0]) }.map { $0 + 1 }
    recall = Dictionary(
      (cutoffs + [Self.mainCutoff]).map { cutoff in
        (cutoff, Double(ranks.count { $0 <= cutoff }) / Double(evidence.count))
      }, uniquingKeysWith: { first, _ in first })
    let gain = ranks.filter { $0 <= Self.mainCutoff }.reduce(0) { $0 + Self.gain(atRank: $1) }
    let best = (1...min(Self.mainCutoff, evidence.count)).reduce(0) {
      $0 + Self.gain(atRank: $1)
    }
    gainAt10 = gain / best
    reciprocalRank = ranks.first.map { 1 / Double($0) } ?? 0
  }

  private static func gain(atRank rank: Int) -> Double { 1 / log2(Double(rank + 1)) }
}
