import Foundation

/// BM25 with the statistics of one scope.
///
/// S. Robertson and H. Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond",
/// Foundations and Trends in Information Retrieval 3(4), 2009, with the inverse document frequency
/// ln(1 + (N − n + 0.5) / (n + 0.5)), which stays above 0 when most rows hold the term.
struct TermWeights {
  /// How soon a repeated term counts no more.
  static let saturation = 1.2
  /// How far a long row is held against it, 0…1.
  static let lengthInfluence = 0.75

  /// By rank of the term.
  private let weights: [Double]
  private let fixedNorm: Double
  private let normPerTerm: Double

  /// - Parameters:
  ///   - scope: the living rows of the scope.
  ///   - rowsWithTerm: how many of them hold each term of the query, by rank.
  init(scope: RowTotals, rowsWithTerm: [Int]) {
    weights = rowsWithTerm.map { count in
      Self.rarity(of: count, among: scope.rows) * (Self.saturation + 1)
    }
    fixedNorm = Self.saturation * (1 - Self.lengthInfluence)
    // Without a term in the whole scope there is no match to be scored.
    let mean = scope.meanLength
    normPerTerm = mean > 0 ? Self.saturation * Self.lengthInfluence / mean : 0
  }

  /// The inverse document frequency of a term that so many of the rows hold.
  static func rarity(of holding: Int, among rows: Int) -> Double {
    log(1 + (Double(rows - holding) + 0.5) / (Double(holding) + 0.5))
  }

  /// What is added to a term's frequency below the fraction, for a row of that many terms.
  func norm(length: UInt32) -> Double {
    fixedNorm + normPerTerm * Double(length)
  }

  /// What one term adds to a row's score.
  func score(rank: Int, frequency: UInt32, norm: Double) -> Double {
    let frequency = Double(frequency)
    return weights[rank] * frequency / (frequency + norm)
  }
}
