internal import ConversationMemory
internal import Records
internal import Retrieval

extension QuestionAnswering {
  /// What an answer may rest on.
  struct Found {
    var hits: [Hit] = []
    /// Of the hits, where quotes are wanted.
    var passages: [ExtractiveAnswer.Passage] = []
    /// Whether they are likely to answer, where that is known.
    var isLikely: Bool?
  }

  /// Finds what to answer from. What was made by answering earlier questions is left out: an answer
  /// rests on what somebody said.
  func find(
    _ question: Question, _ text: String, _ embedded: Embedded<[Float]>?,
    passages needsPassages: Bool, _ caller: Caller, _ user: UserID?, _ session: SessionID?
  ) throws -> Found {
    let now = clock()
    let vector = embedded?.values.first
    let limit = question.maximumContextItems
    return try backend.search { searcher in
      let scope = try MemoryService.scope(caller, user, session, rules, searcher.records)
      try embedded?.check(against: try searcher.records.storedEmbedder())
      var hits: [Hit] = []
      for place in Self.places(scope, question.memoryScope) {
        let request = RetrievalRequest(
          query: text, vector: vector, embedder: embedded?.identity.name,
          limit: Limits.pageSize.upperBound, now: now)
        let found = try retrieval.search(request, in: place, searcher).hits
        let known = Set(hits.map(\.memory.id))
        hits += found.filter { !$0.memory.isGenerated && !known.contains($0.memory.id) }
          .prefix(limit)
      }
      hits = Self.best(hits, limit, askedIn: scope)
      guard needsPassages else { return Found(hits: hits) }
      var passages = ExtractiveAnswer.passages(of: hits, hasVectors: vector != nil)
      let coverage = try searcher.coverage(
        of: text, by: passages.map(\.text), in: scope.wholeUser)
      for position in passages.indices { passages[position].coverage = coverage[position] }
      let isLikely = try self.isLikely(
        text, hits.filter { hit in passages.contains { $0.hit.memory.id == hit.memory.id } },
        embedded, scope, searcher)
      return Found(
        hits: hits, passages: ExtractiveAnswer.promising(passages), isLikely: isLikely)
    }
  }

  /// Whether hits that have something to quote are likely to answer; nil where the passages have to tell,
  /// as where vectors are still to be made.
  private func isLikely(
    _ text: String, _ hits: [Hit], _ embedded: Embedded<[Float]>?, _ scope: Scope,
    _ searcher: any MemorySearcher
  ) throws -> Bool? {
    guard let embedded, hits.allSatisfy({ $0.similarity != nil }) else { return nil }
    return try retrieval.answers(
      text, hits, embedder: embedded.identity.name, in: scope, searcher)
  }

  /// Embeds the passages that are only a part of their memory.
  func addSimilarities(
    to vector: [Float], _ passages: inout [ExtractiveAnswer.Passage]
  ) throws {
    let missing = passages.indices.filter { passages[$0].semantic == nil }
    guard !missing.isEmpty,
      let embedded = try embedding.embed(missing.map { passages[$0].text })
    else { return }
    for (position, other) in zip(missing, embedded.values) {
      let product = zip(other, vector).reduce(0) { $0 + $1.0 * $1.1 }
      passages[position].semantic = Double(product)
    }
  }

  /// The best hits of all places; the session that was asked in has a small start.
  private static func best(_ hits: [Hit], _ limit: Int, askedIn scope: Scope) -> [Hit] {
    func rank(_ hit: Hit) -> Double {
      let isNear = scope.session != nil && hit.memory.session == scope.session
      return hit.relevance + (isNear ? 0.1 : 0)
    }
    return Array(
      hits.enumerated().sorted {
        rank($0.element) != rank($1.element)
          ? rank($0.element) > rank($1.element) : $0.offset < $1.offset
      }.map(\.element).prefix(limit))
  }

  private static func places(_ scope: Scope, _ memoryScope: MemoryScope) -> [Scope] {
    guard scope.session != nil else { return [scope] }
    switch memoryScope {
    case .session: return [scope]
    case .user: return [scope.wholeUser]
    case .sessionThenUser: return [scope, scope.wholeUser]
    }
  }
}
