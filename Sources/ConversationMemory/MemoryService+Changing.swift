package import Records
internal import Retrieval

extension MemoryService {
  /// What is to become different in a memory; what is nil stays.
  package struct Changes: Hashable, Sendable {
    package var content: String?
    package var type: String?
    /// Merged into the metadata; null removes a key.
    package var metadata: [String: JSONValue]?
    package var importance: Double?
    package var occurredAt: Timestamp?
    package var expiresAt: Timestamp?

    package init(
      content: String? = nil, type: String? = nil, metadata: [String: JSONValue]? = nil,
      importance: Double? = nil, occurredAt: Timestamp? = nil, expiresAt: Timestamp? = nil
    ) {
      self.content = content
      self.type = type
      self.metadata = metadata
      self.importance = importance
      self.occurredAt = occurredAt
      self.expiresAt = expiresAt
    }

    func applied(to memory: Memory) throws -> Memory {
      var changed = memory
      if let content { changed.content = try Validation.content(content) }
      if let type { changed.type = try Validation.memoryType(type) }
      if let metadata {
        for (key, value) in metadata { changed.metadata[key] = value == .null ? nil : value }
        try Validation.metadata(changed.metadata)
      }
      if let importance {
        try Validation.importance(importance)
        changed.importance = importance
      }
      if let occurredAt { changed.occurredAt = occurredAt }
      if let expiresAt { changed.expiresAt = expiresAt }
      return changed
    }
  }

  /// Changes a memory, keeping the version before.
  ///
  /// - Parameter expected: the version that the caller has seen; when it is no longer today's,
  ///   nothing is changed.
  /// - Throws: `not_found`, `invalid_argument`, `conflict` for a stale version, `unavailable`.
  package func update(
    _ id: MemoryID, _ changes: Changes, expecting expected: Int? = nil, caller: Caller,
    user: UserID?
  ) throws -> Memory {
    if let expiresAt = changes.expiresAt, expiresAt <= clock() {
      throw ServiceError.invalid("expires_at", "must be in the future")
    }
    let (before, known) = try backend.read { reader in
      let (memory, scope) = try Self.memory(id, caller, user, reader)
      let contents = changes.content.map { [$0] } ?? []
      return (memory, try reader.embeddings(of: contents, in: scope))
    }
    let intended = try changes.applied(to: before)
    let vectors =
      ExactText(intended.content) == ExactText(before.content)
      ? nil : try embedding.vectors(of: [intended.content], knowing: known)
    return try backend.write { writer in
      let (current, _) = try Self.memory(id, caller, user, writer)
      if let expected, expected != current.version {
        throw ServiceError(
          .conflict,
          "The memory is at version \(current.version), not \(expected): read it again first.",
          field: "expected_version")
      }
      var changed = try changes.applied(to: current)
      guard changed != current else { return current }
      changed.version += 1
      changed.updatedAt = clock()
      let isSameText = ExactText(changed.content) == ExactText(current.content)
      let vector = isSameText ? nil : vectors?[changed.content]
      try vectors?.adopt(in: writer)
      try writer.update(changed, vector)
      return changed
    }
  }

  /// Makes an earlier version of a memory today's, as a new version.
  ///
  /// - Throws: `not_found` for a memory or a version that is not there.
  package func restore(
    _ id: MemoryID, version: Int, caller: Caller, user: UserID?
  ) throws -> Memory {
    let earlier = try backend.read { reader in
      let (_, scope) = try Self.memory(id, caller, user, reader)
      return try reader.history(of: id, in: scope).first { $0.version == version }
    }
    guard let earlier else { throw ServiceError.notFound("version", field: "version") }
    return try update(
      id,
      Changes(
        content: earlier.content, type: earlier.type, metadata: earlier.metadata,
        importance: earlier.importance, occurredAt: earlier.occurredAt),
      caller: caller, user: user)
  }

  /// The versions of a memory before today's, oldest first.
  ///
  /// - Throws: `not_found`.
  package func history(
    of id: MemoryID, caller: Caller, user: UserID?
  ) throws -> [MemoryVersion] {
    try backend.read { reader in
      let (_, scope) = try Self.memory(id, caller, user, reader)
      return try reader.history(of: id, in: scope)
    }
  }

  /// Deletes all memories of a user or of one session, or those of certain types; returns how many.
  ///
  /// - Throws: `not_found`.
  package func clear(
    caller: Caller, user: UserID?, session: SessionID?, types: [String]?
  ) throws -> Int {
    try backend.write { writer in
      let scope = try Self.scope(caller, user, session, rules, writer)
      return try writer.deleteMemories(in: scope, types: types)
    }
  }

  /// How much a user, or one session, holds.
  ///
  /// - Throws: `not_found`.
  package func statistics(
    caller: Caller, user: UserID?, session: SessionID?
  ) throws -> (scope: Scope, statistics: MemoryStatistics) {
    try backend.read { reader in
      let scope = try Self.scope(caller, user, session, rules, reader)
      return (scope, try reader.memoryStatistics(in: scope, MemoryFilter()))
    }
  }

  /// Deletes a memory; false when the caller has no such memory.
  package func delete(_ id: MemoryID, caller: Caller, user: UserID?) throws -> Bool {
    try backend.write { writer in
      let scope = try Authority.resolve(id, for: caller, user: user, owner: writer.owner(of:))
      guard let scope else { return false }
      return try writer.delete(id, in: scope)
    }
  }

  private static func memory(
    _ id: MemoryID, _ caller: Caller, _ user: UserID?, _ reader: any MemoryReader
  ) throws -> (memory: Memory, scope: Scope) {
    let scope = try Authority.resolve(id, for: caller, user: user, owner: reader.owner(of:))
    guard let scope, let memory = try reader.memories([id], in: scope)[id] else {
      throw ServiceError.notFound("memory", field: "memory_id")
    }
    return (memory, scope)
  }
}
