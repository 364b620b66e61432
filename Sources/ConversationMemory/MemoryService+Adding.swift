internal import Embeddings
package import Records
package import Retrieval

extension MemoryService {
  /// A memory to be stored.
  package struct Draft: Hashable, Sendable {
    package var content: String
    package var type: String
    package var metadata: [String: JSONValue]
    package var occurredAt: Timestamp?
    package var importance: Double
    package var expiresAt: Timestamp?
    /// A memory of the same user that this one takes the place of.
    package var supersedes: MemoryID?

    package init(
      content: String, type: String = Memory.defaultType, metadata: [String: JSONValue] = [:],
      occurredAt: Timestamp? = nil, importance: Double = Memory.defaultImportance,
      expiresAt: Timestamp? = nil, supersedes: MemoryID? = nil
    ) {
      self.content = content
      self.type = type
      self.metadata = metadata
      self.occurredAt = occurredAt
      self.importance = importance
      self.expiresAt = expiresAt
      self.supersedes = supersedes
    }

    /// The draft with its rules checked and the type's blanks removed.
    func validated() throws -> Draft {
      var draft = self
      draft.content = try Validation.content(content)
      draft.type = try Validation.memoryType(type)
      try Validation.importance(importance)
      try Validation.metadata(metadata)
      return draft
    }
  }

  /// What became of a draft.
  package enum Outcome: String, Sendable, Codable, CaseIterable {
    case added
    /// Its text was there already, with the same session, type and time.
    case merged
    /// It took the place of another, which is no longer found by searching.
    case superseded
    /// It became a new version of a memory that was there; only where facts are extracted.
    case updated
    /// Nothing was to be stored; only where facts are extracted.
    case unchanged
  }

  /// Stores a memory; when this returns it is durable.
  ///
  /// - Throws: `invalid_argument`, `not_found`, `session_expired`, `unavailable`.
  package func add(
    _ draft: Draft, caller: Caller, user: UserID?, session: SessionID?
  ) throws -> (memory: Memory, outcome: Outcome) {
    let draft = try draft.validated()
    // Whoever may not write here learns it before anything is embedded.
    let (isMerged, known) = try backend.read { reader in
      let scope = try Self.scope(caller, user, session, rules, reader)
      _ = try Self.activeSession(in: scope, rules, at: clock(), reader)
      let isMerged =
        try draft.supersedes == nil
        && reader.memory(
          equalTo: draft.content, type: draft.type, occurredAt: draft.occurredAt, in: scope) != nil
      return (isMerged, try reader.embeddings(of: [draft.content], in: scope))
    }
    // A text that will be merged needs no vector. Should its twin vanish before the write, the
    // vector is made later, like any that is missing.
    let vectors = isMerged ? nil : try embedding.vectors(of: [draft.content], knowing: known)
    return try backend.write { writer in
      let now = clock()
      let scope = try Self.scope(caller, user, session, rules, writer)
      try vectors?.adopt(in: writer)
      return try Self.store(draft, vectors?[draft.content], in: scope, rules, at: now, writer)
    }
  }

  /// Stores a draft in a transaction of the caller's, and moves the clock of its session.
  package static func store(
    _ draft: Draft, _ vector: StoredEmbedding?, in scope: Scope, _ rules: SessionRules,
    at now: Timestamp, _ writer: any MemoryWriter
  ) throws -> (memory: Memory, outcome: Outcome) {
    if var session = try activeSession(in: scope, rules, at: now, writer) {
      session.lastActivity = max(session.lastActivity, now)
      try writer.update(session)
    }
    if let expiresAt = draft.expiresAt, expiresAt <= now {
      throw ServiceError.invalid("expires_at", "must be in the future")
    }
    if let old = draft.supersedes { try checkSuperseded(old, in: scope, writer) }
    let equal = try writer.memory(
      equalTo: draft.content, type: draft.type, occurredAt: draft.occurredAt, in: scope)
    if draft.supersedes == nil, var memory = equal?.memory {
      let metadata = memory.metadata.merging(draft.metadata) { _, new in new }
      if metadata != memory.metadata {
        try Validation.metadata(metadata)
        memory.metadata = metadata
        memory.updatedAt = now
        try writer.updateMetadata(of: memory)
      }
      return (memory, .merged)
    }
    let memory = Memory(
      id: .make(), user: scope.user, session: scope.session, content: draft.content,
      type: draft.type, metadata: draft.metadata, createdAt: now, occurredAt: draft.occurredAt,
      importance: draft.importance, expiresAt: draft.expiresAt, supersedes: draft.supersedes)
    try writer.insert(memory, vector)
    guard let old = draft.supersedes else { return (memory, .added) }
    try writer.setSuccessor(of: old, to: memory.id, in: scope.wholeUser)
    return (memory, .superseded)
  }

  /// A memory is superseded once: a second successor would make two current versions of one thing.
  private static func checkSuperseded(
    _ old: MemoryID, in scope: Scope, _ reader: any MemoryReader
  ) throws {
    guard let memory = try reader.memories([old], in: scope.wholeUser)[old] else {
      throw ServiceError.notFound("memory", field: "supersedes")
    }
    if let successor = memory.supersededBy {
      throw ServiceError(
        .conflict, "That memory was already superseded by \(successor).", field: "supersedes")
    }
  }

  /// Stores several memories in one transaction: all of them or, when this throws, none.
  ///
  /// - Parameter progress: told how many are embedded.
  /// - Throws: as `add`; the message names the item, counted from 0.
  package func addAll(
    _ items: [(draft: Draft, session: SessionID?)], caller: Caller, user: UserID?,
    progress: (Int) -> Void = { _ in }
  ) throws -> [(memory: Memory, outcome: Outcome)] {
    guard Limits.itemsPerCall.contains(items.count) else {
      throw ServiceError.invalid(
        "items",
        "must hold \(Limits.itemsPerCall.lowerBound) to \(Limits.itemsPerCall.upperBound) memories")
    }
    let drafts = try items.enumerated().map { number, item in
      try Self.naming(number) { try item.draft.validated() }
    }
    var (owners, vectors) = try backend.read { reader in
      var vectors: [UserID: ContentVectors] = [:]
      let scopes = try items.enumerated().map { number, item in
        try Self.naming(number) { try Self.scope(caller, user, item.session, rules, reader) }
      }
      for (scope, members) in Dictionary(grouping: scopes.indices, by: { scopes[$0].wholeUser }) {
        vectors[scope.user] = ContentVectors(
          known: try reader.embeddings(of: members.map { drafts[$0].content }, in: scope))
      }
      return (scopes.map(\.user), vectors)
    }
    for start in stride(from: 0, to: drafts.count, by: Self.embeddingBatch) {
      // Nothing is stored yet that would be missed.
      if Interest.isGone() { throw CancellationError() }
      let end = min(start + Self.embeddingBatch, drafts.count)
      for (owner, members) in Dictionary(grouping: start..<end, by: { owners[$0] }) {
        try embedding.add(
          members.map { drafts[$0].content }, to: &vectors[owner, default: ContentVectors()])
      }
      progress(end)
    }
    let made = vectors
    return try backend.write { writer in
      let now = clock()
      for vectors in made.values { try vectors.adopt(in: writer) }
      return try drafts.enumerated().map { number, draft in
        try Self.naming(number) {
          let scope = try Self.scope(caller, user, items[number].session, rules, writer)
          return try Self.store(
            draft, made[scope.user]?[draft.content], in: scope, rules, at: now, writer)
        }
      }
    }
  }

  private static let embeddingBatch = 32

  /// Says which of several items an error is about.
  private static func naming<R>(_ number: Int, _ body: () throws -> R) throws -> R {
    do {
      return try body()
    } catch let error as ServiceError {
      throw ServiceError(
        error.code, "items[\(number)]: \(error.message)", field: error.field,
        retryAfterMilliseconds: error.retryAfterMilliseconds)
    }
  }

  /// Makes vectors for some of the memories that have none, when there is a model; returns how many
  /// were made.
  package func embedMissing(limit: Int = 64) throws -> Int {
    // Asked first, because an idle server must not load a model for nothing.
    let (pending, stored) = try backend.read { reader in
      (
        try reader.memoriesWithoutVector(Authority.maintenance, limit: limit),
        try reader.storedEmbedder()
      )
    }
    guard !pending.isEmpty, let embedder = try embedding.embedder() else { return 0 }
    // Another embedder than the store's has nothing to add to it.
    guard stored == nil || stored == embedder.identity else { return 0 }
    // A long memory alone: what is made is stored before the next one is begun.
    for group in Self.groups(of: pending, embedder) {
      guard let embedded = try embedding.embed(contents: group.map(\.content)) else { return 0 }
      try backend.write { writer in
        try embedded.adopt(in: writer)
        for (memory, vector) in zip(group, embedded.values) {
          try writer.setEmbedding(Authority.maintenance, vector, of: memory)
        }
      }
    }
    return pending.count
  }

  /// Memories that are embedded and stored together: as many as have a batch of passages.
  private static func groups(
    of pending: [PendingMemory], _ embedder: any Embedder
  ) -> [[PendingMemory]] {
    var groups: [[PendingMemory]] = []
    var room = 0
    for memory in pending {
      let passages = embedder.passages(of: memory.content).count
      if passages > room {
        groups.append([])
        room = embeddingBatch
      }
      groups[groups.count - 1].append(memory)
      room -= passages
    }
    return groups
  }
}
