import Foundation
internal import Records

/// Chooses the hits of a search from its candidates, the best first.
struct Selection {
  private let request: RetrievalRequest
  private let scope: Scope
  private let weights: RelevanceWeights
  private let times: [TimeExpression]
  private var chosen: [(hit: Hit, key: MemoryKey, nearest: Candidate?)] = []
  /// Where each text stands among those chosen.
  private var said: [String: Int] = [:]
  private let belowRelevance: Int
  private var collapsed = 0

  /// - Parameter belowRelevance: how many of those wanted the gate has left out.
  init(
    _ request: RetrievalRequest, _ scope: Scope, _ weights: RelevanceWeights, belowRelevance: Int
  ) {
    self.request = request
    self.scope = scope
    self.weights = weights
    self.belowRelevance = belowRelevance
    times = weights.time > 0 ? TimeExpression.all(in: request.query, at: request.now) : []
  }

  var isFull: Bool { chosen.count >= request.limit }
  /// Whether anything was left out because a better one says the same.
  var hasCollapsed: Bool { collapsed > 0 }

  /// How many candidates are weighed against each other: what is known of a memory itself moves its
  /// relevance by some per cent, which may lift it over a few that fit better, and over more when the
  /// query names a time.
  var batch: Int { (times.isEmpty ? 1 : 3) * request.limit + max(3, request.limit / 2) }

  /// Weighs candidates by what is known of them and takes those that are wanted.
  mutating func take(
    _ candidates: [Score], _ records: [MemoryKey: Memory]
  ) throws {
    var weighed: [(hit: Hit, score: Score)] = []
    for score in candidates {
      // Index and records are of one moment: a hit without a record is damage, not fewer hits.
      guard let memory = records[score.key] else {
        throw ServiceError(.internal, "The index names a memory that the database does not have.")
      }
      let factors = factors(score, memory)
      let hit = Hit(
        memory: memory, relevance: relevance(score, memory, factors), factors: factors,
        similarity: score.nearest.map(\.score))
      weighed.append((hit, score))
    }
    let order = weighed.indices.sorted { a, b in
      Self.isBetter(
        (weighed[a].hit, weighed[a].score.key), (weighed[b].hit, weighed[b].score.key))
    }
    for position in order where !isFull {
      let (hit, score) = weighed[position]
      let words = Self.words(of: hit.memory.content)
      guard let same = said[words] else {
        said[words] = chosen.count
        chosen.append((hit, score.key, score.nearest))
        continue
      }
      collapsed += 1
      // A later batch may hold what is weighed above it.
      if Self.isBetter((hit, score.key), (chosen[same].hit, chosen[same].key)) {
        chosen[same] = (hit, score.key, score.nearest)
      }
    }
  }

  /// The more relevant, then the newer.
  private static func isBetter(_ a: (hit: Hit, key: MemoryKey), _ b: (hit: Hit, key: MemoryKey))
    -> Bool
  {
    a.hit.relevance != b.hit.relevance
      ? a.hit.relevance > b.hit.relevance : a.key.rawValue > b.key.rawValue
  }

  /// The hits, with the parts that bear on the query.
  func result(_ searcher: any MemorySearcher) throws -> RetrievalResult {
    // One passage is all of a memory, which need not be asked for.
    let spans = try searcher.spans(
      of: chosen.compactMap(\.nearest).filter { $0.passageCount > 1 }, in: scope)
    var ranked = chosen
    // Later batches may hold what is weighed above the last of an earlier one.
    ranked.sort { Self.isBetter(($0.hit, $0.key), ($1.hit, $1.key)) }
    var hits = ranked.map { entry in
      var hit = entry.hit
      hit.span =
        entry.nearest?.passageCount == 1
        ? TextSpan(start: 0, end: hit.memory.content.unicodeScalars.count) : spans[entry.key]
      return hit
    }
    try addWordSpans(to: &hits, searcher)
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

  /// Of two memories with the same words in the same order the worse is left out, whatever the case of
  /// their letters and the punctuation around words; nothing less: "Thursday at ten" is not "Friday at
  /// nine", C++ is not C#, and -5 is not 5.
  private static func words(of content: String) -> String {
    let lower = Array(content.lowercased().utf8)
    let text = lower.span
    var words: [UInt8] = []
    words.reserveCapacity(text.count)
    var position = 0
    while position < text.count {
      var first = position
      while position < text.count, text[position] > 0x20 { position += 1 }
      var end = position
      position += 1
      while first < end, isPunctuation(text[first]) { first += 1 }
      while first < end, isPunctuation(text[end - 1]) { end -= 1 }
      guard first < end else { continue }
      if !words.isEmpty { words.append(UInt8(ascii: " ")) }
      for place in first..<end { words.append(text[place]) }
    }
    return words.isEmpty ? content : String(decoding: words, as: UTF8.self)
  }

  private static func isPunctuation(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "."), UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: ":"),
      UInt8(ascii: "!"), UInt8(ascii: "?"), UInt8(ascii: "\""), UInt8(ascii: "'"),
      UInt8(ascii: "("), UInt8(ascii: ")"):
      true
    default: false
    }
  }

  // MARK: Spans

  /// How much text a search reads again to find where in long memories the words stand.
  private static let charactersOfSpans = 200_000

  /// Finds where in long memories that were found by word alone most of the query's words stand, until
  /// the budget is used up.
  private func addWordSpans(to hits: inout [Hit], _ searcher: any MemorySearcher) throws {
    var budget = Self.charactersOfSpans
    var pieces: [(hit: Int, text: String, span: TextSpan)] = []
    for (position, hit) in hits.enumerated() where hit.span == nil {
      let length = hit.memory.content.utf8.count
      guard length > Limits.excerptLength, length <= budget else { continue }
      budget -= length
      let windows = TextWindows.of(hit.memory.content, length: Limits.excerptLength / 2)
      guard windows.count > 1 else { continue }
      pieces += windows.map { (position, $0.text, $0.span) }
    }
    guard !pieces.isEmpty else { return }
    // All at once: how rare the words are takes a look at the whole scope.
    let coverage = try searcher.coverage(
      of: request.query, by: pieces.map(\.text), in: scope)
    var best = [Double](repeating: 0, count: hits.count)
    for (piece, share) in zip(pieces, coverage) where share > best[piece.hit] {
      best[piece.hit] = share
      hits[piece.hit].span = piece.span
    }
  }
}
