import Foundation
internal import Records

/// Chooses the hits of a search from its candidates, the best first.
struct Selection {
  private let request: RetrievalRequest
  private let scope: Scope
  private let weights: RelevanceWeights
  private let times: [TimeExpression]
  private var chosen: [(hit: Hit, key: MemoryKey, nearest: Candidate?)] = []
  private var said: Set<String> = []
  private var belowRelevance = 0
  private var collapsed = 0

  init(_ request: RetrievalRequest, _ scope: Scope, _ weights: RelevanceWeights) {
    self.request = request
    self.scope = scope
    self.weights = weights
    times = weights.time > 0 ? TimeExpression.all(in: request.query, at: request.now) : []
  }

  var isFull: Bool { chosen.count + belowRelevance >= request.limit }

  /// How many candidates are weighed against each other: what is known of a memory itself moves its
  /// relevance by some per cent, which may lift it over a few that fit better.
  var batch: Int { max(2 * request.limit, request.limit + 10) }

  /// Weighs candidates by what is known of them and takes those that are wanted.
  mutating func take(
    _ candidates: ArraySlice<(key: MemoryKey, score: Score)>, _ records: [MemoryKey: Memory]
  ) throws {
    var weighed: [(key: MemoryKey, score: Score, memory: Memory, factors: RelevanceFactors)] = []
    for (key, score) in candidates {
      // Index and records are of one moment: a hit without a record is damage, not fewer hits.
      guard let memory = records[key] else {
        throw ServiceError(.internal, "The index names a memory that the database does not have.")
      }
      weighed.append((key, score, memory, factors(score, memory)))
    }
    let ranked = weighed.map { (entry: $0, relevance: relevance($0.score, $0.memory, $0.factors)) }
      .sorted {
        $0.relevance != $1.relevance
          ? $0.relevance > $1.relevance : $0.entry.key.rawValue > $1.entry.key.rawValue
      }
    for (entry, relevance) in ranked where !isFull {
      // The gate comes before decay: a memory is not irrelevant for being old.
      if case .value(let minimum) = request.minimumRelevance, entry.score.relevance < minimum {
        belowRelevance += 1
      } else if !said.insert(Self.words(of: entry.memory.content)).inserted {
        collapsed += 1
      } else {
        let hit = Hit(
          memory: entry.memory, relevance: relevance, factors: entry.factors,
          similarity: entry.score.nearest.map(\.score))
        chosen.append((hit, entry.key, entry.score.nearest))
      }
    }
  }

  /// The hits, with the parts that bear on the query.
  func result(_ searcher: any MemorySearcher) throws -> RetrievalResult {
    let spans = try searcher.spans(of: chosen.compactMap(\.nearest), in: scope)
    var budget = Self.charactersOfSpans
    var ranked = chosen
    // Later batches may hold what is weighed above the last of an earlier one.
    ranked.sort {
      $0.hit.relevance != $1.hit.relevance
        ? $0.hit.relevance > $1.hit.relevance : $0.key.rawValue > $1.key.rawValue
    }
    let hits = try ranked.map { entry in
      var hit = entry.hit
      hit.span = try spans[entry.key] ?? wordSpan(in: hit.memory, searcher, &budget)
      return hit
    }
    return RetrievalResult(hits: hits, belowRelevance: belowRelevance, collapsed: collapsed)
  }

  // MARK: Relevance

  private func relevance(
    _ score: Score, _ memory: Memory, _ factors: RelevanceFactors
  ) -> Double {
    let gain =
      weights.recency * factors.recency + weights.importance * (2 * factors.importance - 1)
      + weights.frequency * factors.frequency + weights.session * factors.session
      + weights.time * factors.time - (memory.isGenerated ? weights.generated : 0)
    return min(1, max(0, score.relevance * (1 + gain)))
  }

  private func factors(_ score: Score, _ memory: Memory) -> RelevanceFactors {
    let age = max(0, request.now.seconds(since: memory.time)) / 86_400
    let accesses = Double(memory.accessCount)
    return RelevanceFactors(
      semantic: score.semantic, keyword: score.keyword, conversation: score.conversation,
      statement: 1 - score.questionShare,
      time: times.map { $0.nearness(of: memory.time) }.max() ?? 0,
      recency: exp2(-age / weights.halfLife), frequency: accesses / (accesses + 10),
      importance: memory.importance,
      session: scope.session != nil && memory.session == scope.session ? 1 : 0)
  }

  // MARK: Near-duplicates

  /// Of two memories with the same words in the same order the worse is left out, whatever their
  /// letters' case and their punctuation; nothing less: "Thursday at ten" is not "Friday at nine".
  private static func words(of content: String) -> String {
    let words = content.lowercased().split { !$0.isLetter && !$0.isNumber }
    return words.isEmpty ? content : words.joined(separator: " ")
  }

  // MARK: Spans

  /// How much text a search reads again to find where in long memories the words stand.
  private static let charactersOfSpans = 200_000

  /// Where in a long memory that was found by word alone most of the query's words stand; nil once
  /// the budget is used up.
  private func wordSpan(
    in memory: Memory, _ searcher: any MemorySearcher, _ budget: inout Int
  ) throws -> TextSpan? {
    let length = memory.content.utf8.count
    guard length > Limits.excerptLength, length <= budget else { return nil }
    budget -= length
    let pieces = TextWindows.of(memory.content, length: Limits.excerptLength / 2)
    guard pieces.count > 1 else { return nil }
    let coverage = try searcher.coverage(
      of: request.query, by: pieces.map(\.text), in: scope.wholeUser)
    guard let best = coverage.indices.max(by: { coverage[$0] < coverage[$1] }),
      coverage[best] > 0
    else { return nil }
    return pieces[best].span
  }
}
