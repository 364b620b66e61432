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
    var widening = 1
    while true {
      let candidates = try ScoredCandidates(request, scope, searcher, weights, widening: widening)
      let (result, isComplete) = try chosen(from: candidates, request, scope, searcher)
      if isComplete || !candidates.isCut || candidates.depth >= Self.deepest { return result }
      // Where one text stands many times, those that say something else are further down.
      widening *= 8
    }
  }

  /// So many repetitions of one text are gone through at most.
  private static let deepest = 8_000

  /// The hits, and whether there are as many as could be.
  private func chosen(
    from candidates: ScoredCandidates, _ request: RetrievalRequest, _ scope: Scope,
    _ searcher: any MemorySearcher
  ) throws -> (result: RetrievalResult, isComplete: Bool) {
    let count = candidates.scores.count
    let wanted = min(request.limit, count)
    let passing = try passing(candidates, request, scope, searcher)
    var selection = Selection(
      request, scope, weights, belowRelevance: max(0, wanted - passing))
    var order = BestFirst(candidates.scores)
    var left = passing
    while !selection.isFull, left > 0 {
      var batch: [Score] = []
      while batch.count < min(selection.batch, left), let position = order.next() {
        batch.append(candidates.scores[position])
      }
      left -= batch.count
      let records = try searcher.memories(batch.map(\.key), in: scope)
      try selection.take(batch, records)
    }
    let isComplete = selection.isFull || passing < count || !selection.hasCollapsed
    return (try selection.result(searcher), isComplete)
  }

  /// So many of the best are looked at for who said them.
  private static let namedIn = 20

  /// How many candidates the gate lets through, the best. It comes before decay: a memory is not
  /// irrelevant for being old.
  private func passing(
    _ candidates: ScoredCandidates, _ request: RetrievalRequest, _ scope: Scope,
    _ searcher: any MemorySearcher
  ) throws -> Int {
    switch request.minimumRelevance {
    case .value(let minimum): return candidates.scores.count { $0.relevance >= minimum }
    case .automatic:
      let calibration = try RelevanceCalibration.of(
        request.effectiveStrategy, embedder: request.vector == nil ? nil : request.embedder)
      let isAccepted = try calibration.accepts(
        similarity: candidates.bestSimilarity, keyword: candidates.bestKeyword
      ) {
        var order = BestFirst(candidates.scores)
        let best = (0..<Self.namedIn).compactMap { _ in order.next() }
        return try namesStranger(request.query, scope, searcher) {
          try searcher.memories(best.map { candidates.scores[$0].key }, in: scope).values
            .map(\.metadata)
        }
      }
      return isAccepted ? candidates.scores.count : 0
    }
  }

  /// Whether hits of a hybrid search are likely to answer a question; nil where nobody has measured that.
  ///
  /// - Parameter hits: the best first; those that are to answer.
  package func answers(
    _ question: String, _ hits: [Hit], embedder: String?, in scope: Scope,
    _ searcher: any MemorySearcher
  ) throws -> Bool? {
    guard let calibration = RelevanceCalibration.ofAnswers(embedder: embedder) else { return nil }
    return try calibration.accepts(
      similarity: hits.compactMap(\.similarity).max() ?? 0,
      keyword: hits.map(\.factors.keyword).max() ?? 0
    ) {
      try namesStranger(question, scope, searcher) {
        hits.prefix(Self.namedIn).map(\.memory.metadata)
      }
    }
  }

  private func isAbsent(
    _ name: String, in scope: Scope, _ searcher: any MemorySearcher
  ) throws -> Bool {
    try searcher.matching(name, count: 1, holdingWords: true, in: scope, MemoryFilter())
      .candidates.isEmpty
  }

  /// Whether the query names anybody or anything of whom the user never speaks: neither a text, nor who
  /// said the best of them, nor the user's own id.
  ///
  /// - Parameter labels: the metadata of the best.
  private func namesStranger(
    _ query: String, _ scope: Scope, _ searcher: any MemorySearcher,
    labels: () throws -> [[String: JSONValue]]
  ) throws -> Bool {
    let strangers = try ProperNames.of(query).filter { name in
      try !scope.user.description.localizedStandardContains(name)
        && isAbsent(name, in: scope, searcher)
        && (scope.session == nil || isAbsent(name, in: scope.wholeUser, searcher))
    }
    guard !strangers.isEmpty else { return false }
    let labels = try labels()
    return strangers.contains { name in
      !labels.contains { label in
        label.values.contains { $0.containsString { $0.localizedStandardContains(name) } }
      }
    }
  }
}
