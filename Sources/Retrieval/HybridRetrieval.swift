import Foundation
package import Records

/// What a search asks for.
package struct RetrievalRequest: Sendable {
  package var query: String
  /// The query's vector; nil when there is no embedder, or the strategy needs none.
  package var vector: [Float]?
  package var strategy: RetrievalStrategy
  package var filter: MemoryFilter
  package var limit: Int
  package var minimumRelevance: Double
  package var now: Timestamp

  package init(
    query: String, vector: [Float]?, strategy: RetrievalStrategy = .hybrid,
    filter: MemoryFilter = MemoryFilter(), limit: Int, minimumRelevance: Double = 0,
    now: Timestamp
  ) {
    self.query = query
    self.vector = vector
    self.strategy = strategy
    self.filter = filter
    self.limit = limit
    self.minimumRelevance = minimumRelevance
    self.now = now
  }
}

/// Ranks the memories of a scope by meaning and by word.
///
/// Candidates are the union of both lists, never one as a mere re-ranking of the other. Scores are
/// fused as scaled values (the cosine as it is, BM25 as a share of the query's best), because ranks
/// alone lose to the better of the two lists.
package struct HybridRetrieval: Sendable {
  private let weights: RelevanceWeights

  package init(weights: RelevanceWeights = RelevanceWeights()) {
    self.weights = weights
  }

  /// Finds min(`limit`, candidates) hits, by relevance descending, then newer first.
  ///
  /// - Complexity: what the scope holds.
  package func search(
    _ request: RetrievalRequest, in scope: Scope, _ searcher: any MemorySearcher
  ) throws -> RetrievalResult {
    let scores = try scores(request, scope, searcher)
    // Few words are moved while sorting; the scores themselves stay where they are.
    let order = scores.map { (fused: $0.value.fused, key: $0.key) }.sorted {
      $0.fused != $1.fused ? $0.fused > $1.fused : $0.key.rawValue > $1.key.rawValue
    }
    let best = order.prefix(request.limit).compactMap { place in
      scores[place.key].map { (key: place.key, value: $0) }
    }
    let records = try searcher.memories(best.map(\.key), in: scope)
    let spans = try searcher.spans(of: best.compactMap(\.value.nearest), in: scope)
    var result = RetrievalResult(hits: [], belowRelevance: 0)
    var spanBudget = Self.charactersOfSpans
    for (key, score) in best {
      // Index and records are of one moment: a hit without a record is damage, not fewer hits.
      guard let memory = records[key] else {
        throw ServiceError(.internal, "The index names a memory that the database does not have.")
      }
      guard score.fused >= request.minimumRelevance else {
        result.belowRelevance += 1
        continue
      }
      let span =
        try spans[key] ?? wordSpan(request.query, in: memory, scope, searcher, &spanBudget)
      let factors = factors(score, memory, scope, request.now)
      result.hits.append(
        Hit(memory: memory, relevance: score.fused, factors: factors, span: span))
    }
    return result
  }

  private struct Score {
    var semantic = 0.0
    var keyword = 0.0
    var fused = 0.0
    /// The nearest passage by meaning.
    var nearest: Candidate?

    mutating func note(_ candidate: Candidate, semantic: Double) {
      self.semantic = semantic
      nearest = candidate
    }
  }

  /// How many candidates each list contributes. The fused best can only be missed when it is in
  /// neither list's best.
  private static func depth(_ limit: Int) -> Int { max(200, 10 * limit) }

  private func scores(
    _ request: RetrievalRequest, _ scope: Scope, _ searcher: any MemorySearcher
  ) throws -> [MemoryKey: Score] {
    let depth = Self.depth(request.limit)
    var scores = [MemoryKey: Score](minimumCapacity: depth)
    if request.strategy != .keyword, let vector = request.vector {
      for candidate in try searcher.nearest(
        to: vector, count: depth, in: scope, request.filter)
      {
        add(candidate, to: &scores)
      }
    }
    if request.strategy != .semantic {
      let matches = try searcher.matching(request.query, in: scope, request.filter)
      let best = matches.first?.score ?? 0
      for (position, match) in matches.enumerated() where best > 0 {
        guard position < depth || scores[match.key] != nil else { continue }
        scores[match.key, default: Score()].keyword = match.score / best
      }
      if request.strategy == .hybrid, let vector = request.vector {
        // Words may find a memory that is not among the nearest; its similarity counts all the same.
        let missing = matches.prefix(depth).map(\.key).filter { scores[$0]?.nearest == nil }
        for candidate in try searcher.similarities(of: missing, to: vector, in: scope) {
          add(candidate, to: &scores)
        }
      }
    }
    let weights = effectiveWeights(request)
    return scores.mapValues { score in
      var score = score
      score.fused = weights.semantic * score.semantic + weights.keyword * score.keyword
      return score
    }
  }

  /// Notes how near a memory is.
  private func add(_ candidate: Candidate, to scores: inout [MemoryKey: Score]) {
    let penalty = weights.passagePenalty * log2(Double(candidate.passageCount))
    scores[candidate.key, default: Score()].note(
      candidate, semantic: min(1, max(0, candidate.score - penalty)))
  }

  /// How much text a search reads again to find where in long memories the words stand.
  private static let charactersOfSpans = 200_000

  /// Where in a long memory that was found by word alone most of the query's words stand; nil once
  /// the budget is used up.
  private func wordSpan(
    _ query: String, in memory: Memory, _ scope: Scope, _ searcher: any MemorySearcher,
    _ budget: inout Int
  ) throws -> TextSpan? {
    let length = memory.content.utf8.count
    guard length > Limits.excerptLength, length <= budget else { return nil }
    budget -= length
    let pieces = TextWindows.of(memory.content, length: Limits.excerptLength / 2)
    guard pieces.count > 1 else { return nil }
    let coverage = try searcher.coverage(of: query, by: pieces.map(\.text), in: scope.wholeUser)
    guard let best = coverage.indices.max(by: { coverage[$0] < coverage[$1] }),
      coverage[best] > 0
    else { return nil }
    return pieces[best].span
  }

  /// With one list alone its score is the relevance, so that 1 stays the best there is.
  private func effectiveWeights(_ request: RetrievalRequest) -> RelevanceWeights {
    var weights = weights
    switch request.strategy {
    case .hybrid where request.vector != nil: break
    case .semantic: (weights.semantic, weights.keyword) = (1, 0)
    case .hybrid, .keyword: (weights.semantic, weights.keyword) = (0, 1)
    }
    return weights
  }

  private func factors(
    _ score: Score, _ memory: Memory, _ scope: Scope, _ now: Timestamp
  ) -> RelevanceFactors {
    let month = 30.0 * 24 * 3600
    let age = max(0, now.seconds(since: memory.time))
    let accesses = Double(memory.accessCount)
    return RelevanceFactors(
      semantic: score.semantic, keyword: score.keyword, recency: exp2(-age / month),
      frequency: accesses / (accesses + 10), importance: memory.importance,
      session: scope.session != nil && memory.session == scope.session ? 1 : 0)
  }
}
