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

    package init(
      content: String, type: String = Memory.defaultType, metadata: [String: JSONValue] = [:],
      occurredAt: Timestamp? = nil, importance: Double = Memory.defaultImportance
    ) {
      self.content = content
      self.type = type
      self.metadata = metadata
      self.occurredAt = occurredAt
      self.importance = importance
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
  }

  /// Stores a memory; when this returns it is durable.
  ///
  /// - Throws: `invalid_argument`, `not_found`, `session_expired`, `unavailable`.
  package func add(
    _ draft: Draft, caller: Caller, user: UserID?, session: SessionID?
  ) throws -> (memory: Memory, outcome: Outcome) {
    let draft = try draft.validated()
    // Whoever may not write here learns it before anything is embedded.
    try backend.read { reader in
      let scope = try Self.scope(caller, user, session, reader)
      _ = try Self.activeSession(in: scope, rules, at: clock(), reader)
    }
    let embedded = try embedding.embed([draft.content])
    return try backend.write { writer in
      let now = clock()
      let scope = try Self.scope(caller, user, session, writer)
      try embedded?.adopt(in: writer)
      return try Self.store(
        draft, embedded?.embeddings.first, in: scope, rules, at: now, writer)
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
    let equal = try writer.memory(
      equalTo: draft.content, type: draft.type, occurredAt: draft.occurredAt, in: scope)
    if var memory = equal?.memory {
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
      importance: draft.importance, embeddedCharacters: vector?.embeddedCharacters)
    try writer.insert(memory, vector)
    return (memory, .added)
  }

  /// Makes vectors for some of the memories that have none, when there is a model; returns how many
  /// were made.
  package func embedMissing(limit: Int = 64) throws -> Int {
    // Asked first, because an idle server must not load a model for nothing.
    let pending = try backend.read { try $0.memoriesWithoutVector(limit: limit) }
    guard !pending.isEmpty, let embedded = try embedding.embed(pending.map(\.content)) else {
      return 0
    }
    return try backend.write { writer in
      try embedded.adopt(in: writer)
      for (memory, vector) in zip(pending, embedded.embeddings) {
        try writer.setEmbedding(vector, of: memory)
      }
      return pending.count
    }
  }
}
