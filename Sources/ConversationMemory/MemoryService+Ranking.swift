package import Records
internal import Retrieval

extension MemoryService {
  /// A question whose ranking is to be measured.
  package struct RankingRequest: Sendable {
    package let query: String
    package let user: UserID
    package let session: SessionID?
    /// How many memories at most.
    package let count: Int

    package init(query: String, user: UserID, session: SessionID?, count: Int) {
      self.query = query
      self.user = user
      self.session = session
      self.count = count
    }
  }

  /// One way to rank.
  package struct RankingMethod: Hashable, Sendable {
    package let strategy: RetrievalStrategy
    /// How much each factor counts; nil for what the service does anyway.
    package let weights: RelevanceWeights?
    package let minimumRelevance: RelevanceThreshold

    package init(
      _ strategy: RetrievalStrategy, weights: RelevanceWeights? = nil,
      minimumRelevance: RelevanceThreshold = .none
    ) {
      self.strategy = strategy
      self.weights = weights
      self.minimumRelevance = minimumRelevance
    }
  }

  /// The rankings of questions by each method: `[question][method]`, best first.
  ///
  /// What `search` would find, for measuring: deeper than a page may be, all questions as of one
  /// moment, each embedded once for all strategies, and nothing is touched.
  ///
  /// - Throws: `invalid_argument`, `not_found`, `unavailable` when a strategy needs a model and there
  ///   is none (a hybrid search without one would be a keyword search under another name).
  package func rank(
    _ requests: [RankingRequest], by methods: [RankingMethod], caller: Caller
  ) throws -> [[[MemoryID]]] {
    let queries = try requests.map { try Validation.query($0.query, field: "question") }
    let needsVectors = methods.contains { $0.strategy != .keyword }
    let distinct = Array(Set(queries))
    let embedded = needsVectors ? try embedding.embed(distinct) : nil
    let places = Dictionary(uniqueKeysWithValues: zip(distinct, distinct.indices))
    guard !needsVectors || embedded != nil else {
      throw ServiceError(
        .unavailable,
        "There is no embedding model yet: run `recollect model install`, or rank by keyword.",
        field: "strategy")
    }
    let now = clock()
    return try backend.search { searcher in
      try embedded?.check(against: try searcher.records.storedEmbedder())
      return try requests.indices.map { position in
        let request = requests[position]
        let scope = try Self.scope(caller, request.user, request.session, rules, searcher.records)
        return try methods.map { method in
          let retrieval = method.weights.map { HybridRetrieval(weights: $0) } ?? retrieval
          return try retrieval.search(
            RetrievalRequest(
              query: queries[position],
              vector: places[queries[position]].flatMap { embedded?.values[$0] },
              embedder: embedded?.identity.name,
              strategy: method.strategy, limit: request.count,
              minimumRelevance: method.minimumRelevance,
              now: now),
            in: scope, searcher
          ).hits.map(\.memory.id)
        }
      }
    }
  }
}
