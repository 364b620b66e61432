package import LanguageModels
package import Records
package import Retrieval

/// Stores, finds, changes and deletes memories, with and without sessions.
package struct MemoryService: Sendable {
  let backend: any MemoryBackend
  let embedding: TextEmbedding
  let retrieval: HybridRetrieval
  let rules: SessionRules
  let touches: TouchBuffer
  /// Extracts facts, where there is one.
  let model: (any AnswerModel)?
  let clock: @Sendable () -> Timestamp

  package init(
    backend: any MemoryBackend, embedding: TextEmbedding,
    retrieval: HybridRetrieval = HybridRetrieval(), rules: SessionRules, touches: TouchBuffer,
    model: (any AnswerModel)? = nil,
    clock: @escaping @Sendable () -> Timestamp = { Timestamp.now() }
  ) {
    self.backend = backend
    self.embedding = embedding
    self.retrieval = retrieval
    self.rules = rules
    self.touches = touches
    self.model = model
    self.clock = clock
  }

  /// Where a verb that names a user, a session, or both may look.
  ///
  /// A session decides the user; a user named beside it must be its owner.
  package static func scope(
    _ caller: Caller, _ user: UserID?, _ session: SessionID?, _ rules: SessionRules,
    _ reader: any MemoryReader
  ) throws -> Scope {
    guard let session else { return try Authority.scope(of: user, for: caller) }
    try rules.checkTracking()
    return try Authority.resolve(session, for: caller, user: user, owner: reader.owner(of:))
  }

  /// The session of a scope, when something is about to happen in it.
  ///
  /// - Throws: `session_expired`.
  package static func activeSession(
    in scope: Scope, _ rules: SessionRules, at now: Timestamp, _ reader: any MemoryReader
  ) throws -> SessionRecord? {
    guard scope.session != nil else { return nil }
    guard let record = try reader.session(in: scope) else {
      throw ServiceError.notFound("session", field: "session_id")
    }
    if let expiredAt = rules.lifecycle.expiry(of: record, at: now) {
      throw ServiceError(
        .sessionExpired,
        "This session expired at \(expiredAt). It can still be searched. To go on, open a new one "
          + "with create_session and continues set to this session's id.", field: "session_id")
    }
    return record
  }
}
