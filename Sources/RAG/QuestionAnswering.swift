package import ConversationMemory
package import Records
package import Retrieval

/// Answers questions from what was remembered, and remembers the exchange.
package struct QuestionAnswering: Sendable {
  private let backend: any MemoryBackend
  private let embedding: TextEmbedding
  private let retrieval: HybridRetrieval
  private let rules: SessionRules
  private let clock: @Sendable () -> Timestamp

  package init(
    backend: any MemoryBackend, embedding: TextEmbedding,
    retrieval: HybridRetrieval = HybridRetrieval(), rules: SessionRules,
    clock: @escaping @Sendable () -> Timestamp = { Timestamp.now() }
  ) {
    self.backend = backend
    self.embedding = embedding
    self.retrieval = retrieval
    self.rules = rules
    self.clock = clock
  }

  /// What an answer may be made of.
  package enum MemoryScope: String, CaseIterable, Sendable, Codable {
    /// The session's memories first, then those of the whole user.
    case sessionThenUser = "session_then_user"
    case session
    case user
  }

  /// What is asked.
  package struct Question: Sendable {
    package var text: String
    package var usesMemory: Bool
    package var maximumContextItems: Int
    package var memoryScope: MemoryScope
    /// Whether the exchange is stored and counted; false for measuring.
    package var isKept: Bool

    package init(
      text: String, usesMemory: Bool = true,
      maximumContextItems: Int = Limits.defaultContextItems,
      memoryScope: MemoryScope = .sessionThenUser, isKept: Bool = true
    ) {
      self.text = text
      self.usesMemory = usesMemory
      self.maximumContextItems = maximumContextItems
      self.memoryScope = memoryScope
      self.isKept = isKept
    }
  }

  /// Where a part of an answer comes from.
  package struct Citation: Hashable, Sendable {
    package let memory: MemoryID
    /// A piece of the memory's content, to the letter.
    package let quote: String
    package let relevance: Double
  }

  /// What was answered.
  package struct Answer: Hashable, Sendable {
    package let text: String
    /// False when what is remembered does not answer the question.
    package let isAnswered: Bool
    package let citations: [Citation]
    package let session: SessionID?
    /// The memory of this exchange.
    package let memory: MemoryID?
    /// Milliseconds of each step.
    package let timings: [String: Double]
  }

  /// The name of the answer model, as replies give it.
  package static let modelName = "extractive"

  /// What an unanswered question gets.
  private static let noAnswer = "Nothing that is remembered answers this."

  /// Answers from the memories of the session and the user.
  ///
  /// An answered question counts as an interaction of its session, and the exchange is stored as a
  /// memory, in one transaction; one that is not answered only moves the session's activity.
  ///
  /// - Throws: `invalid_argument`, `not_found`, `session_expired`, `unavailable`.
  package func ask(
    _ question: Question, caller: Caller, user: UserID?, session: SessionID?
  ) throws -> Answer {
    let text = try Validation.query(question.text, field: "question")
    guard Limits.contextItems.contains(question.maximumContextItems) else {
      throw ServiceError.invalid(
        "max_context_items",
        "must be from \(Limits.contextItems.lowerBound) to \(Limits.contextItems.upperBound)")
    }
    guard question.memoryScope != .session || session != nil else {
      throw ServiceError.invalid("session_id", "is required when memory_scope is session")
    }
    var timer = StepTimer()
    let asker = try backend.read { reader in
      let scope = try MemoryService.scope(caller, user, session, rules, reader)
      if question.isKept {
        _ = try MemoryService.activeSession(in: scope, rules, at: clock(), reader)
      }
      return scope.user
    }
    let embedded = question.usesMemory ? try embedding.embed(query: text, of: asker) : nil
    timer.step("embed_ms")
    let vector = embedded?.values.first
    var (passages, isLikely) =
      question.usesMemory
      ? try self.passages(question, text, vector, embedded, caller, user, session) : ([], false)
    timer.step("retrieve_ms")
    if let vector { try addSimilarities(to: vector, &passages) }
    let reply = ExtractiveAnswer.reply(
      to: text, passages,
      isLikely: isLikely)
    timer.step("answer_ms")
    let memory =
      question.isKept ? try record(question, text, reply?.text, caller, user, session) : nil
    timer.step("record_ms")
    return Answer(
      text: reply?.text ?? Self.noAnswer, isAnswered: reply != nil,
      citations: (reply?.quotes ?? []).map {
        Citation(memory: $0.hit.memory.id, quote: $0.text, relevance: $0.hit.relevance)
      },
      session: session, memory: memory, timings: timer.timings)
  }

  // MARK: Steps

  /// The passages to answer from. What was made by answering earlier questions is left out: an answer
  /// rests on what somebody said.
  private func passages(
    _ question: Question, _ text: String, _ vector: [Float]?, _ embedded: Embedded<[Float]>?,
    _ caller: Caller, _ user: UserID?, _ session: SessionID?
  ) throws -> (passages: [ExtractiveAnswer.Passage], isLikely: Bool?) {
    let now = clock()
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
      var passages = ExtractiveAnswer.passages(of: hits, hasVectors: vector != nil)
      let coverage = try searcher.coverage(
        of: text, by: passages.map(\.text), in: scope.wholeUser)
      for position in passages.indices { passages[position].coverage = coverage[position] }
      let isLikely =
        vector == nil
        ? nil
        : try retrieval.answers(
          text, hits, embedder: embedded?.identity.name, in: scope, searcher)
      return (ExtractiveAnswer.promising(passages), isLikely)
    }
  }

  /// Embeds the passages that are only a part of their memory.
  private func addSimilarities(
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

  /// Stores what happened; returns the memory of the exchange when there is one.
  private func record(
    _ question: Question, _ text: String, _ answer: String?, _ caller: Caller, _ user: UserID?,
    _ session: SessionID?
  ) throws -> MemoryID? {
    let exchange = answer.map { "Q: \(text)\nA: \($0)" }
    let stored = question.usesMemory ? exchange : nil
    guard stored != nil || session != nil else { return nil }
    let vectors = try stored.map { content in
      let known = try backend.read { reader in
        let scope = try MemoryService.scope(caller, user, session, rules, reader)
        return try reader.embeddings(of: [content], in: scope)
      }
      return try embedding.vectors(of: [content], knowing: known)
    }
    return try backend.write { writer in
      let now = clock()
      let scope = try MemoryService.scope(caller, user, session, rules, writer)
      if var record = try MemoryService.activeSession(in: scope, rules, at: now, writer) {
        record.lastActivity = max(record.lastActivity, now)
        if answer != nil { record.interactionCount += 1 }
        try writer.update(record)
      }
      guard let stored else { return nil }
      try vectors?.adopt(in: writer)
      let draft = MemoryService.Draft(content: stored, metadata: ["generated": true])
      return try MemoryService.store(
        draft, vectors?[stored], in: scope, rules, at: now, writer
      ).memory.id
    }
  }
}

/// Measures the steps of a piece of work.
private struct StepTimer {
  private(set) var timings: [String: Double] = [:]
  private let clock = ContinuousClock()
  private let start: ContinuousClock.Instant
  private var last: ContinuousClock.Instant

  init() {
    start = clock.now
    last = start
  }

  mutating func step(_ name: String) {
    let now = clock.now
    timings[name] = Self.milliseconds(now - last)
    timings["total_ms"] = Self.milliseconds(now - start)
    last = now
  }

  private static func milliseconds(_ duration: Duration) -> Double {
    (duration / .microseconds(1)).rounded() / 1000
  }
}
