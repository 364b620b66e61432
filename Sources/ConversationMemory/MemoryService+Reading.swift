package import Records
internal import Retrieval

extension MemoryService {
  /// What a search asks for.
  package struct Search: Sendable {
    package var query: String
    package var strategy: RetrievalStrategy
    package var filter: MemoryFilter
    package var limit: Int
    package var minimumRelevance: RelevanceThreshold

    package init(
      query: String, strategy: RetrievalStrategy = .hybrid, filter: MemoryFilter = MemoryFilter(),
      limit: Int = Limits.defaultSearchCount, minimumRelevance: RelevanceThreshold = .none
    ) {
      self.query = query
      self.strategy = strategy
      self.filter = filter
      self.limit = limit
      self.minimumRelevance = minimumRelevance
    }
  }

  /// Finds memories in a user's scope, or in one session of it, also an expired one.
  ///
  /// - Throws: `invalid_argument`, `not_found`, `unavailable` for a semantic search without a model.
  package func search(
    _ request: Search, caller: Caller, user: UserID?, session: SessionID?
  ) throws -> RetrievalResult {
    let (result, now, _) = try search(request, caller, user, session) { _, _ in }
    touches.touch(result.hits.map(\.memory.id), session, at: now)
    return result
  }

  /// What a search finds, and what holds whatever is asked.
  package struct Recollection: Sendable {
    package let hits: [Hit]
    /// The user's memories of certain types, the most important first, the newest of equals; no more
    /// than hits were asked for.
    package let pinned: [Memory]
  }

  /// Finds memories, and reads those of the user's that are of certain types, all of one moment. Which
  /// of them are shown the caller knows: `noteShown` counts them.
  ///
  /// - Throws: as `search`.
  package func recall(
    _ request: Search, pinned types: [String], caller: Caller, user: UserID?, session: SessionID?
  ) throws -> Recollection {
    let (found, _, pinned) = try search(request, caller, user, session) { scope, reader in
      try reader.mostImportant(ofTypes: types, in: scope.wholeUser, limit: request.limit)
    }
    return Recollection(hits: found.hits, pinned: pinned)
  }

  /// Counts that memories were shown, and that their session was looked into.
  package func noteShown(_ ids: [MemoryID], session: SessionID?) {
    touches.touch(ids, session, at: clock())
  }

  private func search<R>(
    _ request: Search, _ caller: Caller, _ user: UserID?, _ session: SessionID?,
    reading: (Scope, any MemoryReader) throws -> R
  ) throws -> (result: RetrievalResult, at: Timestamp, read: R) {
    let query = try Validation.query(request.query, field: "query")
    try Validation.pageSize(request.limit)
    if case .value(let minimum) = request.minimumRelevance, !(0...1).contains(minimum) {
      throw ServiceError.invalid("min_relevance", "must be from 0 to 1, or auto")
    }
    let embedded =
      request.strategy == .keyword
      ? nil : try embedding.embed(query: query, of: try asker(caller, user, session))
    if request.strategy == .semantic, embedded == nil {
      throw ServiceError(
        .unavailable,
        "There is no embedding model yet: run `recollect model install`, or search by keyword.",
        field: "strategy")
    }
    let now = clock()
    let (result, read) = try backend.search { searcher in
      let scope = try Self.scope(caller, user, session, rules, searcher.records)
      try embedded?.check(against: try searcher.records.storedEmbedder())
      let result = try retrieval.search(
        RetrievalRequest(
          query: query, vector: embedded?.values.first, embedder: embedded?.identity.name,
          strategy: request.strategy, filter: request.filter, limit: request.limit,
          minimumRelevance: request.minimumRelevance, now: now),
        in: scope, searcher)
      return (result, try reading(scope, searcher.records))
    }
    return (result, now, read)
  }

  /// In whose scope a search looks. Only a session has to be looked up for that.
  private func asker(
    _ caller: Caller, _ user: UserID?, _ session: SessionID?
  ) throws -> UserID {
    guard session != nil else { return try Authority.scope(of: user, for: caller).user }
    return try backend.read { try Self.scope(caller, user, session, rules, $0).user }
  }

  /// The memories with these ids, whole, in the order asked, and the ids that the caller has none of.
  package func memories(
    _ ids: [MemoryID], caller: Caller, user: UserID?
  ) throws -> (found: [Memory], missing: [MemoryID]) {
    guard Limits.idsPerCall.contains(ids.count) else {
      throw ServiceError.invalid(
        "memory_ids",
        "must name \(Limits.idsPerCall.lowerBound) to \(Limits.idsPerCall.upperBound) memories")
    }
    return try backend.read { reader in
      var found: [Memory] = []
      var missing: [MemoryID] = []
      for id in ids {
        let scope = try Authority.resolve(id, for: caller, user: user, owner: reader.owner(of:))
        if let scope, let memory = try reader.memories([id], in: scope)[id] {
          found.append(memory)
        } else {
          missing.append(id)
        }
      }
      return (found, missing)
    }
  }

  /// Memories of a user's scope, or of one session of it, newest first.
  package func list(
    caller: Caller, user: UserID?, session: SessionID?, _ page: MemoryPage
  ) throws -> RecordPage<Memory> {
    try Validation.pageSize(page.limit)
    return try backend.read { reader in
      let scope = try Self.scope(caller, user, session, rules, reader)
      return try reader.memories(in: scope, page)
    }
  }
}
