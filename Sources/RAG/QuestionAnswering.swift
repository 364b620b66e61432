package import ConversationMemory
package import LanguageModels
package import Records
package import Retrieval

/// Answers questions from what was remembered, and remembers the exchange.
package struct QuestionAnswering: Sendable {
  let backend: any MemoryBackend
  let embedding: TextEmbedding
  let retrieval: HybridRetrieval
  let rules: SessionRules
  private let model: (any AnswerModel)?
  let clock: @Sendable () -> Timestamp

  /// - Parameter model: nil for answers that are quotes.
  package init(
    backend: any MemoryBackend, embedding: TextEmbedding,
    retrieval: HybridRetrieval = HybridRetrieval(), rules: SessionRules,
    model: (any AnswerModel)? = nil,
    clock: @escaping @Sendable () -> Timestamp = { Timestamp.now() }
  ) {
    self.backend = backend
    self.embedding = embedding
    self.retrieval = retrieval
    self.rules = rules
    self.model = model
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

    init(_ hit: Hit, quote: String) {
      memory = hit.memory.id
      self.quote = quote
      relevance = hit.relevance
    }
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
    /// Who answered.
    package let model: String
    /// Milliseconds of each step.
    package let timings: [String: Double]
  }

  /// Who answers, as replies name it.
  package var modelName: String { model?.name ?? "extractive" }

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
    let found =
      question.usesMemory
      ? try find(question, text, embedded, passages: model == nil, caller, user, session)
      : Found()
    timer.step("retrieve_ms")
    let (answer, citations) = try answer(text, found, embedded?.values.first, session)
    timer.step("answer_ms")
    let memory =
      question.isKept ? try record(question, text, answer, caller, user, session) : nil
    timer.step("record_ms")
    return Answer(
      text: answer ?? Self.noAnswer, isAnswered: answer != nil, citations: citations,
      session: session, memory: memory, model: modelName, timings: timer.timings)
  }

  private func answer(
    _ text: String, _ found: Found, _ vector: [Float]?, _ session: SessionID?
  ) throws -> (text: String?, citations: [Citation]) {
    if let model {
      let answer = try RemoteAnswer.make(to: text, from: found.hits, askedIn: session, by: model)
      return (answer.answer, answer.quotes.map { Citation($0.hit, quote: $0.text) })
    }
    var passages = found.passages
    if let vector { try addSimilarities(to: vector, &passages) }
    let reply = ExtractiveAnswer.reply(to: text, passages, isLikely: found.isLikely)
    return (reply?.text, (reply?.quotes ?? []).map { Citation($0.hit, quote: $0.text) })
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
