internal import Records

/// When a search has nothing to show: cuts that lose at most one true hit in a hundred.
///
/// They decide about a query, not about each hit: a true hit beside a strong one is often weak itself,
/// but a query to which even the best of everything is weak is about something else. Chosen so that they
/// hold for talk about people (LoCoMo) as well as about code; `Ranking` has the curves. A query that
/// names what the scope never mentions has to show more.
struct RelevanceCalibration {
  /// What the best similarity counts beside the best of the words.
  let semanticShare: Double
  /// Evidence below this is none.
  let cut: Double
  /// So much is wanted of a query that names a stranger.
  let cutOfStrangers: Double

  /// The cut for an embedder.
  ///
  /// - Throws: `invalid_argument` for an embedder that was not measured, and for words alone: where both
  ///   talk about people and talk about code lose few true hits, words empty nothing.
  static func of(
    _ strategy: RetrievalStrategy, embedder: String?
  ) throws(ServiceError) -> RelevanceCalibration {
    guard strategy != .keyword else {
      throw .invalid("min_relevance", "can be auto only where meaning is searched: give a number")
    }
    guard embedder == measured else {
      throw .invalid(
        "min_relevance",
        "auto is known for \(measured) only, not for \(embedder ?? "no model"): give a number")
    }
    return strategy == .semantic
      ? RelevanceCalibration(semanticShare: 1, cut: 0.24, cutOfStrangers: 0.36)
      : RelevanceCalibration(semanticShare: 0.7, cut: 0.21, cutOfStrangers: 0.36)
  }

  /// The cut below which nothing is likely to answer: of the true hits it loses 0.3% in talk about people
  /// and 16% in talk about code, and of irrelevant questions it turns down 90% and 72%. An answer that
  /// quotes what is about something else does more harm than a hit in a list.
  static func ofAnswers(embedder: String?) -> RelevanceCalibration? {
    embedder == measured
      ? RelevanceCalibration(semanticShare: 0.7, cut: 0.27, cutOfStrangers: 0.4) : nil
  }

  private static let measured = "all-MiniLM-L6-v2"

  /// Whether anything bears on a query to which the best similarity and the best of the words are so.
  ///
  /// - Parameter namesStranger: asked only where it matters.
  func accepts(
    similarity: Double, keyword: Double, unless namesStranger: () throws -> Bool
  ) rethrows -> Bool {
    let evidence = semanticShare * similarity + (1 - semanticShare) * keyword
    guard evidence >= cut else { return false }
    return try evidence >= cutOfStrangers || !namesStranger()
  }
}
