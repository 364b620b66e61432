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

    package init(
      content: String? = nil, type: String? = nil, metadata: [String: JSONValue]? = nil,
      importance: Double? = nil, occurredAt: Timestamp? = nil
    ) {
      self.content = content
      self.type = type
      self.metadata = metadata
      self.importance = importance
      self.occurredAt = occurredAt
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
      return changed
    }
  }

  /// Changes a memory, keeping the version before.
  ///
  /// - Throws: `not_found`, `invalid_argument`, `unavailable`.
  package func update(
    _ id: MemoryID, _ changes: Changes, caller: Caller, user: UserID?
  ) throws -> Memory {
    let before = try backend.read { reader in
      try Self.memory(id, caller, user, reader).memory
    }
    let expected = try changes.applied(to: before)
    let embedded =
      expected.content == before.content ? nil : try embedding.embed([expected.content])
    return try backend.write { writer in
      let (current, _) = try Self.memory(id, caller, user, writer)
      var changed = try changes.applied(to: current)
      guard changed != current else { return current }
      changed.version += 1
      changed.updatedAt = clock()
      let vector = changed.content == current.content ? nil : embedded?.embeddings.first
      if changed.content != current.content {
        changed.embeddedCharacters = vector?.embeddedCharacters
      }
      try embedded?.adopt(in: writer)
      try writer.update(changed, vector)
      return changed
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
