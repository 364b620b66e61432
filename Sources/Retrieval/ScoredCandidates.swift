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
  private(set) var scores: [Score] = []
  /// Where the score of each is; behind them those that stand beside candidates and are none.
  private var positions = KeyTable()
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

  private mutating func add(_ words: [Candidate]) {
    bestKeyword = words.first?.score ?? 0
    scores.reserveCapacity(2 * words.count)
    positions = KeyTable(capacity: 4 * words.count)
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
    let (position, isNew) = positions.insert(key.rawValue)
    if isNew { scores.append(Score(key: key)) }
    return position
  }

  private func similarity(_ candidate: Candidate) -> Double {
    let passages = candidate.passageCount
    let penalty = passages == 1 ? 0 : weights.passagePenalty * log2(Double(passages))
    return min(1, max(0, candidate.score - penalty))
  }

  /// Finds how near those are that were found by word, and the neighbours of all.
  private mutating func addNeighbors(
    _ places: [MemoryPlace?], _ vector: [Float], _ scope: Scope, _ searcher: any MemorySearcher
  ) throws {
    var asked: [MemoryKey] = []
    asked.reserveCapacity(3 * scores.count)
    for score in scores where score.nearest == nil { asked.append(score.key) }
    var beside: [(previous: Int?, next: Int?)] = []
    beside.reserveCapacity(places.count)
    for place in places {
      beside.append(
        (position(beside: place?.previous, &asked), position(beside: place?.next, &asked)))
    }
    var around = [Double](repeating: 0, count: positions.count - scores.count)
    for candidate in try searcher.similarities(of: asked, to: vector, in: scope) {
      guard let position = positions[candidate.key.rawValue] else { continue }
      if position < scores.count {
        scores[position].similarity = similarity(candidate)
        scores[position].nearest = candidate
      } else {
        around[position - scores.count] = similarity(candidate)
      }
    }
    for position in scores.indices {
      let own = scores[position].similarity
      let previous = beside[position].previous.map { similarity(at: $0, around) }
      let next = beside[position].next.map { similarity(at: $0, around) }
      let best = if let previous, let next { max(previous, next) } else { previous ?? next }
      let neighbor = best ?? Self.usualNeighbor * own
      scores[position].semantic = (own + weights.neighbor * neighbor) / (1 + weights.neighbor)
    }
  }

  private func similarity(at position: Int, _ around: [Double]) -> Double {
    position < scores.count ? scores[position].similarity : around[position - scores.count]
  }

  /// Where one stands that is beside a candidate; it is asked for when it is new.
  private mutating func position(beside key: MemoryKey?, _ asked: inout [MemoryKey]) -> Int? {
    guard let key else { return nil }
    let (position, isNew) = positions.insert(key.rawValue)
    if isNew { asked.append(key) }
    return position
  }

  private mutating func fuse(_ places: [MemoryPlace?]) {
    let (meaning, words, conversation) = shares
    let holdsWords = request.effectiveStrategy != .semantic
    for position in scores.indices {
      var score = scores[position]
      if let place = places[position] {
        if holdsWords { score.keyword = place.keyword }
        score.conversation = place.coverage
        score.questionShare = place.questionShare
      }
      let own = meaning * score.semantic + words * score.keyword
      let said = own * (1 - weights.question * score.questionShare)
      score.relevance = min(1, (said + conversation * score.conversation) / (1 + conversation))
      scores[position] = score
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
