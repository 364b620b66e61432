import Foundation
package import Records

/// What a search asks for.
package struct RetrievalRequest: Sendable {
  package var query: String
  /// The query's vector; nil when there is no embedder, or the strategy needs none.
  package var vector: [Float]?
  /// The embedder that made the vector.
  package var embedder: String?
  package var strategy: RetrievalStrategy
  package var filter: MemoryFilter
  package var limit: Int
  package var minimumRelevance: RelevanceThreshold
  package var now: Timestamp

  package init(
    query: String, vector: [Float]?, embedder: String? = nil, strategy: RetrievalStrategy = .hybrid,
    filter: MemoryFilter = MemoryFilter(), limit: Int,
    minimumRelevance: RelevanceThreshold = .none, now: Timestamp
  ) {
    self.query = query
    self.vector = vector
    self.embedder = embedder
    self.strategy = strategy
    self.filter = filter
    self.limit = limit
    self.minimumRelevance = minimumRelevance
    self.now = now
  }

  /// Without a vector a hybrid search is one by word.
  var effectiveStrategy: RetrievalStrategy {
    strategy == .hybrid && vector == nil ? .keyword : strategy
  }
}

/// Ranks the memories of a scope by meaning and by word.
///
/// Candidates are the union of both lists, never one as a mere re-ranking of the other. Their scores
/// are fused as they are, not by rank and not as shares of the query's best: both say how much of the
/// query a memory holds, so where words match badly meaning decides, and the other way round. What was
/// said just before and after counts with a memory, since conversations spread an answer over turns.
package struct HybridRetrieval: Sendable {
  private let weights: RelevanceWeights

  package init(weights: RelevanceWeights = RelevanceWeights()) {
    self.weights = weights
  }

  /// Finds min(`limit`, candidates) hits, less those that gate and collapse remove, by relevance
  /// descending, then newer first.
  ///
  /// - Complexity: what the scope holds.
  package func search(
    _ request: RetrievalRequest, in scope: Scope, _ searcher: any MemorySearcher
  ) throws -> RetrievalResult {
    let candidates = try ScoredCandidates(request, scope, searcher, weights)
    let order = candidates.ordered
    if request.minimumRelevance == .automatic {
      let calibration = try RelevanceCalibration.of(
        request.effectiveStrategy, embedder: request.vector == nil ? nil : request.embedder)
      guard
        calibration.accepts(
          similarity: candidates.bestSimilarity, keyword: candidates.bestKeyword)
      else { return RetrievalResult(belowRelevance: min(request.limit, order.count)) }
    }
    var selection = Selection(request, scope, weights)
    var rest = order[...]
    while !selection.isFull, !rest.isEmpty {
      let batch = rest.prefix(selection.batch)
      rest = rest.dropFirst(batch.count)
      let records = try searcher.memories(batch.map(\.key), in: scope)
      try selection.take(batch, records)
    }
    return try selection.result(searcher)
  }
}
