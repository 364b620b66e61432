internal import Embeddings
internal import LanguageModels
package import Records
internal import Retrieval

extension MemoryService {
  /// What a model decided about one fact.
  package struct Decision: Hashable, Sendable, Codable {
    package enum Kind: String, Sendable, Codable, CaseIterable {
      case add
      case update
      case supersede
      case none
    }

    package let kind: Kind
    /// The memory that holds the fact now.
    package let memory: MemoryID?
    package let content: String?
    package let reason: String

    private enum CodingKeys: String, CodingKey {
      case kind = "decision"
      case memory = "memory_id"
      case content, reason
    }
  }

  /// What became of texts from which facts were extracted.
  package struct Inference: Sendable {
    package var decisions: [Decision] = []
    /// The memories that hold the facts, in the order of the decisions.
    package var memories: [(memory: Memory, outcome: Outcome)] = []
    /// What earlier texts of the same call have changed or replaced.
    var changed: Set<MemoryID> = []
  }

  /// Lets the model extract facts from texts and decide what becomes of them beside the memories that
  /// are there; the texts themselves are not stored.
  ///
  /// The model is shown the memories of each text's scope that are most like it, and can touch no other:
  /// those of the session where there is one, else those of the user. It never deletes: what it
  /// updates keeps its history, and what it supersedes is only no longer found by searching. All
  /// decisions are carried out in one transaction; a memory that somebody changed since it was shown
  /// makes all of them void.
  ///
  /// - Parameter progress: told how many sessions' texts are decided about.
  /// - Throws: `invalid_argument` without a model, `conflict` when memories keep changing,
  ///   `unavailable` when the model does not answer or answers badly; nothing is stored then.
  package func infer(
    _ items: [(draft: Draft, session: SessionID?)], caller: Caller, user: UserID?,
    progress: (Int, Int) -> Void = { _, _ in }
  ) throws -> Inference {
    guard let model else {
      throw ServiceError.invalid(
        "infer",
        "needs a language model, and none is set (RECOLLECT_ANSWER_MODEL_URL and "
          + "RECOLLECT_ANSWER_MODEL_MODEL); without infer the text is stored as it is")
    }
    let drafts = try Self.checked(items)
    for attempt in 1...2 {
      let plans = try plan(drafts, caller, user, model, progress)
      let embedded = try vectors(of: plans, caller, user)
      if Interest.isGone() { throw CancellationError() }
      do {
        return try backend.write { writer in
          let now = clock()
          for vectors in embedded.values { try vectors.adopt(in: writer) }
          var inference = Inference()
          for plan in plans {
            let scope = try Self.scope(caller, user, plan.session, rules, writer)
            try Self.carryOut(
              plan, embedded[scope.user], in: scope, rules, at: now, writer, &inference)
          }
          return inference
        }
      } catch is StalePlan where attempt == 1 {
        continue
      } catch is StalePlan {
        break
      }
    }
    throw ServiceError(
      .conflict,
      "Memories were changed while the model decided about them; nothing was stored. "
        + "Try again.")
  }

  /// Drafts whose own rules hold, and which are not too much for one call.
  private static func checked(
    _ items: [(draft: Draft, session: SessionID?)]
  ) throws -> [(draft: Draft, session: SessionID?)] {
    guard Limits.textsPerInference.contains(items.count) else {
      throw ServiceError.invalid(
        "items", "must hold at most \(Limits.textsPerInference.upperBound) texts with infer")
    }
    let checked = try items.map { (draft: try $0.draft.validated(), session: $0.session) }
    guard checked.allSatisfy({ $0.draft.supersedes == nil }) else {
      throw ServiceError.invalid(
        "supersedes", "does not go together with infer: the model decides")
    }
    let length = checked.reduce(0) { $0 + $1.draft.content.unicodeScalars.count }
    guard length <= Limits.inferenceLength else {
      throw ServiceError.invalid(
        "content", "is longer than \(Limits.inferenceLength) characters, which infer reads at most")
    }
    return checked
  }
}

/// A memory is not what it was when the model decided about it.
private struct StalePlan: Error {}

/// What is to be done about the texts of one session.
private struct InferencePlan {
  let session: SessionID?
  let owner: UserID
  let drafts: [MemoryService.Draft]
  /// Those that the model was shown.
  let memories: [Memory]
  let decisions: [InferenceReply.Decision]
}

// MARK: - Deciding

extension MemoryService {
  private func plan(
    _ items: [(draft: Draft, session: SessionID?)], _ caller: Caller, _ user: UserID?,
    _ model: any AnswerModel, _ progress: (Int, Int) -> Void
  ) throws -> [InferencePlan] {
    var sessions: [SessionID?] = []
    for item in items where !sessions.contains(item.session) { sessions.append(item.session) }
    // Whoever may not write somewhere learns it before the model is asked anything.
    let owners = try backend.read { reader in
      try sessions.map { session in
        let scope = try Self.scope(caller, user, session, rules, reader)
        _ = try Self.activeSession(in: scope, rules, at: clock(), reader)
        return scope.user
      }
    }
    return try zip(sessions, owners).enumerated().map { number, place in
      let drafts = items.filter { $0.session == place.0 }.map(\.draft)
      let memories = try related(to: drafts, caller, user, place.0, place.1)
      let decisions = try Self.decide(drafts, memories, model, at: clock())
      progress(number + 1, sessions.count)
      return InferencePlan(
        session: place.0, owner: place.1, drafts: drafts, memories: memories, decisions: decisions)
    }
  }

  private static func decide(
    _ drafts: [Draft], _ memories: [Memory], _ model: any AnswerModel, at now: Timestamp
  ) throws -> [InferenceReply.Decision] {
    let prompt = try InferencePrompt(
      texts: drafts.map { .init(content: $0.content, time: $0.occurredAt ?? now) },
      memories: memories
    ).prompt
    do throws(ModelFailure) {
      return try model.object(for: prompt) { members throws(ModelFailure) in
        try InferenceReply(members, texts: drafts.count, memories: memories.count).decisions
      }
    } catch {
      throw error.error("Nothing was stored; without infer the text is stored as it is.")
    }
  }

  /// Whether a model may see a memory, and so change it. One that it could not see whole is not for it,
  /// since it would replace what it has not read; nor is an answer of an earlier question, nor what a
  /// session before has said, nor an instruction, which is read back before everything else.
  private static func mayBeShown(_ memory: Memory, _ session: SessionID?) -> Bool {
    !memory.isGenerated && memory.type != "instruction"
      && (session == nil || memory.session == session)
      && memory.content.unicodeScalars.count <= Limits.factLength
  }

  /// The memories of a scope that are most like some texts.
  private func related(
    to drafts: [Draft], _ caller: Caller, _ user: UserID?, _ session: SessionID?, _ owner: UserID
  ) throws -> [Memory] {
    let queries = drafts.map { String($0.content.unicodeScalars.prefix(Limits.queryLength)) }
    let embedded = try queries.map { try embedding.embed(query: $0, of: owner) }
    let now = clock()
    return try backend.search { searcher in
      let scope = try Self.scope(caller, user, session, rules, searcher.records)
      let stored = try searcher.records.storedEmbedder()
      var best: [MemoryID: Hit] = [:]
      for (query, embedded) in zip(queries, embedded) {
        try embedded?.check(against: stored)
        let request = RetrievalRequest(
          query: query, vector: embedded?.values.first, limit: Limits.pageSize.upperBound, now: now)
        let hits = try retrieval.search(request, in: scope, searcher).hits.filter {
          Self.mayBeShown($0.memory, session)
        }
        for hit in hits.prefix(Limits.relatedMemories) {
          if best[hit.memory.id].map({ $0.relevance >= hit.relevance }) ?? false { continue }
          best[hit.memory.id] = hit
        }
      }
      let ordered = best.values.sorted {
        $0.relevance != $1.relevance
          ? $0.relevance > $1.relevance : $0.memory.id > $1.memory.id
      }
      return ordered.prefix(Limits.relatedMemories).map(\.memory)
    }
  }

  /// The vectors of everything that is to be stored, by user.
  private func vectors(
    of plans: [InferencePlan], _ caller: Caller, _ user: UserID?
  ) throws -> [UserID: ContentVectors] {
    var embedded: [UserID: ContentVectors] = [:]
    for (owner, plans) in Dictionary(grouping: plans, by: \.owner) {
      let contents = plans.flatMap { plan in
        plan.decisions.filter { $0.kind != .none }.compactMap(\.content)
      }
      let known = try backend.read { reader in
        let scope = try Self.scope(caller, user, plans[0].session, rules, reader)
        return try reader.embeddings(of: contents, in: scope.wholeUser)
      }
      embedded[owner] = try embedding.vectors(of: contents, knowing: known)
    }
    return embedded
  }
}

// MARK: - Carrying out

extension MemoryService {
  private static func carryOut(
    _ plan: InferencePlan, _ vectors: ContentVectors?, in scope: Scope, _ rules: SessionRules,
    at now: Timestamp, _ writer: any MemoryWriter, _ inference: inout Inference
  ) throws {
    // Also where nothing is found worth remembering, somebody has said something.
    if var session = try activeSession(in: scope, rules, at: now, writer) {
      session.lastActivity = max(session.lastActivity, now)
      try writer.update(session)
    }
    // All at once, before the first changes something.
    for number in Set(plan.decisions.compactMap(\.memory)) {
      let shown = plan.memories[number]
      if !inference.changed.contains(shown.id) { try expectUnchanged(shown, in: scope, writer) }
    }
    let changedBefore = inference.changed
    for decision in plan.decisions {
      let shown = decision.memory.map { plan.memories[$0] }
      let source = plan.drafts[decision.text]
      let change = shown.flatMap { shown in
        !changedBefore.contains(shown.id) && mayChange(shown, by: source) ? shown.id : nil
      }
      let stored = try carryOut(
        decision, shown, changing: change, source, vectors, in: scope, rules, at: now, writer)
      if decision.kind != .none, let change { inference.changed.insert(change) }
      if let stored { inference.memories.append(stored) }
      inference.decisions.append(
        Decision(
          kind: decision.kind == .none || change != nil ? decision.kind : .add,
          memory: stored?.memory.id, content: decision.content, reason: decision.reason))
    }
  }

  /// What holds for a while only takes the place of nothing that holds longer.
  private static func mayChange(_ memory: Memory, by source: Draft) -> Bool {
    guard let end = source.expiresAt else { return true }
    return memory.expiresAt.map { $0 <= end } ?? false
  }

  /// - Parameter change: the memory that may be updated or superseded; nil where there is none, or where
  ///   that has to stay, so that the fact stands beside it.
  private static func carryOut(
    _ decision: InferenceReply.Decision, _ shown: Memory?, changing change: MemoryID?,
    _ source: Draft, _ vectors: ContentVectors?, in scope: Scope, _ rules: SessionRules,
    at now: Timestamp, _ writer: any MemoryWriter
  ) throws -> (memory: Memory, outcome: Outcome)? {
    let current = try shown.flatMap { try writer.memories([$0.id], in: scope)[$0.id] }
    guard decision.kind != .none, let content = decision.content else {
      return current.map { ($0, .unchanged) }
    }
    let draft = fact(content, decision.type, from: source, supersedes: change)
    guard decision.kind == .update, change != nil, let current else {
      return try store(draft, vectors?[content], in: scope, rules, at: now, writer)
    }
    // What the text was given is the text's: when it was said, how long it holds, where it is from.
    var changed = try Changes(content: content, metadata: ["inferred": true]).applied(to: current)
    guard changed != current else { return (current, .unchanged) }
    changed.version += 1
    changed.updatedAt = now
    let isSameText = ExactText(changed.content) == ExactText(current.content)
    try writer.update(changed, isSameText ? nil : vectors?[content])
    return (changed, .updated)
  }

  /// A fact as it is stored, with what its text was given.
  ///
  /// It is marked as extracted, not as generated: it repeats what the user said, and so weighs as much
  /// as that would have. The mark is for whoever wants to look through what a model has written.
  private static func fact(
    _ content: String, _ type: InferenceReply.FactType, from source: Draft,
    supersedes: MemoryID?
  ) -> Draft {
    var draft = source
    draft.content = content
    // A type that the caller has chosen holds; the default one says nothing of it.
    if source.type == Memory.defaultType { draft.type = type.rawValue }
    draft.metadata["inferred"] = true
    draft.supersedes = supersedes
    return draft
  }

  /// - Throws: `StalePlan` when a memory is not as it was shown.
  private static func expectUnchanged(
    _ shown: Memory, in scope: Scope, _ reader: any MemoryReader
  ) throws {
    guard let current = try reader.memories([shown.id], in: scope)[shown.id],
      current.version == shown.version, current.supersededBy == nil
    else { throw StalePlan() }
  }
}
