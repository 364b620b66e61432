internal import Records

/// When a search has nothing to show: cuts that lose at most one true hit in a hundred.
///
/// They decide about a query, not about each hit: a true hit beside a strong one is often weak itself,
/// but a query to which even the best of everything is weak is about something else. Chosen on LoCoMo,
/// held out by conversation; the article on retrieval has the curve.
struct RelevanceCalibration {
  /// What the best similarity counts beside the best of the words.
  let semanticShare: Double
  /// Evidence below this is none.
  let cut: Double

  /// The cut for an embedder, by words alone for one that was not measured.
  ///
  /// - Throws: `invalid_argument` for a search by meaning with an embedder that was not measured.
  static func of(
    _ strategy: RetrievalStrategy, embedder: String?
  ) throws(ServiceError) -> RelevanceCalibration {
    let isMeasured = embedder == measured
    switch strategy {
    case .semantic where isMeasured: return RelevanceCalibration(semanticShare: 1, cut: 0.415)
    case .semantic:
      throw .invalid(
        "min_relevance",
        "auto is known for \(measured) only, not for \(embedder ?? "no model"): give a number")
    case .hybrid where isMeasured: return RelevanceCalibration(semanticShare: 0.7, cut: 0.355)
    case .hybrid, .keyword: return RelevanceCalibration(semanticShare: 0, cut: 0.124)
    }
  }

  private static let measured = "all-MiniLM-L6-v2"

  /// Whether anything bears on a query to which the best similarity and the best of the words are so.
  func accepts(similarity: Double, keyword: Double) -> Bool {
    semanticShare * similarity + (1 - semanticShare) * keyword >= cut
  }
}
