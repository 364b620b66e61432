import Foundation
internal import Records

/// How well a memory fits a query, before anything is known of it but where it stands.
struct Score {
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
  private var scores: [MemoryKey: Score] = [:]
  private(set) var bestSimilarity = 0.0
  private(set) var bestKeyword = 0.0

  /// A memory that stands alone has no neighbour to count with it. For it stands what is usual: the
  /// better neighbour of a near turn is 0.7 times as near (the median over LoCoMo).
  private static let usualNeighbor = 0.7

  init(
    _ request: RetrievalRequest, _ scope: Scope, _ searcher: any MemorySearcher,
    _ weights: RelevanceWeights
  ) throws {
    self.request = request
    self.weights = weights
    // Those found by meaning alone need to know their neighbours as well.
    let words = try searcher.matching(request.query, in: scope, request.filter)
    if request.effectiveStrategy != .semantic { add(words) }
    if let vector = request.vector, request.effectiveStrategy != .keyword {
      try addNearest(to: vector, scope, searcher)
    }
    let places = words.places(Array(scores.keys))
    if let vector = request.vector, request.effectiveStrategy != .keyword {
      try addNeighbors(places, vector, scope, searcher)
    }
    fuse(places)
  }

  /// The best first, then the newer.
  var ordered: [(key: MemoryKey, score: Score)] {
    scores.map { (key: $0.key, score: $0.value) }.sorted {
      $0.score.relevance != $1.score.relevance
        ? $0.score.relevance > $1.score.relevance : $0.key.rawValue > $1.key.rawValue
    }
  }

  /// How many candidates each list contributes. The fused best can only be missed when it is in
  /// neither list's best.
  private var depth: Int { max(200, 10 * request.limit) }

  private mutating func add(_ words: WordMatches) {
    bestKeyword = words.candidates.first?.score ?? 0
    // Whoever asks for words means memories that hold one.
    let wanted =
      request.strategy == .keyword ? words.candidates.filter(\.holdsWord) : words.candidates
    for match in wanted.prefix(depth) {
      scores[match.key, default: Score()].keyword = match.score
    }
  }

  private mutating func addNearest(
    to vector: [Float], _ scope: Scope, _ searcher: any MemorySearcher
  ) throws {
    let nearest = try searcher.nearest(to: vector, count: depth, in: scope, request.filter)
    for candidate in nearest { note(candidate) }
    bestSimilarity = nearest.first.map(similarity) ?? 0
  }

  /// Notes how near a memory is.
  private mutating func note(_ candidate: Candidate) {
    scores[candidate.key, default: Score()].similarity = similarity(candidate)
    scores[candidate.key]?.nearest = candidate
  }

  private func similarity(_ candidate: Candidate) -> Double {
    let penalty = weights.passagePenalty * log2(Double(candidate.passageCount))
    return min(1, max(0, candidate.score - penalty))
  }

  /// Finds how near those are that were found by word, and the neighbours of all.
  private mutating func addNeighbors(
    _ places: [MemoryKey: MemoryPlace], _ vector: [Float], _ scope: Scope,
    _ searcher: any MemorySearcher
  ) throws {
    var missing = Set(scores.filter { $0.value.nearest == nil }.keys)
    for place in places.values {
      for neighbor in [place.previous, place.next] {
        if let neighbor, scores[neighbor]?.nearest == nil { missing.insert(neighbor) }
      }
    }
    var around: [MemoryKey: Double] = [:]
    for candidate in try searcher.similarities(of: Array(missing), to: vector, in: scope) {
      if scores[candidate.key] != nil {
        note(candidate)
      } else {
        around[candidate.key] = similarity(candidate)
      }
    }
    for key in scores.keys {
      let place = places[key]
      let own = scores[key]?.similarity ?? 0
      let beside = [place?.previous, place?.next].compactMap { neighbor in
        neighbor.map { scores[$0]?.similarity ?? around[$0] ?? 0 }
      }
      let neighbor = beside.max() ?? Self.usualNeighbor * own
      scores[key]?.semantic = (own + weights.neighbor * neighbor) / (1 + weights.neighbor)
    }
  }

  private mutating func fuse(_ places: [MemoryKey: MemoryPlace]) {
    let (meaning, words, conversation) = shares
    for key in scores.keys {
      guard var score = scores[key] else { continue }
      score.conversation = places[key]?.coverage ?? 0
      score.questionShare = places[key]?.questionShare ?? 0
      let own = meaning * score.semantic + words * score.keyword
      let said = own * (1 - weights.question * score.questionShare)
      score.relevance = min(
        1, (said + conversation * score.conversation) / (1 + conversation))
      scores[key] = score
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
