import Foundation
internal import Records

/// How well a memory fits a query, before anything is known of it but where it stands.
struct Score {
  let key: MemoryKey
  /// The cosine of its nearest passage, less what several passages cost, nothing below 0.
  var similarity = 0.0
  /// The same with its neighbours.
  var semantic = 0.0
  var keyword = 0.0
  var conversation = 0.0
  var questionShare = 0.0
  /// 0 to 1.
  var relevance = 0.0
  /// The nearest passage by meaning.
  var nearest: Candidate?
}

/// The memories that a query may mean, with their scores.
struct ScoredCandidates {
  private let request: RetrievalRequest
  private let weights: RelevanceWeights
  private var scores: [Score] = []
  /// Where the score of each is.
  private var positions: [MemoryKey: Int] = [:]
  private(set) var bestSimilarity = 0.0
  private(set) var bestKeyword = 0.0
  /// Whether there may be more than were taken.
  private(set) var isCut = false
  /// How many candidates each list contributes. The fused best can only be missed when it is in
  /// neither list's best.
  let depth: Int

  /// A memory that stands alone has no neighbour to count with it. For it stands what is usual: the
  /// better neighbour of a near turn is 0.7 times as near (the median over LoCoMo).
  private static let usualNeighbor = 0.7

  /// - Parameter widening: so many times as many candidates as usual.
  init(
    _ request: RetrievalRequest, _ scope: Scope, _ searcher: any MemorySearcher,
    _ weights: RelevanceWeights, widening: Int = 1
  ) throws {
    self.request = request
    self.weights = weights
    depth = widening * max(200, 10 * request.limit)
    let strategy = request.effectiveStrategy
    // Those found by meaning alone need to know their neighbours as well. Whoever asks for words
    // means memories that hold one.
    let words = try searcher.matching(
      request.query, count: strategy == .semantic ? 0 : depth,
      holdingWords: request.strategy == .keyword, in: scope, request.filter)
    add(words.candidates)
    if let vector = request.vector, strategy != .keyword {
      try addNearest(to: vector, scope, searcher)
    }
    let places = words.places(scores.map(\.key))
    if let vector = request.vector, strategy != .keyword {
      try addNeighbors(places, vector, scope, searcher)
    }
    fuse(places)
  }

  /// The best first, then the newer.
  var ordered: [Score] {
    scores.indices.sorted { a, b in
      scores[a].relevance != scores[b].relevance
        ? scores[a].relevance > scores[b].relevance
        : scores[a].key.rawValue > scores[b].key.rawValue
    }.map { scores[$0] }
  }

  private mutating func add(_ words: [Candidate]) {
    bestKeyword = words.first?.score ?? 0
    scores.reserveCapacity(2 * words.count)
    positions.reserveCapacity(2 * words.count)
    for match in words { _ = position(of: match.key) }
    isCut = words.count == depth
  }

  private mutating func addNearest(
    to vector: [Float], _ scope: Scope, _ searcher: any MemorySearcher
  ) throws {
    let nearest = try searcher.nearest(to: vector, count: depth, in: scope, request.filter)
    for candidate in nearest {
      let position = position(of: candidate.key)
      scores[position].similarity = similarity(candidate)
      scores[position].nearest = candidate
    }
    bestSimilarity = nearest.first.map(similarity) ?? 0
    isCut = isCut || nearest.count == depth
  }

  private mutating func position(of key: MemoryKey) -> Int {
    if let position = positions[key] { return position }
    positions[key] = scores.count
    scores.append(Score(key: key))
    return scores.count - 1
  }

  private func similarity(_ candidate: Candidate) -> Double {
    let penalty = weights.passagePenalty * log2(Double(candidate.passageCount))
    return min(1, max(0, candidate.score - penalty))
  }

  /// Finds how near those are that were found by word, and the neighbours of all.
  private mutating func addNeighbors(
    _ places: [MemoryPlace?], _ vector: [Float], _ scope: Scope, _ searcher: any MemorySearcher
  ) throws {
    var around: [MemoryKey: Double] = [:]
    for score in scores where score.nearest == nil { around[score.key] = 0 }
    for neighbor in places.lazy.flatMap({ [$0?.previous, $0?.next] }) {
      if let neighbor, positions[neighbor] == nil { around[neighbor] = 0 }
    }
    for candidate in try searcher.similarities(of: Array(around.keys), to: vector, in: scope) {
      around[candidate.key] = similarity(candidate)
      if let position = positions[candidate.key] {
        scores[position].similarity = similarity(candidate)
        scores[position].nearest = candidate
      }
    }
    func known(_ key: MemoryKey?) -> Double? {
      key.map { key in positions[key].map { scores[$0].similarity } ?? around[key] ?? 0 }
    }
    for position in scores.indices {
      let own = scores[position].similarity
      let beside = [
        known(places[position]?.previous), known(places[position]?.next),
      ].compactMap { $0 }.max()
      let neighbor = beside ?? Self.usualNeighbor * own
      scores[position].semantic = (own + weights.neighbor * neighbor) / (1 + weights.neighbor)
    }
  }

  private mutating func fuse(_ places: [MemoryPlace?]) {
    let (meaning, words, conversation) = shares
    for position in scores.indices {
      if request.effectiveStrategy != .semantic {
        scores[position].keyword = places[position]?.keyword ?? 0
      }
      scores[position].conversation = places[position]?.coverage ?? 0
      scores[position].questionShare = places[position]?.questionShare ?? 0
      let score = scores[position]
      let own = meaning * score.semantic + words * score.keyword
      let said = own * (1 - weights.question * score.questionShare)
      scores[position].relevance = min(
        1, (said + conversation * score.conversation) / (1 + conversation))
    }
  }

  /// With one list alone its score is the relevance, so that 1 stays the best there is.
  private var shares: (meaning: Double, words: Double, conversation: Double) {
    switch request.effectiveStrategy {
    case .hybrid: (weights.semantic, weights.keyword, weights.conversation)
    case .semantic: (1, 0, 0)
    case .keyword: (0, 1, weights.conversation)
    }
  }
}
