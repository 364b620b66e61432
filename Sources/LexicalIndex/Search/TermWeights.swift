import Foundation

/// BM25 with the statistics of one scope, as a share of what a row could have at most.
///
/// S. Robertson and H. Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond",
/// Foundations and Trends in Information Retrieval 3(4), 2009, with the inverse document frequency
/// ln(1 + (N − n + 0.5) / (n + 0.5)), which stays above 0 when most rows hold the term. Divided by
/// the sum of the weights of the query's terms, those that no row holds included, a score says how
/// much of the query a row holds, whatever the query: it can be held against a threshold.
struct TermWeights: Sendable {
  /// How soon a repeated term counts no more.
  static let saturation = 1.2
  /// How far a long row is held against it, 0…1.
  static let lengthInfluence = 0.75

  /// By rank of the term.
  private let weights: [Double]
  private let total: Double
  /// The mean number of terms of the scope's rows.
  let meanLength: Double
  private let fixedNorm: Double
  private let normPerTerm: Double

  /// - Parameters:
  ///   - scope: the living rows of the scope.
  ///   - rowsWithTerm: how many of them hold each term of the query, by rank.
  init(scope: RowTotals, rowsWithTerm: [Int]) {
    weights = rowsWithTerm.map { Self.rarity(of: $0, among: scope.rows) }
    total = weights.reduce(0, +)
    fixedNorm = Self.saturation * (1 - Self.lengthInfluence)
    // Without a term in the whole scope there is no match to be scored.
    meanLength = scope.meanLength
    normPerTerm = meanLength > 0 ? Self.saturation * Self.lengthInfluence / meanLength : 0
  }

  /// The inverse document frequency of a term that so many of the rows hold.
  static func rarity(of holding: Int, among rows: Int) -> Double {
    log(1 + (Double(rows - holding) + 0.5) / (Double(holding) + 0.5))
  }

  /// What is added to a term's frequency below the fraction, for a row of that many terms.
  func norm(length: Double) -> Double {
    fixedNorm + normPerTerm * length
  }

  /// The weights, four by four; 0 where there is no word.
  var blocks: [SIMD4<Double>] {
    stride(from: 0, to: weights.count, by: 4).map { first in
      var block = SIMD4<Double>.zero
      for rank in first..<min(first + 4, weights.count) { block[rank - first] = weights[rank] }
      return block
    }
  }

  /// Which share a sum of weights is of all.
  func share(of sum: Double) -> Double { total > 0 ? sum / total : 0 }

  /// The score of a row that holds each term so often, by rank; the frequencies are 0 afterwards.
  func score(of frequencies: inout [Double], norm: Double) -> Double {
    var score = 0.0
    for rank in frequencies.indices {
      let frequency = frequencies[rank]
      guard frequency > 0 else { continue }
      score += weights[rank] * frequency / (frequency + norm)
      frequencies[rank] = 0
    }
    return self.share(of: score)
  }

  /// Which share of the query those of its terms are that have a mark; there is none afterwards.
  func share(of marks: inout [Double]) -> Double {
    var share = 0.0
    for rank in marks.indices where marks[rank] > 0 {
      share += weights[rank]
      marks[rank] = 0
    }
    return total > 0 ? share / total : 0
  }
}
